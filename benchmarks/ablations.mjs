// Every ablation of `dinf-grid ablate` at its default size, a line a variant.
//   node benchmarks/ablations.mjs --results benchmarks/results/ablations.jsonl
// --only NAME runs one of them.
import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import * as path from 'node:path';
import {options, record, root, temporaryFolder} from './support.mjs';

const given = options({results: '', only: '', device: 'cpu'});

for (const name of ['epsilon-rings', 'levels', 'levels-eikonal', 'kernels', 'decoders']) {
  if (given.only !== '' && given.only !== name) continue;
  const out = temporaryFolder();
  const {status, stdout, stderr} = spawnSync(
    process.execPath,
    [path.join(root, 'dist', 'cli', 'main.js'), 'ablate', name, '--json', '--quiet', '--device', given.device, '--out', out],
    {encoding: 'utf8', maxBuffer: 2 ** 26},
  );
  rmSync(out, {recursive: true, force: true});
  if (status !== 0) throw new Error(`${name} exits ${status}:\n${stderr}`);
  const {image, dtype, rows} = JSON.parse(stdout);
  for (const {labels, paper, optimizer, iterations, unknowns, loss, stopReason, metrics, seconds} of rows) {
    record(
      {
        benchmark: 'ablations',
        case: name,
        command: `dinf-grid ablate ${name}`,
        variant: labels,
        device: given.device,
        image,
        optimizer,
        dtype,
        iterations,
        unknowns,
        loss,
        stopReason,
        metrics,
        paper,
        seconds,
      },
      given.results || undefined,
    );
  }
}
