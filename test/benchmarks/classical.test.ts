/** What the comparison with classical solvers decides: who wins at equal error, and how PoissonRecon is called or left out. */
import {execFileSync, spawnSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import {temporaryFolder} from '../support/temporary-folder';

const MODULES = path.join(__dirname, '..', '..', 'benchmarks', 'classical');

/** Runs an expression of a benchmark's module, which Jest's sandbox does not load, and returns its value and what it said. */
function evaluated(module: string, expression: string): {value: unknown; said: string; status: number | null} {
  const code = `import * as it from ${JSON.stringify(path.join(MODULES, module))}; console.log(JSON.stringify({value: ${expression}}));`;
  const {stdout, stderr, status} = spawnSync(process.execPath, ['--input-type=module', '-e', code], {encoding: 'utf8'});
  const value = status === 0 ? (JSON.parse(stdout) as {value?: unknown}).value : undefined;
  return {value, said: stderr, status};
}

const rung = (method: string, error: number, seconds: number): object => ({
  ...{method, setting: 'n', unknowns: 9, error},
  seconds: {median: seconds},
});
const beside = (error: number, seconds: number, ladder: object[], known = 0): unknown =>
  evaluated(
    'compare.mjs',
    `it.beside(${JSON.stringify({setting: 'ours', error, seconds: {median: seconds}})}, ${JSON.stringify(ladder)}, ${known})`,
  ).value;

test('the fastest rung that is as accurate is the one to beat', () => {
  const ladder = [rung('a', 1e-3, 0.1), rung('a', 1e-6, 2), rung('b', 1e-5, 0.5), rung('b', 1e-9, 40)];
  expect(beside(2e-5, 1, ladder)).toMatchObject({
    sameError: {method: 'b', seconds: 0.5},
    sameTime: {method: 'b', error: 1e-5},
    ratio: 2,
    winner: 'classical',
  });
  expect(beside(2e-6, 1, ladder)).toMatchObject({sameError: {method: 'a', seconds: 2}, ratio: 0.5, winner: 'ours'});
});

test('a ladder that never comes so near has lost, and says how near it came', () => {
  const found = beside(1e-12, 5, [rung('a', 1e-3, 0.1), rung('a', 1e-6, 7)]) as object;
  expect(found).toMatchObject({best: {error: 1e-6, seconds: 7}, sameTime: {error: 1e-3}, winner: 'ours'});
  expect(found).not.toHaveProperty('ratio');
});

test('a ladder that ends in less than our time leaves it open', () => {
  expect(beside(1e-12, 5, [rung('a', 1e-6, 2)])).toMatchObject({best: {error: 1e-6}, winner: 'open'});
});

test('nobody is asked to come nearer than the reference is known', () => {
  const ladder = [rung('a', 3e-8, 0.1)];
  expect(beside(1e-8, 1, ladder, 1e-7)).toMatchObject({winner: 'classical', sameError: {error: 3e-8}});
  expect(beside(1e-8, 1, ladder)).toMatchObject({winner: 'open'});
});

describe('PoissonRecon', () => {
  const folder = temporaryFolder();

  test('is left out with a message where it is missing', () => {
    const {value, said} = evaluated('poisson-recon.mjs', `it.findPoissonRecon('PoissonRecon-that-is-not-there') ?? null`);
    expect(value).toBeNull();
    expect(said).toMatch(/skipping PoissonRecon: 'PoissonRecon-that-is-not-there' was not found.*--poisson-recon FILE/);
  });

  test('is called as its documentation says', () => {
    const program = path.join(folder, 'stand-in');
    const log = path.join(folder, 'arguments');
    writeFileSync(program, `#!/bin/sh\necho "$@" > ${log}\ncp "$2" "$4"\necho "** Running (Version 18.74) **"\n`, {mode: 0o755});
    const cloud = path.join(folder, 'cloud.ply');
    writeFileSync(cloud, 'ply\n');
    const {value} = evaluated('poisson-recon.mjs', `it.reconstruct(...${JSON.stringify([program, cloud, folder, 7])})`);
    const mesh = path.join(folder, 'depth-7.ply');
    expect(value).toMatchObject({mesh, version: '18.74'});
    expect(readFileSync(log, 'utf8')).toBe(`--in ${cloud} --out ${mesh} --depth 7 --verbose\n`);
    expect(readFileSync(mesh, 'utf8')).toBe('ply\n');
  });

  test('that fails ends the benchmark with what it said', () => {
    const program = path.join(folder, 'stand-in');
    writeFileSync(program, '#!/bin/sh\necho "no normals" >&2\nexit 1\n', {mode: 0o755});
    const {status, said} = evaluated('poisson-recon.mjs', `it.reconstruct(...${JSON.stringify([program, 'a.ply', folder, 7])})`);
    expect(status).not.toBe(0);
    expect(said).toMatch(/ended with 1:\s+no normals/);
  });
});

test('an unknown case is named before anything runs', () => {
  const script = path.join(MODULES, '..', 'classical.mjs');
  expect(() => execFileSync(process.execPath, [script, '--only', 'poison'], {encoding: 'utf8', stdio: 'pipe'})).toThrow(
    /unknown case 'poison'; known: poisson-2d, /,
  );
});
