// What the benchmarks share: the machine, medians, the peers, result lines.
import {execFileSync, spawnSync} from 'node:child_process';
import {appendFileSync, mkdirSync, mkdtempSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {addon} from '../dist/native.js';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
export const spread = (values) => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
  count: values.length,
});

export function machine() {
  const {instructionSet} = addon().buildInfo();
  const cuda = addon().cudaStatus();
  let commit = 'unknown';
  try {
    commit = execFileSync('git', ['describe', '--always', '--dirty'], {cwd: root, encoding: 'utf8'}).trim();
  } catch {
    // a tarball has no history
  }
  return {
    cpu: os.cpus()[0].model,
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    instructionSet,
    ...(cuda.devices.length > 0 && {
      gpus: cuda.devices.map(({name}) => name),
      cudaDriver: cuda.driverVersion,
      cudaToolkit: cuda.toolkitVersion,
    }),
    node: process.version,
    commit,
  };
}

/** Appends a result line to --results FILE, and prints it. */
export function record(line, file) {
  const text = JSON.stringify({...line, date: new Date().toISOString().slice(0, 10), machine: machine()});
  console.log(text);
  if (file === undefined) return;
  mkdirSync(path.dirname(file), {recursive: true});
  appendFileSync(file, `${text}\n`);
}

/** Python with the modules of a peer, from --python or $PYTHON or the PATH; undefined, with a message, where there is none. */
export function findPython(wanted = process.env.PYTHON ?? 'python3', modules = 'torch, numpy, scipy') {
  const {status, error} = spawnSync(wanted, ['-c', `import ${modules}`], {encoding: 'utf8'});
  if (status === 0) return wanted;
  console.error(
    `skipping the peer: ${error ? `'${wanted}' was not found` : `'${wanted}' cannot import ${modules}`}. ` +
      'Install them as benchmarks/peers/README.md says and pass --python FILE.',
  );
  return undefined;
}

/** Runs a peer and returns the JSON of its last line. */
export function runPeer(python, script, args) {
  const {status, stdout, stderr} = spawnSync(python, [path.join(root, 'benchmarks', 'peers', script), ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

export const temporaryFolder = () => mkdtempSync(path.join(os.tmpdir(), 'dinf-bench-'));

/** --name value pairs, with numbers as numbers. */
export function options(defaults) {
  const result = {...defaults};
  for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, '').replace(/-(.)/g, (_, c) => c.toUpperCase());
    if (!(name in result)) throw new Error(`unknown option ${process.argv[i]}; known: ${Object.keys(defaults).join(', ')}`);
    const text = process.argv[i + 1];
    result[name] = typeof defaults[name] === 'number' ? Number(text) : text;
  }
  return result;
}

/** The bytes of a .npy file of 64-bit integers. */
export function npyInt64(values, shape) {
  const header = `{'descr': '<i8', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), Buffer.from(values.buffer)]);
}
