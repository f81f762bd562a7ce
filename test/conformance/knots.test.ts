/** B-splines on knots: cells of different sizes, and knots that are repeated. */
import type {Grid} from '../../lib/pose/field';
import {rbfGrid} from '../../lib/pose/field';
import {bspline} from '../../lib/pose/kernel';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import type {Samples} from '../../lib/pose/sampling';
import {gauss, lattice, linspace, points} from '../../lib/pose/sampling';
import {term} from '../../lib/pose/term';
import {BACKENDS, withSession} from './backends';
import {randomVector} from './support';

const EXPRESSIONS = ['u', 'u_x', 'u_y', 'u_xx', 'u_xy'] as const;
/** Of the unit box and of no other, so that the knots' units count. */
const DOMAIN = {x: [-1, 3], y: [0, 0.5]} as const;

const UNEVEN = [-1, -0.9, -0.7, -0.2, 0.5, 0.6, 2.5, 3];
const REPEATED = [0, 0.1, 0.1, 0.1, 0.2, 0.35, 0.4, 0.5];

function posed(field: Grid, samples: Samples = lattice([[0], [0.2]])): Problem {
  return problem({domain: DOMAIN, unknowns: ['u'], field, terms: [term(samples, 'u_xx + x*u_y + u')]});
}

const grid = (degree: number, knots: Grid['knots'], edge: Grid['edge'] = 'extend'): Grid =>
  rbfGrid({kernel: bspline(degree), resolution: 8, knots, edge});

/** The splines of an axis by Cox and de Boor's recursion, as it stands in books. */
function deBoor(open: readonly number[], degree: number, i: number, x: number): number {
  if (degree === 0) return open[i] <= x && x < open[i + 1] ? 1 : 0;
  const part = (from: number, to: number, value: number): number => (to > from ? value / (to - from) : 0);
  return (
    part(open[i], open[i + degree], x - open[i]) * deBoor(open, degree - 1, i, x) +
    part(open[i + 1], open[i + degree + 1], open[i + degree + 1] - x) * deBoor(open, degree - 1, i + 1, x)
  );
}

const open = (knots: readonly number[], degree: number): number[] => [
  ...Array<number>(degree).fill(knots[0]),
  ...knots,
  ...Array<number>(degree).fill(knots[knots.length - 1]),
];

describe.each(BACKENDS)('knots on $name', (backend) => {
  test.each([
    [3, UNEVEN, [0, 0.1, 0.1, 0.2, 0.5]],
    [5, UNEVEN, REPEATED],
    [7, [-1, 0, 3], [0, 0.25, 0.5]],
  ])('degree %i: splines are those of the book', async (degree, along, across) => {
    const places = Array.from({length: 40}, (_, i) => [-1 + 4 * ((i * 0.618) % 1), 0.5 * ((i * 0.7548) % 1)]);
    await withSession(backend, posed(grid(degree, [along, across])), {dtype: 'float64', folded: true}, async (session) => {
      const [n, m] = [along, across].map((knots) => knots.length - 1 + degree);
      const coefficients = randomVector(n * m, 5);
      await session.setParameters(coefficients, true);
      const [values] = await session.evaluate(['u'], points(places.flat()));
      places.forEach(([x, y], p) => {
        let sum = 0;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < m; j++)
            sum +=
              coefficients[i * m + j] * deBoor(open(along, degree), degree, i, x) * deBoor(open(across, degree), degree, j, y);
        expect(Math.abs(values[p] - sum)).toBeLessThan(1e-12);
      });
    });
  });

  test.each([
    ['extend', 'extend'],
    ['periodic', 'extend'],
    ['extend', 'periodic'],
  ] as const)('with edges %s, %s a lattice has what its points have', async (first, second) => {
    const field = grid(3, [UNEVEN, [0, 0.05, 0.15, 0.3, 0.5]], [first, second]);
    const axes = [linspace(-1, 3, 9), linspace(0, 0.5, 7)];
    const scattered = points(Array.from(axes[0]).flatMap((x) => Array.from(axes[1]).flatMap((y) => [x, y])));
    await withSession(backend, posed(field), {dtype: 'float64', folded: true}, async (session) => {
      const {parameters} = await session.state();
      await session.setParameters(randomVector(parameters, 3), true);
      const onLattice = await session.evaluate(EXPRESSIONS, lattice(axes));
      const atPoints = await session.evaluate(EXPRESSIONS, scattered);
      onLattice.forEach((values, e) => {
        values.forEach((value, i) => {
          expect(Math.abs(value - atPoints[e][i])).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
        });
      });
      if (first === 'periodic') for (let j = 0; j < 7; j++) expect(onLattice[0][j]).toBeCloseTo(onLattice[0][8 * 7 + j], 12);
    });
  });

  test.each([
    ['a lattice', gauss(3)],
    ['points', points(Array.from({length: 60}, (_, i) => (i % 2 === 0 ? -1 + ((4 * i) % 59) / 15 : ((i * 7) % 50) / 100)))],
  ])('the adjoint on %s is the transpose, and squares are those of its columns', async (_, samples) => {
    await withSession(
      backend,
      posed(grid(3, [UNEVEN, REPEATED.slice(0, 6).concat(0.5)]), samples),
      {dtype: 'float64', folded: true},
      async (session) => {
        const rows = await session.linearise();
        const {parameters} = await session.state();
        const [x, y] = [randomVector(parameters, 1), randomVector(rows.length, 2)];
        const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
        const [ax, aty] = [await session.tangent(x), await session.adjoint(y)];
        expect(dot(ax, y)).toBeCloseTo(dot(x, aty), 9);
        const squares = await session.columnSquares();
        for (const k of [0, 7, parameters - 1]) {
          const unit = Float64Array.from({length: parameters}, (__, i) => (i === k ? 1 : 0));
          const column = await session.tangent(unit);
          expect(squares[k]).toBeCloseTo(dot(column, column), 8);
        }
      },
    );
  });
});

describe('a grid with knots', () => {
  const make = (options: Partial<Parameters<typeof rbfGrid>[0]>): Grid => rbfGrid({kernel: bspline(3), ...options});

  test('has as many cells as there are spans', () => {
    expect(make({knots: [UNEVEN, null], resolution: 4}).resolution).toEqual([7, 4]);
  });
  test.each([
    ['of another kernel', {knots: [[0, 1]], kernel: undefined}, 'B-splines'],
    ['of several levels', {knots: [[0, 0.5, 1]], levels: 2}, 'one level'],
    ['with clamped edges', {knots: [[0, 1]], edge: 'clamp' as const}, 'clamp'],
    ['that fall', {knots: [[0, 0.5, 0.4, 1]]}, '0.5 is followed by 0.4'],
    ['that are repeated too often', {knots: [[0, 0.5, 0.5, 0.5, 0.5, 1]]}, 'more than 3 times'],
    ['of which there is one', {knots: [[0]]}, 'both bounds'],
    ['beside an axis of which nothing is known', {knots: [[0, 1], null]}, 'neither knots nor a resolution'],
    ['too few for a ring', {knots: [[0, 0.5, 1]], edge: 'periodic' as const}, 'need 4'],
  ])('refuses knots %s', (_, options, message) => {
    expect(() => make(options)).toThrow(message);
  });
  test('runs from bound to bound', () => {
    const field = make({knots: [[0, 1], null], resolution: 2});
    expect(() => posed(field)).toThrow('run from 0 to 1, and the domain from -1 to 3');
  });
  test('has Gauss points in its own cells', () => {
    const {samples} = posed(make({knots: [UNEVEN, null], resolution: 2}), gauss(2)).spec.terms[0];
    expect(samples).toMatchObject({cells: [7, 2], breaks: [UNEVEN, [0, 0.25, 0.5]]});
  });
});
