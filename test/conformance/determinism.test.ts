/** The same seed gives the same bits whatever the number of threads; another seed does not. */
import {mlpDecoder, rbfGrid} from '../../lib/pose/field';
import {bspline, gaussian, inverseQuadratic} from '../../lib/pose/kernel';
import type {Kernel} from '../../lib/pose/kernel';
import type {Optimizer} from '../../lib/optimizers';
import {adam, gaussNewton, lbfgs} from '../../lib/optimizers';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {lattice, linspace, points, stratified} from '../../lib/pose/sampling';
import {solve} from '../../lib/solve/solve';
import type {Backend, Dtype} from './backends';
import {BACKENDS, EMULATED} from './backends';
import {randomVector} from './support';

/** Large enough for every set to have several bands: that is where an order of summation could depend on threads. */
const linear = (): Problem =>
  problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u', 'v'],
    field: rbfGrid({resolution: 16, levels: 3, features: 2, kernel: gaussian()}),
    scalars: {c: 0.1},
    terms: [
      term(stratified(40), 'u_xx + v*u_y + c'),
      term(lattice([linspace(0, 1, 50), linspace(0, 1, 9)], {draws: 300}), 'v - u*x', {loss: 'huber', delta: 0.1}),
      term(points(randomVector(3000, 1).map((value) => (value + 1) / 2)), 'u - v_x'),
      term(lattice([linspace(0, 1, 65), linspace(0, 1, 7)]), 'u - sin(3*x)*y'),
    ],
  });
/** Rings around x, which are long enough for their ghosts to belong to other bands; kernels that are products and one that is not. */
const periodic = (kernel: Kernel) => (): Problem =>
  problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: [32, 8], levels: 2, features: 2, kernel, edge: ['periodic', 'clamp']}),
    terms: [
      term(stratified(40), 'u_xx + u = sin(2*pi*x)'),
      term(lattice([linspace(0, 1, 50), linspace(0, 1, 9)]), 'u_y - x'),
      term(points(randomVector(3000, 1).map((value) => (value + 1) / 2)), 'u - y'),
    ],
  });
const mlp = (): Problem =>
  problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 8, levels: 2, features: 2, kernel: bspline(5), initialScale: 0.1}),
    decoder: mlpDecoder({hidden: [8]}),
    terms: [
      term(stratified(40), 'u_xx + u_yy + u^2 = 1'),
      term(points(randomVector(1600, 2).map((value) => (value + 1) / 2)), 'u - x'),
    ],
  });

const RUNS: readonly (readonly [string, () => Problem, Optimizer])[] = [
  ['Adam, linear decoder', linear, adam({iterations: 6})],
  ['Gauss–Newton, linear decoder', linear, gaussNewton({steps: 2, iterations: 5})],
  ['Adam, periodic', periodic(gaussian()), adam({iterations: 6})],
  ['Gauss–Newton, periodic', periodic(bspline(5)), gaussNewton({steps: 1, iterations: 5})],
  ['Adam, radial kernel', periodic(inverseQuadratic()), adam({iterations: 3})],
  ['Gauss–Newton, radial kernel', periodic(inverseQuadratic({rings: 2})), gaussNewton({steps: 1, iterations: 3})],
  ['L-BFGS, linear decoder', linear, lbfgs({iterations: 8, resample: 5, tolerance: 0})],
  ['Adam, MLP', mlp, adam({iterations: 6})],
  ['Gauss–Newton, MLP', mlp, gaussNewton({steps: 2, iterations: 5, damping: 1})],
  ['L-BFGS, MLP', mlp, lbfgs({iterations: 6, tolerance: 0})],
];

interface Outcome {
  parameters: number[];
  losses: number[];
  probe: number[];
}

async function outcome(
  backend: Backend,
  given: Problem,
  optimizer: Optimizer,
  dtype: Dtype,
  threads: number,
  seed: number,
): Promise<Outcome> {
  const solution = await solve(given, {optimizer, device: backend.name, dtype, threads, seed});
  try {
    const values = await solution.evaluate([0.1, 0.2, 1, 1, 0.5, 0.77], {expressions: ['u', 'u_xx']});
    return {
      parameters: [...(await solution.parameters())],
      losses: [...solution.losses.loss],
      probe: Object.values(values).flatMap((list) => [...list]),
    };
  } finally {
    solution.dispose();
  }
}

describe.each(BACKENDS)('determinism on $name', (backend) => {
  // Orders of sums do not depend on the precision; the emulated device has time for one.
  const dtypes = EMULATED ? (['float32'] as const) : backend.dtypes;
  const cases = dtypes.flatMap((dtype) => RUNS.map(([name, make, optimizer]) => ({dtype, name, make, optimizer})));

  test.each(cases)('$name, $dtype: the same bits with 1, 2 and 4 threads', async ({dtype, make, optimizer}) => {
    const one = await outcome(backend, make(), optimizer, dtype, 1, 7);
    expect(one.parameters.every(Number.isFinite)).toBe(true);
    // A CUDA device knows no threads: the same once more.
    for (const threads of backend.name === 'cpu' ? [1, 2, 4] : [1]) {
      const other = await outcome(backend, make(), optimizer, dtype, threads, 7);
      // Not toEqual on the objects: a difference among thousands of numbers should print as one line.
      expect(other.parameters.findIndex((value, i) => !Object.is(value, one.parameters[i]))).toBe(-1);
      expect(other.losses).toEqual(one.losses);
      expect(other.probe).toEqual(one.probe);
    }
  });

  test.each(cases)('$name, $dtype: another seed, another run', async ({dtype, make, optimizer}) => {
    const one = await outcome(backend, make(), optimizer, dtype, 2, 7);
    const other = await outcome(backend, make(), optimizer, dtype, 2, 8);
    expect(other.losses).not.toEqual(one.losses);
    const same = other.parameters.filter((value, i) => value === one.parameters[i]).length;
    expect(same).toBeLessThan(one.parameters.length / 10);
  });
});
