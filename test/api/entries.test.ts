/** What the command line does, called: equations, problem files, built-in problems, evaluations, ablations. */
import {execFileSync} from 'node:child_process';
import {getEventListeners} from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {info, solve} from '../../lib';
import {equation, readProblemFile} from '../../lib/api/equation';
import {decodeImage, encodePng, evaluateToFile, FieldEvaluation, readNpy} from '../../lib/api/files';
import {ablate, heat, helmholtz, listProblems, poisson, sdf} from '../../lib/api/problems';
import {Case} from '../../lib/cases/case';
import {renderScene} from '../../lib/imaging/scene/scene';

const HEAT = {
  equations: ['u_t = 0.1*u_xx'],
  domain: 't=0..1,x=0..1',
  where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
  exact: 'exp(-0.1*pi^2*t)*sin(pi*x)',
  resolution: 16,
};

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dinf-entries-'));
});
afterAll(() => {
  fs.rmSync(folder, {recursive: true, force: true});
});

describe('equation', () => {
  it('gives a problem that is solved and judged', async () => {
    const posed = await equation(HEAT);
    expect(posed).toBeInstanceOf(Case);
    expect(posed.unknowns).toEqual(['u']);
    expect(posed.headline).toContain('u_t = 0.1*u_xx');
    expect(posed.settings.hardConditions).toContain('u on t=0');
    using solution = await posed.solve();
    const {metrics} = await posed.assess(solution);
    expect(metrics.relativeL2).toBeLessThan(1e-4);
    // As any other problem it is taken by solve(), whose own choice of an optimizer is another one.
    using other = await solve(posed, {optimizer: posed.optimizers, dtype: 'float64'});
    expect(other.loss).toBe(solution.loss);
  });

  it('refuses what nobody reads', async () => {
    await expect(equation({...HEAT, resolutoin: 8} as never)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: expect.stringContaining("did you mean 'resolution'") as string,
    });
  });

  it('is read from a problem file', async () => {
    const file = path.join(folder, 'heat.json');
    const {equations, domain, where, exact} = HEAT;
    const shared = {resolution: 8, iterations: [30, 5], optimizer: 'lsq,adam', kernel: 'bspline:7', dtype: 'float64', seed: 3};
    fs.writeFileSync(file, JSON.stringify({domain, where, exact, equation: equations, ...shared, out: 'a'}));
    const {problem, solve: settings, out} = await readProblemFile(file);
    expect({settings, out}).toEqual({settings: {dtype: 'float64', seed: 3}, out: 'a'});
    const posed = await equation(problem);
    expect(posed.settings).toMatchObject({resolution: '8 × 8', kernel: 'bspline, degree 7'});
    expect(posed.optimizers).toMatchObject([
      {type: 'gauss-newton', iterations: 30},
      {type: 'adam', iterations: 5},
    ]);
    using solution = await posed.solve(settings);
    expect(solution).toMatchObject({dtype: 'float64', seed: 3});
  });

  it.each([
    [{equation: 'u_x = 1'}, /has no 'domain'/],
    [{equation: 'u_x = 1', domain: 'x=0..1', kernel: 'bspline:4'}, /'kernel' is bspline:4: .*3, 5, 7 or 9/],
    [{equation: 'u_x = 1', domain: 'x=0..1', dtype: 'half'}, /'dtype' is half: .*float32, float64/],
  ])('refuses the problem file %j', async (contents, message) => {
    const file = path.join(folder, 'wrong.json');
    fs.writeFileSync(file, JSON.stringify(contents));
    await expect(readProblemFile(file)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('the built-in problems', () => {
  it('are posed with options, solved and judged', async () => {
    const posed = await heat({resolution: 64, iterations: 60});
    using solution = await posed.solve({seed: 1});
    expect(solution.iterations).toBeLessThanOrEqual(60);
    const {metrics} = await posed.assess(solution);
    expect(metrics.relativeL2).toBeLessThan(1e-2);
  });

  it('take an image from memory', async () => {
    const posed = await poisson({image: renderScene(32), supervision: 'laplacian', iterations: 100});
    expect(posed.settings).toMatchObject({size: '32 × 32', supervision: 'laplacian'});
    using solution = await posed.solve();
    expect((await posed.assess(solution)).metrics.psnr).toBeGreaterThan(40);
  });

  it('take an image as it was read, and keep the bits of its file', async () => {
    const image = decodeImage(encodePng({width: 4, height: 3, channels: 1, data: new Uint8Array(12)}), 'a picture');
    expect(image.bitDepth).toBe(8);
    const posed = await poisson({image: {...image, bitDepth: 16}, iterations: 1});
    using solution = await posed.solve();
    const {pictures} = await posed.assess(solution);
    expect(pictures.find(({name}) => name === 'reconstruction')?.image?.bitDepth).toBe(16);
  });

  it('leave no listeners on a signal that outlives them', async () => {
    const {signal} = new AbortController();
    const posed = await heat({resolution: 8, iterations: 1});
    for (let i = 0; i < 3; i++) (await posed.solve({signal})).dispose();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await expect(posed.solve({signal: 5 as never})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  });

  it('that are sequences of problems report, and stop, as one', async () => {
    const posed = await sdf({resolution: 16, count: 2000, rounds: 1});
    const running = posed.solve();
    let seen = 0;
    for await (const {iteration} of running) seen = Math.max(seen, iteration);
    using solution = await running;
    expect(seen).toBe(solution.iterations);
    await expect(posed.solve({signal: AbortSignal.abort()})).rejects.toMatchObject({code: 'ABORTED'});
  });

  it('refuse options of another problem, and wrong values', async () => {
    await expect(heat({wavenumber: 3} as never)).rejects.toMatchObject({code: 'UNKNOWN_OPTION'});
    await expect(helmholtz({wavenumber: -1})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  });

  it('are listed', () => {
    expect(listProblems().map(({name}) => name)).toEqual(
      expect.arrayContaining(['poisson', 'helmholtz', 'cloth', 'plate', 'sdf', 'fit', 'advection', 'heat', 'zalesak']),
    );
  });
});

it('evaluates at the points of a lattice or file, into files', async () => {
  const posed = await equation({...HEAT, resolution: 8});
  using solution = await posed.solve();
  const out = path.join(folder, 'u.npy');
  const summary = await evaluateToFile(solution, out, {grid: 't=0,x:5', expressions: ['u', 'u_x']});
  expect(summary).toMatchObject({points: 5, outside: 0, expressions: [{expression: 'u'}, {expression: 'u_x'}]});
  const {shape, data} = await readNpy(out);
  expect(shape).toEqual([1, 5, 2]);
  expect(data[4]).toBeCloseTo(1, 5);
  const points = path.join(folder, 'points.csv');
  fs.writeFileSync(points, 'x,t\n0.5,0\n2,0\n');
  const evaluation = await FieldEvaluation.open(solution, {points, outside: 'nan'});
  expect(await evaluation.measure()).toMatchObject({points: 2, outside: 1});
  await expect(evaluateToFile(solution, out, {})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  await expect(evaluateToFile(solution, 'u.vti', {points})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
});

it('runs ablations by their name', async () => {
  const rows = await ablate('levels', {size: 32, iterations: [2]});
  expect(rows.map(({labels}) => labels.levels)).toEqual(['1', '2', '4', '6']);
  await expect(ablate('level')).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
});

it('says what the machine has to solve on', () => {
  expect(info()).toMatchObject({device: expect.any(String) as string, threads: expect.any(Number) as number});
});

it.each(['dinf-grid', 'dinf-grid/equation', 'dinf-grid/problems', 'dinf-grid/files'])(
  '%s gives ESM what require gives',
  (entry) => {
    // From within the package its own name means itself, through its exports.
    const script = `const cjs = require('${entry}'); import('${entry}').then((esm) => {
    console.log(JSON.stringify(Object.keys(cjs).filter((name) => esm[name] !== cjs[name])), Object.keys(cjs).length > 3);
  });`;
    const root = path.join(__dirname, '..', '..');
    expect(execFileSync(process.execPath, ['-e', script], {cwd: root, encoding: 'utf8'})).toBe('[] true\n');
  },
);
