import type {Entry, PosedSystem} from '../../lib/comparisons/system';
import {trace} from '../../lib/comparisons/trace';
import type {Traced} from '../../lib/comparisons/trace';
import {SYSTEMS} from '../../lib/comparisons/systems';
import {
  adam,
  bspline,
  gauss,
  lattice,
  lbfgs,
  leastSquares,
  linspace,
  problem,
  rbfGrid,
  siren,
  solve,
  stratified,
  term,
} from '../../lib';
import type {Optimizer, Problem} from '../../lib';
import type {Field, Samples} from '../../lib';

/** u'' = −2 between two zeros: x(1 − x). */
const posed = (field: Field, samples: Samples = stratified(64)): Problem =>
  problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field,
    lift: {u: 'x*(1 - x)*u'},
    terms: [term(samples, 'u_xx = -2 - 0.2*x')],
  });

const AXIS = linspace(0, 1, 33);
const errors: number[] = [];
const system: PosedSystem = {
  size: '',
  entry: () => Promise.resolve('nobody asks'),
  async error(solution) {
    const {u} = await solution.evaluate(lattice([AXIS]), {expressions: ['u']});
    errors.push(u[7]);
    return Math.max(...u.map((value, i) => Math.abs(value - AXIS[i] * (1 - AXIS[i]))));
  },
  picture: () => Promise.resolve({width: 1, height: 1, channels: 1, data: Uint8Array.of(0)}),
  truth: undefined,
};

const entry = (field: Field, stage: Optimizer): Entry => ({
  problem: posed(field, field.type === 'network' ? stratified(64) : gauss(3)),
  stage,
  samplesPerIteration: 64,
  settings: {},
});
const OPTIONS = {seed: 5, seconds: 30, mostIterations: 40, device: 'cpu', threads: 1} as const;
const ends = ({run}: Traced): unknown => ({stop: run.stopReason, last: run.checkpoints.at(-1)?.iterations});

describe('a run of what Adam trains', () => {
  const network = siren({width: 8, hiddenLayers: 1});

  it('has at each checkpoint the field of a solve that ended there, to the bit', async () => {
    errors.length = 0;
    const traced = await trace(entry(network, adam({learningRate: 1e-3})), system, OPTIONS);
    expect(ends(traced)).toEqual({stop: 'iterations', last: 40});
    const {checkpoints} = traced.run;
    expect(checkpoints.length).toBeGreaterThan(6);
    checkpoints.slice(1).forEach(({iterations, seconds}, i) => {
      expect(iterations).toBeGreaterThan(checkpoints[i].iterations);
      expect(seconds).toBeGreaterThan(checkpoints[i].seconds);
    });
    const middle = Math.floor(checkpoints.length / 2);
    using whole = await solve(posed(network), {
      optimizer: adam({learningRate: 1e-3, iterations: checkpoints[middle].iterations}),
      seed: 5,
      device: 'cpu',
    });
    const {u} = await whole.evaluate(lattice([AXIS]), {expressions: ['u']});
    expect(u[7]).toBe(errors[middle]);
  });

  it('ends when its seconds are over, and not long after', async () => {
    const {run} = await trace(entry(network, adam()), system, {...OPTIONS, seconds: 0.05, mostIterations: 1e9});
    expect(run.stopReason).toBe('seconds');
    const {iterations, seconds} = run.checkpoints.at(-1)!;
    expect(iterations).toBeGreaterThan(1);
    expect(seconds).toBeGreaterThan(0.04);
  });

  it('says where it diverged, and keeps what it had before', async () => {
    const traced = await trace(entry(network, adam({learningRate: 1e30})), system, OPTIONS);
    expect(traced.run.stopReason).toBe('diverged');
    expect(traced.run.message).not.toBe('');
  });

  it('is dropped whole by a signal', async () => {
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 50);
    const run = trace(entry(network, adam()), system, {...OPTIONS, seconds: 1e6, mostIterations: 1e9, signal: stop.signal});
    await expect(run).rejects.toMatchObject({code: 'ABORTED'});
  });
});

describe('a run of what is solved', () => {
  const grid = rbfGrid({resolution: 16, levels: 1, kernel: bspline(5)});

  it('has one point where it is solved directly', async () => {
    const {run} = await trace(entry(grid, leastSquares({iterations: 60, inner: 'direct'})), system, OPTIONS);
    expect(run.checkpoints).toHaveLength(1);
    expect(run.checkpoints[0].error).toBeLessThan(0.1);
  });

  it('has points of growing iterations else, whose errors fall, and runs forward in time', async () => {
    for (const stage of [leastSquares({iterations: 64, inner: 'cgls'}), lbfgs({iterations: 64})]) {
      const {run} = await trace(entry(grid, stage), system, OPTIONS);
      const iterations = run.checkpoints.map((checkpoint) => checkpoint.iterations);
      expect(iterations.length).toBeGreaterThan(3);
      expect(iterations).toEqual([...iterations].sort((a, b) => a - b));
      const seconds = run.checkpoints.map((checkpoint) => checkpoint.seconds);
      expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
      expect(run.checkpoints.at(-1)!.error).toBeLessThan(0.5 * run.checkpoints[0].error);
    }
  });
});

describe('the systems', () => {
  it('have an entry for every field, but no hat grid where second derivatives are read', async () => {
    const without: string[] = [];
    for (const {name, pose} of SYSTEMS) {
      const {entry: of, size} = await pose(false);
      expect(size).not.toBe('');
      for (const field of ['grid', 'siren', 'pinn', 'hat', 'paper'] as const) {
        const found = await of(field);
        if (typeof found === 'string') {
          expect([name, field, found]).toEqual([name, 'hat', expect.stringContaining('vanish inside every cell')]);
          without.push(name);
        } else if (field === 'paper' || field === 'siren' || field === 'pinn') expect(found.stage.type).toBe('adam');
      }
    }
    expect(without).toEqual(['poisson-laplacian', 'helmholtz', 'cloth', 'heat']);
    expect(SYSTEMS.map(({name}) => name)).toHaveLength(10);
  });
});
