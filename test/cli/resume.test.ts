/** The field among the outputs, and going on from it, through the command line. */
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {readCheckpoint} from '../../lib';
import {cli} from './support';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dinf-resume-'));
});
afterEach(() => {
  rmSync(folder, {recursive: true, force: true});
});

interface Summary {
  iterations: number;
  loss: number;
  stopReason: string;
  optimizer: string;
  seed: number;
  dtype: string;
  outputs: string[];
  metrics: Record<string, number>;
  resumed?: {file: string; iterations: number};
}

async function solved(...args: string[]): Promise<Summary> {
  const {code, stdout, stderr} = await cli(folder, ['solve', ...args, '--json', '--quiet']);
  expect({code, stderr}).toEqual({code: 0, stderr: ''});
  return JSON.parse(stdout) as Summary;
}
const field = (name: string): string => path.join(folder, name, 'field.safetensors');

/** Everything of the solve but the time it took. */
async function stateOf(name: string): Promise<unknown> {
  const {parameters, uniforms, seed, dtype, folded, standing} = await readCheckpoint(field(name));
  return {parameters, uniforms, seed, dtype, folded, ...standing, schedule: undefined, seconds: 0};
}

const EQUATION = ['equation', '--equation', 'u_t = 0.1*u_xx', '--domain', 't=0..1,x=0..1', '--where', 't=0: u=sin(pi*x)'];
const SMALL = ['--resolution', '16', '--levels', '2'];

describe('dinf-grid solve --resume', () => {
  it.each<[string, string[]]>([
    ['heat', ['heat', '--preset', 'paper', ...SMALL]],
    ['helmholtz, an MLP', ['helmholtz', '--preset', 'paper', '--wavenumber', '8', ...SMALL]],
    ['plate, float64', ['plate', '--optimizer', 'adam', '--dtype', 'float64', ...SMALL]],
    ['fit', ['fit', '--function', 'sin(5*x)*y', '--preset', 'paper', ...SMALL]],
    ['an equation', [...EQUATION, '--preset', 'paper', ...SMALL]],
  ])('%s: half, file, half is the whole, to the bit', async (_, problem) => {
    const whole = await solved(...problem, '--iterations', '14', '--seed', '3', '--out', 'whole');
    await solved(...problem, '--iterations', '6', '--seed', '3', '--out', 'half');
    // Seed and precision come from the file.
    const given = problem.filter((word, i) => word !== '--dtype' && problem[i - 1] !== '--dtype');
    const rest = await solved(...given, '--iterations', '14', '--resume', field('half'), '--out', 'rest');
    expect(rest).toMatchObject({
      ...{iterations: 14, loss: whole.loss, optimizer: 'adam', seed: 3, dtype: whole.dtype, metrics: whole.metrics},
      resumed: {file: field('half'), iterations: 6},
    });
    expect(rest.outputs[0]).toBe(path.join('rest', 'field.safetensors'));
    expect(await stateOf('rest')).toEqual(await stateOf('whole'));
    const arrays = readdirSync(path.join(folder, 'whole')).filter((name) => /\.(npy|vti)$/.test(name));
    expect(arrays).toContain('solution.vti');
    for (const name of arrays) {
      const [a, b] = ['whole', 'rest'].map((one) => readFileSync(path.join(folder, one, name)));
      expect(a.equals(b)).toBe(true);
    }
  });

  it('goes on after Ctrl-C with the schedule that was stopped', async () => {
    const problem = ['heat', '--preset', 'paper', ...SMALL, '--optimizer', 'adam', '--learning-rate', '0.02'];
    const cut = await cli(
      folder,
      ['solve', ...problem, '--iterations', '1000000', '--json', '--out', 'cut'],
      (kill, {stderr}) => {
        if (stderr.includes('left')) kill('SIGINT');
      },
    );
    expect(cut.code).toBe(130);
    const stopped = JSON.parse(cut.stdout) as Summary;
    expect(stopped).toMatchObject({stopReason: 'aborted'});
    expect(stopped.outputs).toContain(path.join('cut', 'field.safetensors'));
    expect(existsSync(path.join(folder, 'cut', 'comparison.png'))).toBe(true);
    const target = String(stopped.iterations + 25);
    // The learning rate is the saved one.
    const named = problem.slice(0, problem.indexOf('--optimizer'));
    await solved(...named, '--iterations', target, '--resume', field('cut'), '--out', 'rest');
    await solved(...problem, '--iterations', target, '--out', 'whole');
    const [rest, whole] = await Promise.all(
      ['rest', 'whole'].map(async (name) => (await readCheckpoint(field(name))).parameters),
    );
    expect(rest).toEqual(whole);
    // All that is asked for is done: that is no interruption any more.
    expect(await solved(...named, '--iterations', '1', '--resume', field('cut'), '--out', 'none')).toMatchObject({
      iterations: stopped.iterations,
      stopReason: 'iterations',
    });
  });

  it('goes from Adam to least squares', async () => {
    const heat = ['heat', ...SMALL];
    await solved(...heat, '--optimizer', 'adam', '--iterations', '20', '--out', 'a');
    const better = await solved(...heat, '--optimizer', 'lsq', '--iterations', '100', '--resume', field('a'), '--out', 'b');
    expect(better.metrics.relativeL2).toBeLessThan(0.05);
    expect(better.optimizer).toBe('lsq');
  });

  it('saves while Adam runs', async () => {
    let seen = false;
    const args = ['heat', '--preset', 'paper', ...SMALL, '--iterations', '1000000', '--checkpoint-every', '0.2', '--out', 'c'];
    const {code} = await cli(folder, ['solve', ...args, '--json'], (kill, {stderr}) => {
      if (!stderr.includes('left')) return;
      seen = existsSync(field('c'));
      kill('SIGKILL'); // no chance to save anything more
    });
    expect(code).toBeNull();
    expect(seen).toBe(true);
    const {standing, origin} = await readCheckpoint(field('c'));
    expect(standing.position).toMatchObject({stage: 0, complete: false});
    expect(standing.iterations).toBeGreaterThan(0);
    expect(origin).toMatch(/^dinf-grid solve heat --preset paper/);
  });

  it('refuses what does not fit, before any work and without leaving a folder', async () => {
    await solved('heat', '--preset', 'paper', ...SMALL, '--iterations', '3', '--out', 'h');
    writeFileSync(path.join(folder, 'cut.safetensors'), readFileSync(field('h')).subarray(0, 3000));
    const cases: [string[], number, RegExp][] = [
      [['plate', '--resume', field('h')], 2, /made by\n {2}dinf-grid solve heat .*\nit solves another problem: domain/],
      [
        ['heat', '--preset', 'paper', '--resolution', '32', '--levels', '2', '--resume', field('h')],
        2,
        /resolution\.0: 16 in .*, 32 in/,
      ],
      [['heat', '--preset', 'paper', ...SMALL, '--seed', '9', '--resume', field('h')], 2, /with seed 9: it has seed 0/],
      [['heat', '--preset', 'paper', ...SMALL, '--iterations', '3,4', '--resume', field('h')], 2, /2 numbers for 1 optimizers/],
      [['heat', '--resume', 'none.safetensors'], 1, /no file none/],
      [['heat', '--resume', 'cut.safetensors'], 1, /cut off/],
      [['heat', '--checkpoint-every', '0'], 2, /at least 0.1/],
    ];
    const results = await Promise.all(cases.map(([args]) => cli(folder, ['solve', ...args, '--out', 'new'])));
    results.forEach(({code, stdout, stderr}, i) => {
      expect({code, stdout}).toEqual({code: cases[i][1], stdout: ''});
      expect(stderr).toMatch(cases[i][2]);
    });
    expect(readdirSync(folder).sort()).toEqual(['cut.safetensors', 'h']);
  });

  it('finds a folder that cannot be written to before it solves', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const began = Date.now();
    const {code, stderr} = await cli(folder, ['solve', 'heat', '--preset', 'paper', '--out', 'file/deeper']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot write to the folder file.deeper.*choose another --out/);
    expect(stderr).not.toContain('heat in a rod'); // the headline of a solve
    expect(Date.now() - began).toBeLessThan(20_000); // the solve would take minutes
  });
});
