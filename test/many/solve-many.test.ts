/** Variations solved together against each of them alone. */
import {
  adam,
  bspline,
  gauss,
  gaussian,
  gaussNewton,
  lattice,
  leastSquares,
  linspace,
  ManySolver,
  points,
  Problem,
  problem,
  rbfGrid,
  solve,
  solveMany,
  term,
} from '../../lib';
import type {SolveManyOptions, Variation} from '../../lib';

const CELLS = 12;

function rim(): number[] {
  const list: number[] = [];
  for (const t of linspace(0, 1, 2 * CELLS + 1)) list.push(0, t, 1, t, t, 0, t, 1);
  return list;
}

/** A Poisson equation on a square: a source and values on the rim as data, a coefficient and a factor of the source as uniforms. */
const poisson = problem({
  domain: {x: [0, 1], y: [0, 1]},
  unknowns: ['u'],
  uniforms: {k: 1, amplitude: 1},
  field: rbfGrid({resolution: CELLS, levels: 1, kernel: bspline(5)}),
  terms: [
    term(gauss(3), 'k*(u_xx + u_yy) = amplitude*f', {name: 'inside', data: {f: new Float64Array((3 * CELLS) ** 2).fill(1)}}),
    term(points(rim()), 'u = g', {name: 'rim', weight: 1e3, data: {g: new Float64Array(rim().length / 2)}}),
  ],
});

const source = (i: number): Float64Array => Float64Array.from({length: (3 * CELLS) ** 2}, (_, n) => Math.sin(0.01 * n * (i + 1)));
const onRim = (i: number): Float64Array => Float64Array.from({length: rim().length / 2}, (_, n) => Math.cos(n + i));

/** The same as a problem of its own. */
function alone(base: Problem, {uniforms = {}, data = {}}: Variation): Problem {
  return new Problem({
    ...base.spec,
    uniforms: {...base.spec.uniforms, ...uniforms},
    terms: base.spec.terms.map((one) => ({
      ...one,
      data: {
        ...one.data,
        ...Object.fromEntries(Object.entries(data[one.name] ?? {}).map(([name, values]) => [name, Float64Array.from(values)])),
      },
    })),
  });
}

async function parametersAlone(base: Problem, variation: Variation, options: SolveManyOptions): Promise<Float64Array> {
  const {optimizer, dtype, seed} = options;
  using solution = await solve(alone(base, variation), {optimizer, dtype, seed: variation.seed ?? seed, device: 'cpu'});
  return Float64Array.from((await solution.checkpoint()).parameters);
}

const distance = (a: Float64Array, b: Float64Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / Math.max(...a.map(Math.abs));

describe('variations with one matrix', () => {
  // More than one block of lanes, and no whole number of lanes.
  const variations = Array.from({length: 75}, (_, i) => ({
    uniforms: {amplitude: 1 + 0.1 * i},
    data: {inside: {f: source(i)}, ...(i % 3 === 0 && {rim: {g: onRim(i)}})},
  }));

  it.each([
    ['float64', 1e-11],
    ['float32', 2e-4],
  ] as const)('are those of solves alone to rounding, %s', async (dtype, most) => {
    const options = {dtype, threads: 2, device: 'cpu'} as const;
    const all = await solveMany(poisson, variations, options);
    expect(all).toHaveLength(variations.length);
    for (const i of [0, 1, 2, 3, 17, 50, 74]) {
      expect(all[i]).toMatchObject({index: i, stopReason: 'tolerance'});
      expect(distance(await parametersAlone(poisson, variations[i], options), all[i].parameters)).toBeLessThan(most);
    }
  });

  it('do not depend on their company: what is not varied is as it was posed', async () => {
    const options = {dtype: 'float64', threads: 1, device: 'cpu'} as const;
    using solver = new ManySolver(poisson, options);
    await solver.solve(variations);
    // The rim and the source of an earlier call are gone, and so is a matrix that was another's.
    const [, changed] = await solver.solve([{}, {uniforms: {k: 3}}]);
    const [plain] = await solver.solve([{data: {inside: {f: source(5)}}}]);
    expect(distance(await parametersAlone(poisson, {uniforms: {k: 3}}, options), changed.parameters)).toBeLessThan(1e-11);
    expect(distance(await parametersAlone(poisson, {data: {inside: {f: source(5)}}}, options), plain.parameters)).toBeLessThan(
      1e-11,
    );
  });

  it('are evaluated where they are found', async () => {
    const at = lattice([linspace(0, 1, 5), linspace(0, 1, 7)]);
    const options = {dtype: 'float64', device: 'cpu', evaluate: {at, expressions: ['u', 'amplitude*u_x']}} as const;
    const all = await solveMany(poisson, variations.slice(0, 20), options);
    for (const i of [0, 1, 19]) {
      using solution = await all[i].solution();
      const values = await solution.evaluate(at, {expressions: ['u', 'amplitude*u_x']});
      for (const name of ['u', 'amplitude*u_x'] as const)
        expect(distance(values[name], all[i].values![name])).toBeLessThan(1e-11);
    }
  });
});

describe('variations that are solved as they would be alone, to the bit', () => {
  const heat = problem({
    domain: {t: [0, 1], x: [-1, 1]},
    unknowns: ['u'],
    uniforms: {alpha: 0.1},
    field: rbfGrid({resolution: 8, levels: 1, kernel: bspline(3)}),
    lift: {u: 'sin(pi*x) + t*(1 - x^2)*u'},
    terms: [term(gauss(2), 'u_t = alpha*u_xx')],
  });
  const nonlinear = problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    uniforms: {a: 1},
    field: rbfGrid({resolution: 16, levels: 2, kernel: gaussian()}),
    lift: {u: 'x*(1 - x)*u'},
    terms: [term(gauss(3), 'u_xx + a*u^2 = -1')],
  });
  it.each<[string, Problem, SolveManyOptions, Variation[]]>([
    ['another matrix', heat, {}, [0.05, 0.1, 0.2, 0.4].map((alpha) => ({uniforms: {alpha}}))],
    ['other seeds, Adam', heat, {optimizer: adam({iterations: 5})}, [1, 2, 3].map((seed) => ({seed}))],
    ['Gauss-Newton', nonlinear, {optimizer: gaussNewton({steps: 4})}, [1, 2, 3].map((a) => ({uniforms: {a}}))],
    [
      'Adam, then least squares',
      heat,
      {optimizer: [adam({iterations: 3}), leastSquares({iterations: 20})]},
      [0.1, 0.3].map((alpha) => ({uniforms: {alpha}})),
    ],
  ])('%s', async (_, posed, options, variations) => {
    const all = {...options, dtype: 'float64', device: 'cpu', threads: 2, seed: 3} as const;
    const solutions = await solveMany(posed, variations, all);
    for (const [i, variation] of variations.entries())
      expect(solutions[i].parameters).toEqual(await parametersAlone(posed, variation, all));
  });
});

describe('what one call leaves behind', () => {
  const trained = {optimizer: adam({iterations: 4}), dtype: 'float64', device: 'cpu', threads: 1} as const;

  it('are no seeds: who names none has that of the solve', async () => {
    using solver = new ManySolver(poisson, {...trained, seed: 7});
    await solver.solve([{seed: 1}, {seed: 2}]);
    const [plain] = await solver.solve([{}]);
    expect(plain.parameters).toEqual(await parametersAlone(poisson, {}, {...trained, seed: 7}));
  });

  it('is nothing that stops another call of the same solver', async () => {
    using solver = new ManySolver(poisson, {threads: 2, device: 'cpu', optimizer: adam({iterations: 300})});
    const whole = Promise.resolve(solver.solve(Array.from({length: 6}, (_, seed) => ({seed}))));
    const refused = Promise.resolve(solver.solve([{}, {seed: -1}]));
    await expect(refused).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    expect((await whole).map(({stopReason, iterations}) => [stopReason, iterations])).toEqual(Array(6).fill(['iterations', 300]));
  });

  it('says where unknowns are free, and shares no such factor', async () => {
    const free = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 8, levels: 1, kernel: bspline(3)}),
      terms: [term(gauss(3), 'u_xx = f', {name: 'inside', data: {f: new Float64Array(24)}})],
    });
    const values = Array.from({length: 5}, (_, i) => ({data: {inside: {f: new Float64Array(24).fill(i)}}}));
    for (const inner of ['direct', 'auto'] as const) {
      const all = await solveMany(free, values, {optimizer: leastSquares({inner}), device: 'cpu'});
      expect(all.map(({undetermined}) => undetermined)).toEqual([true, true, true, true, true]);
    }
    expect((await solveMany(poisson, [{}, {}], {device: 'cpu'})).map(({undetermined}) => undetermined)).toEqual([false, false]);
  });

  it('solves the equation: against the answer in closed form', async () => {
    const exact = (k: number, x: number, y: number): number => Math.sin(k * x) * Math.exp(0.5 * y);
    const places = gaussPlaces();
    const sources = [1, 2.3, 3.1, 0.4].map((k) => ({
      data: {
        inside: {f: Float64Array.from(places, ([x, y]) => (0.25 - k * k) * exact(k, x, y))},
        rim: {g: Float64Array.from({length: rim().length / 2}, (_, i) => exact(k, rim()[2 * i], rim()[2 * i + 1]))},
      },
    }));
    const all = await solveMany(poisson, [...sources, ...sources], {
      dtype: 'float64',
      device: 'cpu',
      evaluate: {at: [0.37, 0.81]},
    });
    [1, 2.3, 3.1, 0.4].forEach((k, i) => {
      for (const at of [i, i + 4]) expect(Math.abs(all[at].values!.u[0] - exact(k, 0.37, 0.81))).toBeLessThan(1e-7);
    });
  });
});

/** Three Gauss points in each cell of an axis, products of two axes. */
function gaussPlaces(): [number, number][] {
  const axis = Array.from({length: 3 * CELLS}, (_, i) => (Math.floor(i / 3) + 0.5 + [-1, 0, 1][i % 3] * Math.sqrt(0.15)) / CELLS);
  return axis.flatMap((x) => axis.map((y): [number, number] => [x, y]));
}

describe('a stream of variations', () => {
  it('is taken as it is solved, and left early', async () => {
    let taken = 0;
    let closed = false;
    const endless = (function* (): Generator<Variation> {
      try {
        for (;;) yield {uniforms: {amplitude: ++taken}};
      } finally {
        closed = true;
      }
    })();
    let seen = 0;
    for await (const {loss} of solveMany(poisson, endless, {threads: 2, device: 'cpu'})) {
      expect(Number.isFinite(loss)).toBe(true);
      if (++seen === 100) break;
    }
    expect(taken).toBeLessThan(1000);
    expect(closed).toBe(true);
  });

  it('ends with a signal, and says which variations were not begun', async () => {
    const stop = new AbortController();
    const variations = Array.from({length: 500}, (_, i) => ({uniforms: {k: 1 + i}}));
    const ended: string[] = [];
    for await (const {stopReason} of solveMany(poisson, variations, {signal: stop.signal, threads: 1, device: 'cpu'})) {
      ended.push(stopReason);
      if (ended.length === 3) stop.abort();
    }
    expect(ended.length).toBeLessThan(500);
    expect(ended.slice(0, 3)).toEqual(['tolerance', 'tolerance', 'tolerance']);
  });

  it.each<[string, unknown, string]>([
    ['an unknown uniform', {uniforms: {missing: 1}}, 'UNKNOWN_SYMBOL'],
    ['an unknown term', {data: {nowhere: {}}}, 'UNKNOWN_SYMBOL'],
    ['unknown data', {data: {inside: {h: []}}}, 'UNKNOWN_SYMBOL'],
    ['too few values', {data: {inside: {f: [1, 2]}}}, 'INVALID_ARGUMENT'],
    ['values that are not finite', {data: {inside: {f: new Float64Array((3 * CELLS) ** 2).fill(NaN)}}}, 'NON_FINITE'],
    ['an unknown option', {uniform: {k: 1}}, 'UNKNOWN_OPTION'],
    ['a seed below 0', {seed: -1}, 'INVALID_ARGUMENT'],
    ['what is no object', 3, 'INVALID_ARGUMENT'],
  ])('refuses %s, and says in which variation', async (_, wrong, code) => {
    const found = await Promise.resolve(solveMany(poisson, [{}, wrong as Variation], {device: 'cpu'})).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(found).toMatchObject({code, message: expect.stringContaining('variation 1') as string});
  });

  it('has no solver after dispose', async () => {
    const solver = new ManySolver(poisson, {device: 'cpu'});
    await solver.solve([{}]);
    solver.dispose();
    await expect(Promise.resolve(solver.solve([{}]))).rejects.toMatchObject({code: 'DISPOSED'});
  });
});
