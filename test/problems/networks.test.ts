/** `--field siren` and `--field pinn`: every problem, what is refused, what falls back, and that a network learns. */
import * as path from 'node:path';
import {adam, gauss, gaussNewton, lattice, leastSquares, linearDecoder, linspace, loadSolution, pinn, points} from '../../lib';
import {problem, rbfGrid, siren, solve, stratified, term} from '../../lib';
import {renderScene} from '../../lib/imaging/scene/scene';
import {PROBLEMS} from '../../lib/problems';
import type {Prepared, RunOptions} from '../../lib/cases/definition';
import {prepareEquation} from '../../lib/equation/equation';
import {fitImage} from '../../lib/problems/fit-definition';
import {assessPoisson, poisson} from '../../lib/problems/poisson';
import {solved} from '../support/solved';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();

const small = {width: 6, hiddenLayers: 1, iterations: [3]} as const;
const cases = PROBLEMS.flatMap(({name}) => (['siren', 'pinn'] as const).map((field) => [name, field] as const));

async function prepared(name: string, options: Partial<RunOptions>): Promise<Prepared> {
  const definition = PROBLEMS.find((one) => one.name === name)!;
  // A small function or plate, so that a run of all problems is short.
  const own: Record<string, string> = name === 'fit' ? {function: 'sin(3*x)*y'} : {};
  return definition.prepare({preset: 'fast', own, ...options});
}

test.each(cases)('%s runs with a %s', async (name, field) => {
  const {problem: posed, optimizers, settings} = await prepared(name, {field, ...small});
  expect(posed.spec.fields.every(({network}) => network?.width === 6 && network.hiddenLayers === 1)).toBe(true);
  expect(optimizers.map((one) => one.name)).toEqual(['adam']);
  expect(settings).toMatchObject({field, width: 6, hiddenLayers: 1});
  using solution = await solved({problem: posed, optimizers}, {threads: 2});
  expect(solution.iterations).toBe(3);
  expect(solution.loss).toBeLessThan(solution.losses.loss[0]);
});

test("the paper's presets have its sizes and rates", async () => {
  const sizes = async (name: string, options: Partial<RunOptions> = {}): Promise<unknown[]> => {
    const {problem: posed, optimizers} = await prepared(name, {preset: 'paper', field: 'siren', ...options});
    const {network} = posed.spec.fields[0];
    const [{stage}] = optimizers;
    return [network?.width, network?.hiddenLayers, stage.type === 'adam' && [stage.learningRate, stage.decaySteps]];
  };
  expect(await sizes('poisson')).toEqual([256, 5, [5e-5, 0]]);
  expect(await sizes('poisson', {own: {supervision: 'laplacian'}})).toEqual([512, 5, [5e-5, 0]]);
  expect(await sizes('helmholtz')).toEqual([512, 4, [2e-5, 0]]);
  expect(await sizes('advection')).toEqual([256, 3, [1e-4, 0]]);
  expect(await sizes('heat')).toEqual([256, 3, [1e-5, 0]]);
  expect(await sizes('cloth')).toEqual([512, 5, [5e-6, 0]]);
  const first = async (preset: 'paper' | 'fast'): Promise<boolean | undefined> =>
    (await prepared('heat', {preset, field: 'pinn'})).problem.spec.fields[0].network?.firstActivation;
  expect([await first('paper'), await first('fast')]).toEqual([false, true]);
});

test('least squares with a network falls back to Adam, and says so', async () => {
  const {optimizers} = await prepared('heat', {field: 'siren', optimizers: ['lsq'], iterations: [7]});
  expect(optimizers).toMatchObject([
    {name: 'adam', stage: {type: 'adam', iterations: 7}, note: expect.stringMatching(/least squares.*linear.*adam/) as string},
  ]);
  const equation = await prepareEquation(
    {equations: ['u_x = 1'], domain: 'x=0..1'},
    {
      ...{preset: 'fast', field: 'pinn', optimizers: ['lsq'], own: {}},
    },
  );
  expect(equation.optimizers.map(({name}) => name)).toEqual(['adam']);
});

test.each([
  ['kernel', {kernel: {type: 'hat'}}],
  ['edge', {edge: 'clamp'}],
  ['resolution', {resolution: 32}],
  ['levels', {levels: 1}],
  ['features', {features: 2}],
  ['decoder', {decoder: {type: 'linear'}}],
] as const)('--%s is refused with a network', async (flag, option) => {
  await expect(prepared('heat', {field: 'siren', ...(option as Partial<RunOptions>)})).rejects.toThrow(
    new RegExp(`^--${flag} is of grids`),
  );
});

test('--width and --hidden-layers are refused with a grid', async () => {
  await expect(prepared('heat', {width: 5})).rejects.toThrow(/^--width is of networks/);
  await expect(prepared('heat', {hiddenLayers: 5})).rejects.toThrow(/^--hidden-layers is of networks/);
});

describe('mistakes', () => {
  const posing = (field: Parameters<typeof problem>[0]['field'], samples = points([0.5]), decoder?: never): (() => unknown) => {
    return () => problem({domain: {x: [0, 1]}, unknowns: ['u'], field, decoder, terms: [term(samples, 'u - 1')]});
  };
  test.each([
    ['an unknown option', () => siren({widht: 3} as never), /no option 'widht', did you mean 'width'/],
    ['no width', () => siren({width: 0}), /width.*from 1 to 4096, and is 0/],
    ['too many layers', () => pinn({hiddenLayers: 16}), /hiddenLayers.*from 0 to 15, and is 16/],
    ['an ω of 0', () => siren({omega: 0}), /mega.*is 0/],
    ['an activation that is none', () => pinn({activation: 'relu' as never}), /activation.*gelu, tanh.*relu/],
    ['a coordinate that is none', posing(siren({width: 4, periodic: ['z']})), /periodic coordinate.*one of x, and is z/],
    ['Gauss points without cells', posing(siren({width: 4}), gauss(2)), /a network has none.*cells: 32/],
    ['a decoder', posing(siren({width: 4}), points([0.5]), linearDecoder() as never), /leave 'decoder' out/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });

  it('a network that does not fit into memory', async () => {
    const huge = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: siren({width: 4096, hiddenLayers: 15}),
      terms: [term(points([0.5]), 'u - 1')],
    });
    await expect(solve(huge, {dtype: 'float64'})).rejects.toMatchObject({code: 'OUT_OF_MEMORY'});
  });
});

test('a periodic network is', async () => {
  const posed = problem({
    domain: {t: [0, 1], x: [-1, 2]},
    unknowns: ['u'],
    field: siren({width: 8, hiddenLayers: 1, omega: 3, periodic: ['x']}),
    terms: [term(stratified(8), 'u_t + u_x = 0')],
  });
  using solution = await solve(posed, {optimizer: adam({iterations: 5}), dtype: 'float64'});
  const at = (x: number): Float64Array => Float64Array.from([0.1, x, 0.7, x]);
  const names = {expressions: ['u', 'u_x', 'u_xxx', 'u_t']};
  const [left, right] = [await solution.evaluate(at(-1), names), await solution.evaluate(at(2), names)];
  for (const name of names.expressions) {
    left[name].forEach((value, i) => expect(right[name][i]).toBeCloseTo(value, 9));
    expect(Math.max(...left[name].map(Math.abs))).toBeGreaterThan(1e-6);
  }
});

test('a saved network is the network, and goes on from where it stood', async () => {
  const posed = problem({
    domain: {x: [0, 1], y: [0, 1]},
    fields: [
      {unknowns: ['u'], field: siren({width: 8, hiddenLayers: 1, omega: 5, firstOmega: 8, periodic: ['y']})},
      {unknowns: ['v'], field: pinn({width: 6, hiddenLayers: 1, firstActivation: false, activation: 'tanh'})},
      {unknowns: ['w'], field: rbfGrid({resolution: 4})},
    ],
    terms: [term(stratified(12), ['u_x = v', 'v_y = w', 'w - x*y'])],
  });
  const file = path.join(folder, 'network.safetensors');
  const axes = lattice([linspace(0, 1, 5), linspace(0, 1, 4)]);
  using whole = await solve(posed, {optimizer: adam({iterations: 20}), seed: 3});
  using half = await solve(posed, {optimizer: adam({iterations: 10}), seed: 3});
  await half.save(file);
  using loaded = await loadSolution(file);
  expect(loaded.problem.spec.fields).toEqual(posed.spec.fields);
  expect(await loaded.evaluate(axes)).toEqual(await half.evaluate(axes));
  using rest = await solve(posed, {optimizer: adam({iterations: 20}), resume: file});
  expect(await rest.evaluate(axes)).toEqual(await whole.evaluate(axes));
});

test('a small Siren learns an image from its gradients', async () => {
  const image = renderScene(24);
  const posed = poisson(image, {preset: 'paper', field: 'siren', width: 48, hiddenLayers: 2});
  using after = await solve(posed.problem, {optimizer: adam({iterations: 600, learningRate: 5e-4}), seed: 1});
  expect(after.loss).toBeLessThan(after.losses.loss[0] / 50);
  const {metrics} = await assessPoisson(posed, after);
  expect(metrics.psnr).toBeGreaterThan(15);
});

test('Gauss–Newton trains a small network', async () => {
  const posed = problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: pinn({width: 12, hiddenLayers: 1, activation: 'tanh'}),
    terms: [term(lattice([linspace(0, 1, 40)]), 'u_xx + sin(3*x)'), term(points([0, 1]), 'u', {weight: 10})],
  });
  using solution = await solve(posed, {optimizer: gaussNewton({steps: 40}), dtype: 'float64'});
  expect(solution.loss).toBeLessThan(1e-5 * solution.losses.loss[0]);
  // One damped step: never worse than where it began.
  using once = await solve(posed, {optimizer: leastSquares(), dtype: 'float64'});
  expect(once.loss).toBeLessThanOrEqual(once.losses.loss[0]);
});

test('an image is fitted in the shape of the image', () => {
  const {problem: posed} = fitImage(renderScene(16, {channels: 3}), {preset: 'fast', field: 'siren', own: {}});
  expect(posed.spec.fields).toMatchObject([{unknowns: ['r', 'g', 'b'], network: {width: 256}}]);
});
