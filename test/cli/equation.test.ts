import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {decodeImage} from '../../lib/files/image';
import {readNpy} from '../../lib/files/npy';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dinf-equation-'));
});
afterEach(() => {
  rmSync(folder, {recursive: true, force: true});
});

function cli(...args: string[]): {code: number | null; stdout: string; stderr: string} {
  const {status, stdout, stderr} = spawnSync(process.execPath, [MAIN, 'solve', ...args], {cwd: folder, encoding: 'utf8'});
  return {code: status, stdout, stderr};
}

interface Summary {
  problem: string;
  optimizer: string;
  metrics: Record<string, number>;
  outputs: string[];
  settings: Record<string, string | number>;
  dtype: string;
  seed: number;
}

const HEAT = [
  '--equation',
  'u_t = 0.1*u_xx',
  '--domain',
  't=0..1,x=0..1',
  '--where',
  't=0: u=sin(pi*x)',
  '--where',
  'x=0|x=1: u=0',
];

describe('dinf-grid solve --equation', () => {
  it('solves, measures against a known answer and writes pictures, arrays, a volume and a report', async () => {
    const {code, stdout, stderr} = cli(...HEAT, '--exact', 'exp(-0.1*pi^2*t)*sin(pi*x)', '--json', '--quiet', '--out', 'heat');
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    const result = JSON.parse(stdout) as Summary;
    expect(result).toMatchObject({problem: 'equation', optimizer: 'lsq'});
    expect(Object.keys(result.metrics)).toEqual(['relativeL2', 'maxError', 'meanAbsoluteError', 'residualRms']);
    expect(result.metrics.relativeL2).toBeLessThan(1e-4);
    expect(result.outputs.map((file) => path.basename(file))).toEqual([
      'field.safetensors',
      'u.png',
      'u-exact.png',
      'u-error.png',
      'residual.png',
      'u.npy',
      'u-exact.npy',
      'solution.vti',
      'losses.csv',
      'report.html',
    ]);
    for (const file of result.outputs) expect(existsSync(path.join(folder, file))).toBe(true);
    const {data, shape} = await readNpy(path.join(folder, 'heat', 'u.npy'));
    // The initial values are met exactly; rows are times.
    expect(data[shape[1] >> 1]).toBeCloseTo(1, 6);
    expect(decodeImage(readFileSync(path.join(folder, 'heat', 'u.png')), 'u.png').width).toBeGreaterThan(400);
    expect(readFileSync(path.join(folder, 'heat', 'report.html'), 'utf8')).toContain('u_t = 0.1*u_xx');
  });

  it('takes the shared options', () => {
    const shared = ['--kernel', 'bspline:7', '--resolution', '16', '--levels', '2', '--dtype', 'float64', '--iterations', '40'];
    const {code, stdout} = cli(...HEAT, ...shared, '--constraints', 'soft', '--boundary-weight', '100', '--json', '--quiet');
    expect(code).toBe(0);
    const {settings, dtype} = JSON.parse(stdout) as Summary;
    expect({...settings, dtype}).toMatchObject({
      kernel: 'bspline, degree 7',
      resolution: '16 × 16',
      levels: 2,
      hardConditions: 'none',
      boundaryWeight: 100,
      dtype: 'float64',
    });
  });

  it('says when conditions disagree', () => {
    const {code, stderr} = cli(
      '--equation',
      'u_xx + u_yy = 0',
      '--domain',
      'x=0..1,y=0..1',
      '--where',
      'x=0: u=1',
      '--where',
      'y=0: u=0',
      '--where',
      'x=1|y=1: u_x=0',
      '--iterations',
      '5',
      '--resolution',
      '8',
    );
    expect(code).toBe(5); // no solution meets both
    expect(stderr).toMatch(/x=0 and y=0 disagree on u where they meet \(1 against 0\)/);
  });

  it('reads a problem file, and options before it', () => {
    writeFileSync(
      path.join(folder, 'heat.json'),
      JSON.stringify({
        equation: 'u_t = a*u_xx',
        uniform: {a: 0.2},
        domain: {t: [0, 1], x: [0, 1]},
        where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
        exact: 'exp(-a*pi^2*t)*sin(pi*x)',
        resolution: 16,
        seed: 7,
      }),
    );
    const {code, stdout} = cli('heat.json', '--uniform', 'a=0.1', '--json', '--quiet');
    expect(code).toBe(0);
    const {settings, metrics, seed} = JSON.parse(stdout) as Summary;
    expect(settings).toMatchObject({uniforms: 'a=0.1', resolution: '16 × 16'});
    expect(seed).toBe(7);
    expect(metrics.relativeL2).toBeLessThan(1e-3);
  });
});

describe('refusals', () => {
  it.each<[string[], number, RegExp]>([
    [['--equation', 'u_xx + = 1', '--domain', 'x=0..1'], 2, /line 1, column 8\)\n {2}u_xx \+ = 1\n {9}\^/],
    [['--equation', 'd(u,x,5) = 1', '--domain', 'x=0..1'], 2, /order 5/],
    [['--equation', 'u_xx = 1', '--domain', 'x=1..0'], 2, /domain is empty/],
    [['--equation', 'u_xx = nope', '--domain', 'x=0..1'], 2, /unknown symbol nope/],
    [['--equation', 'u_xx = 1', '--domain', 'x=0..1', '--where', 'x=0.5: u=0'], 2, /bounded by 0 and 1/],
    [['--equation', 'u_xx = 1'], 2, /--domain/],
    [['--domain', 'x=0..1'], 2, /--equation/],
    [['--equation', 'u_xx = 1', '--domain', 'x=0..1', '--whre', 'x=0: u=0'], 2, /unknown option '--whre'[^]*--where/],
    [['--uniform', 'a', '--equation', 'u_x=a'], 2, /NAME=NUMBER/],
    [['--json', 'poisson'], 2, /name of a problem comes first/],
    [['missing.json'], 1, /no file missing\.json/],
  ])('%j exits %i', (args, expected, message) => {
    const {code, stdout, stderr} = cli(...args);
    expect({code, stdout}).toEqual({code: expected, stdout: ''});
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{equation: 'u_xx=1', domain: 'x=0..1', wher: 'x=0: u=0'}, /no 'wher', did you mean 'where'/],
    [{equation: 'u_xx=1', domain: 'x=0..1', kernel: 'bspline:4'}, /'kernel' is bspline:4: .*3, 5, 7 or 9/],
    [{equation: 'u_xx=1', domain: 'x=0..1', dtype: 'half'}, /'dtype' is half: .*float32, float64/],
    [{equation: 'u_xx=1', domain: 'x=0..1', constraints: 'rigid'}, /must be one of hard, r-function, paper, soft, and is rigid/],
  ])('the problem file %j', (contents, message) => {
    writeFileSync(path.join(folder, 'p.json'), JSON.stringify(contents));
    const {code, stderr} = cli('p.json');
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual(['p.json']);
  });
});
