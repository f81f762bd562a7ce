/** The Jacobian of the rows: its product, its transposed product, and its columns' norms. */
import type {GridOptions} from '../../lib/pose/field';
import {mlpDecoder, rbfGrid} from '../../lib/pose/field';
import {bspline, gaussian, inverseQuadratic} from '../../lib/pose/kernel';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {lattice, linspace, points} from '../../lib/pose/sampling';
import type {Session} from '../../lib/solve/session';
import type {Dtype} from './backends';
import {BACKENDS, EPSILON, withSession} from './backends';
import {parametersAt, PROBLEMS, SQUARE_PROBLEMS} from './problems';
import {combine, dot, norm, randomVector} from './support';

/** Linear decoders folded, as least squares holds them. */
async function fold(session: Session, seed: number): Promise<Float64Array> {
  // Folding needs a vector of the folded length, which only a folded solver knows: a zero-iteration stage folds and changes nothing.
  await session.run([{type: 'gauss-newton', steps: 1, iterations: 0, tolerance: 0, damping: 0}]);
  const {folded, parameters} = await session.state();
  expect(folded).toBe(true);
  const at = parametersAt(parameters, seed);
  await session.setParameters(at, true);
  return at;
}

async function columns(session: Session, count: number): Promise<Float64Array[]> {
  const list: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const unit = new Float64Array(count);
    unit[i] = 1;
    list.push(await session.tangent(unit));
  }
  return list;
}

/** Σ over unit rows of the squares of Jᵀe. */
async function squaresByRows(session: Session, parameters: number, rows: number): Promise<Float64Array> {
  const sum = new Float64Array(parameters);
  for (let q = 0; q < rows; q++) {
    const unit = new Float64Array(rows);
    unit[q] = 1;
    const row = await session.adjoint(unit);
    for (let i = 0; i < parameters; i++) sum[i] += row[i] ** 2;
  }
  return sum;
}

describe.each(BACKENDS)('Jacobian on $name', (backend) => {
  const everywhere = backend.dtypes.flatMap((dtype) => Object.keys(PROBLEMS).map((name) => [dtype, name] as const));

  test.each(everywhere)('adjoint and tangent are transposes of one another: %s, %s', async (dtype, name) => {
    await withSession(backend, PROBLEMS[name](), {dtype}, async (session) => {
      const at = await fold(session, 31);
      const rows = (await session.linearise()).length;
      for (const seed of [1, 2, 3]) {
        const direction = randomVector(at.length, 100 + seed);
        const row = randomVector(rows, 200 + seed);
        const image = await session.tangent(direction);
        const gradient = await session.adjoint(row);
        expect(norm(image)).toBeGreaterThan(0);
        const bound = 50 * EPSILON[dtype] * norm(image) * norm(row);
        expect(Math.abs(dot(image, row) - dot(direction, gradient))).toBeLessThanOrEqual(bound);
      }
    });
  });

  test.each(SQUARE_PROBLEMS)('the tangent is the derivative of the rows: %s', async (name) => {
    await withSession(backend, PROBLEMS[name](), {}, async (session) => {
      const at = await fold(session, 41);
      await session.linearise();
      const direction = randomVector(at.length, 6);
      const tangent = await session.tangent(direction);
      const rowsAt = async (h: number): Promise<Float64Array> => {
        await session.setParameters(combine(at, h, direction), true);
        return session.linearise();
      };
      const h = 1e-3;
      const near = combine(await rowsAt(h), -1, await rowsAt(-h));
      const far = combine(await rowsAt(2 * h), -1, await rowsAt(-2 * h));
      const difference = near.map((value, i) => (8 * value - far[i]) / (12 * h));
      expect(norm(combine(difference, -1, tangent))).toBeLessThanOrEqual(1e-8 * norm(tangent));
    });
  });

  test.each(SQUARE_PROBLEMS)('rows and adjoint give loss and gradient: %s', async (name) => {
    await withSession(backend, PROBLEMS[name](), {}, async (session) => {
      await fold(session, 51);
      const rows = await session.linearise();
      const loss = await session.loss();
      expect(Math.abs(dot(rows, rows) - loss)).toBeLessThanOrEqual(1e-12 * loss);
      const half = await session.adjoint(rows);
      const gradient = await session.gradient();
      expect(norm(combine(gradient, -2, half))).toBeLessThanOrEqual(1e-12 * norm(gradient));
    });
  });

  // Rows of absolute and Huber losses are reweighted so that they have the loss's gradient at the linearisation.
  test('reweighted rows have the gradient of their loss', async () => {
    await withSession(backend, PROBLEMS['linear, 1-D, absolute and Huber losses'](), {}, async (session) => {
      await fold(session, 61);
      const half = await session.adjoint(await session.linearise());
      const gradient = await session.gradient();
      expect(norm(combine(gradient, -2, half))).toBeLessThanOrEqual(1e-12 * norm(gradient));
    });
  });

  const exact: Readonly<Record<string, () => Problem>> = {
    'points, 1-D, several derivatives of two unknowns': () =>
      problem({
        domain: {x: [0, 2]},
        unknowns: ['u', 'v'],
        field: rbfGrid({resolution: 8, levels: 2, features: 1}),
        terms: [term(points(linspace(0, 2, 21)), ['0.1*u_xx + u_x - x*v', 'v_x + u*v'])],
      }),
    'points, 2-D': () => squared2D(points(randomVector(60, 1).map((value) => (value + 1) / 2))),
    'lattice, 2-D': () => squared2D(lattice([linspace(0, 1, 18), [0, 0.3, 0.95]])),
    'lattice, 3-D': () => squared3D(lattice([linspace(0, 1, 3), [0, 0.3, 1], [0.2, 0.7]])),
    'points, 3-D': () => squared3D(points(randomVector(60, 2).map((value) => (value + 1) / 2))),
    // Rings shorter than a neighbourhood, in which a node is several neighbours of one sample.
    'points, 2-D, periodic': () => squared2D(somePoints(2), {edge: 'periodic'}),
    'lattice, 2-D, periodic': () => squared2D(someLattice, {edge: ['periodic', 'extend'], kernel: bspline(5)}),
    'points, 3-D, periodic': () => squared3D(somePoints(3), {edge: ['extend', 'periodic', 'periodic']}),
    'points, 2-D, radial': () => squared2D(somePoints(2), {kernel: inverseQuadratic({rings: 2})}),
    'lattice, 2-D, radial and periodic': () => squared2D(someLattice, {kernel: inverseQuadratic({rings: 3}), edge: 'periodic'}),
    'points, 3-D, radial': () => squared3D(somePoints(3), {kernel: inverseQuadratic({rings: 1})}),
    'several terms': () =>
      problem({
        domain: {x: [0, 1]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 4, kernel: bspline(3)}),
        terms: [
          term(points(linspace(0, 1, 12)), 'u_x + u', {weight: 2}),
          term(lattice([linspace(0, 1, 5)]), 'u^2 - x', {weight: 0.25}),
          term(points([0, 1]), 'u'),
        ],
      }),
  };
  const somePoints = (dims: number): Parameters<typeof term>[0] =>
    points(randomVector(30 * dims, dims).map((value) => (value + 1) / 2));
  const someLattice = lattice([linspace(0, 1, 18), [0, 0.3, 0.95]]);
  const squared2D = (samples: Parameters<typeof term>[0], grid: Partial<GridOptions> = {}): Problem =>
    problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: [4, 2], levels: 2, kernel: gaussian({epsilon: 1, rings: 2}), edge: 'clamp', ...grid}),
      terms: [term(samples, 'u_xx + u_yy + x*u_x + u*u')],
    });
  const squared3D = (samples: Parameters<typeof term>[0], grid: Partial<GridOptions> = {}): Problem =>
    problem({
      domain: {x: [0, 1], y: [0, 1], z: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 2, kernel: bspline(3), edge: 'clamp', ...grid}),
      terms: [term(samples, 'u_xx + y*u_yz + u*u_z')],
    });
  const small = backend.dtypes.flatMap((dtype) => Object.keys(exact).map((name) => [dtype, name] as const));

  test.each(small)('column norms are exact for linear decoders: %s, %s', async (dtype: Dtype, name) => {
    await withSession(backend, exact[name](), {dtype}, async (session) => {
      const at = await fold(session, 71);
      const rows = (await session.linearise()).length;
      const squares = await session.columnSquares();
      const expected = await squaresByRows(session, at.length, rows);
      const largest = Math.max(...expected);
      expect(largest).toBeGreaterThan(0);
      // Products of planes may cancel: errors are relative to the largest column, not to each.
      const worst = Math.max(...squares.map((value, i) => Math.abs(value - expected[i])));
      expect(worst).toBeLessThanOrEqual(100 * EPSILON[dtype] * largest);
      if (dtype === 'float32') return;
      const images = await columns(session, at.length);
      images.forEach((image, i) => {
        expect(Math.abs(dot(image, image) - expected[i])).toBeLessThanOrEqual(1e-12 * largest);
      });
    });
  });

  const probed: Readonly<Record<string, () => Problem>> = {
    points: () => probedOn(points(randomVector(200, 3).map((value) => (value + 1) / 2))),
    lattice: () => probedOn(lattice([linspace(0, 1, 10), linspace(0, 1, 10)])),
  };
  const probedOn = (samples: Parameters<typeof term>[0]): Problem =>
    problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u', 'v'],
      field: rbfGrid({resolution: 4, levels: 2, features: 2, kernel: bspline(3)}),
      decoder: mlpDecoder({hidden: [6]}),
      scalars: {c: 0.5},
      terms: [term(samples, ['0.1*u_xx + c*u_y + u*v', 'v_x + c'])],
    });

  // The grid's columns are exact behind an MLP too; those of its weights and of scalars are the mean of 8 random-sign probes, each
  // unbiased, so that a column may be off by a factor but hardly by ten.
  test.each(Object.keys(probed))('column norms behind an MLP on %s: grid exact, weights and scalars estimated', async (name) => {
    await withSession(backend, probed[name](), {}, async (session) => {
      const at = await fold(session, 81);
      await session.linearise();
      const squares = await session.columnSquares();
      const images = await columns(session, at.length);
      const expected = Float64Array.from(images, (image) => dot(image, image));
      const grid = at.length - 1 - (6 * 5 + 2 * 7);
      const largest = Math.max(...expected.slice(0, grid));
      for (let i = 0; i < grid; i++) expect(Math.abs(squares[i] - expected[i])).toBeLessThanOrEqual(1e-12 * largest);
      let logarithms = 0;
      for (let i = grid; i < at.length; i++) {
        expect(squares[i] / expected[i]).toBeGreaterThan(0.1);
        expect(squares[i] / expected[i]).toBeLessThan(4);
        logarithms += Math.log(squares[i] / expected[i]);
      }
      expect(Math.abs(logarithms / (at.length - grid))).toBeLessThan(0.7);
      // A probe must not disturb the linearisation.
      const direction = randomVector(at.length, 7);
      const row = randomVector(images[0].length, 8);
      const left = dot(await session.tangent(direction), row);
      expect(Math.abs(left - dot(direction, await session.adjoint(row)))).toBeLessThanOrEqual(
        1e-12 * norm(row) * Math.sqrt(largest) * 10,
      );
    });
  });
});
