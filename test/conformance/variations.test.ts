/** Variations that share a factor, as lanes of one widened problem: what each finds alone on the CPU. */
import {ManySolver} from '../../lib/many/many-solver';
import {rbfGrid} from '../../lib/pose/field';
import {bspline} from '../../lib/pose/kernel';
import {problem} from '../../lib/pose/problem';
import {gauss, lattice, linspace, points} from '../../lib/pose/sampling';
import {term} from '../../lib/pose/term';
import {leastSquares} from '../../lib/optimizers';
import {solve} from '../../lib/solve/solve';
import {BACKENDS} from './backends';

const distance = (a: Float64Array, b: Float64Array): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / Math.max(...b.map(Math.abs));

const CELLS = 7;
const SAMPLES = (2 * CELLS) ** 2;
const rim = [...linspace(0, 1, 2 * CELLS + 1)].flatMap((t) => [0, t, 1, t, t, 0, t, 1]);

/** Two unknowns that meet, a coefficient that varies over the domain, a lift: more than one output, coefficient and channel a lane. */
const posed = (f: Float64Array, a: number) =>
  problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u', 'v'],
    uniforms: {a},
    field: rbfGrid({resolution: CELLS, levels: 1, kernel: bspline(3)}),
    lift: {u: 'x*(1 - x)*y*(1 - y)*u'},
    terms: [
      term(gauss(2), ['(1 + x)*(u_xx + u_yy) - v = a*f', 'v_xx + v_yy + u = g'], {
        name: 'inside',
        data: {f, g: f.map((value) => value ** 2)},
      }),
      term(points(rim), 'v = a*x', {name: 'rim', weight: 100}),
    ],
  });

describe.each(BACKENDS)('variations on $name', (backend) => {
  it('are to rounding what they are alone', async () => {
    const sources = Array.from({length: 21}, (_, i) =>
      Float64Array.from({length: SAMPLES}, (__, n) => Math.sin(0.3 * n * i + 1)),
    );
    const at = lattice([linspace(0, 1, 3), linspace(0, 1, 4)]);
    const optimizer = leastSquares({inner: 'direct'});
    using solver = new ManySolver(posed(sources[0], 1), {
      ...{optimizer, device: backend.name, dtype: 'float64', threads: 1},
      evaluate: {at, expressions: ['u', 'a*v_x']},
    });
    const data = (f: Float64Array) => ({inside: {f, g: f.map((value) => value ** 2)}});
    const all = await solver.solve(sources.map((f, i) => ({uniforms: {a: 1 + i}, data: data(f)})));
    for (const i of [0, 1, 16, 20]) {
      using alone = await solve(posed(sources[i], 1 + i), {optimizer, device: 'cpu', dtype: 'float64'});
      expect(distance(all[i].parameters, await alone.parameters())).toBeLessThan(1e-10);
      const values = await alone.evaluate(at, {expressions: ['u', 'a*v_x']});
      for (const name of ['u', 'a*v_x'] as const) expect(distance(all[i].values![name], values[name])).toBeLessThan(1e-10);
    }
  });
});
