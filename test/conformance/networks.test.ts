/** Networks on the coordinates: jets against series arithmetic, accuracy of their activations, and how their weights start. */
import type {Network} from '../../lib/pose/field';
import {pinn, siren} from '../../lib/pose/field';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {lattice, linspace, points} from '../../lib/pose/sampling';
import type {Dtype} from './backends';
import {BACKENDS, EPSILON, withSession} from './backends';
import {SeriesAlgebra} from './series';
import {COORDINATES, derivativeName, generator, randomVector} from './support';

const LOWER = [0, -1, 2];
const UPPER = [1, 1, 5];

function posed(field: Network, dims: number, unknowns: readonly string[]): Problem {
  return problem({
    domain: Object.fromEntries(COORDINATES.slice(0, dims).map((name, k) => [name, [LOWER[k], UPPER[k]] as const])),
    unknowns,
    field,
    terms: [term(points(LOWER.slice(0, dims)), unknowns.map((name) => `${name} - 1`).join(' + '))],
  });
}

/** Φ by its series of positive terms near 0, by Laplace's continued fraction of its tail beyond. */
function normalDistribution(x: number): number {
  if (Math.abs(x) > 3) {
    let fraction = Math.abs(x);
    for (let n = 120; n >= 1; n--) fraction = Math.abs(x) + n / fraction;
    const tail = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / fraction;
    return x < 0 ? tail : 1 - tail;
  }
  let sum = 0;
  let part = x;
  for (let n = 1; Math.abs(part) > 1e-18 * Math.abs(sum); n++) {
    sum += part;
    part *= (x * x) / (2 * n + 1);
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

class NetworkReference {
  readonly algebra: SeriesAlgebra;

  constructor(
    private readonly network: Network,
    dims: number,
    private readonly outputs: number,
    private readonly parameters: Float64Array,
    order: number,
  ) {
    this.algebra = new SeriesAlgebra(dims, order);
  }

  /** Series of each output in the domain's units. */
  at(point: readonly number[]): Float64Array[] {
    const {algebra, network} = this;
    let rows = point.flatMap((x, k) => {
      const extent = UPPER[k] - LOWER[k];
      const linear = (value: number, slope: number): Float64Array => {
        const series = new Float64Array(algebra.size);
        series[0] = value;
        const first = algebra.indices.findIndex((alpha) => alpha.every((n, i) => n === (i === k ? 1 : 0)));
        if (first >= 0) series[first] = slope;
        return series;
      };
      const unit = (x - LOWER[k]) / extent;
      return network.periodic.includes(COORDINATES[k])
        ? algebra.sinCos(linear(2 * Math.PI * unit, (2 * Math.PI) / extent))
        : [linear(2 * unit - 1, 2 / extent)];
    });
    let at = 0;
    for (let layer = 0; layer <= network.hiddenLayers + 1; layer++) {
      const last = layer > network.hiddenLayers;
      const count = last ? this.outputs : network.width;
      const bias = at + count * rows.length;
      rows = Array.from({length: count}, (_, h) => {
        const sum = new Float64Array(algebra.size);
        rows.forEach((row, c) => {
          row.forEach((value, i) => (sum[i] += this.parameters[at + h * rows.length + c] * value));
        });
        sum[0] += this.parameters[bias + h];
        return last || (layer === 0 && !network.firstActivation) ? sum : this.activate(sum, layer);
      });
      at = bias + count;
    }
    expect(at).toBe(this.parameters.length);
    return rows;
  }

  private activate(g: Float64Array, layer: number): Float64Array {
    const {algebra, network} = this;
    const scaled = (factor: number): Float64Array => g.map((value) => factor * value);
    switch (network.activation) {
      case 'sine':
        return algebra.sinCos(scaled(layer === 0 ? network.firstOmega : network.omega))[0];
      case 'tanh': {
        const e = algebra.exp(scaled(2));
        const [above, below] = [e.slice(), e.slice()];
        above[0] -= 1;
        below[0] += 1;
        return algebra.divide(above, below);
      }
      case 'gelu': {
        const density = algebra
          .exp(algebra.multiply(g, g).map((value) => -value / 2))
          .map((value) => value / Math.sqrt(2 * Math.PI));
        return algebra.multiply(g, algebra.integrate(normalDistribution(g[0]), density, g));
      }
    }
  }
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

function scattered(count: number, dims: number): number[][] {
  const random = generator(count);
  return Array.from({length: count}, () => LOWER.slice(0, dims).map((low, k) => low + (UPPER[k] - low) * random()));
}

const FIELDS: readonly (readonly [string, Network])[] = [
  ['Siren', siren({width: 6, hiddenLayers: 2, omega: 1.5, firstOmega: 3})],
  ['Siren, periodic along y', siren({width: 4, hiddenLayers: 1, omega: 2, periodic: ['y']})],
  ['PINN', pinn({width: 7, hiddenLayers: 2})],
  ['PINN, no first activation', pinn({width: 5, hiddenLayers: 1, firstActivation: false})],
  ['PINN, tanh, periodic along x', pinn({width: 5, hiddenLayers: 2, activation: 'tanh', periodic: ['x']})],
];
const shapes = FIELDS.flatMap(([name, field]) =>
  [1, 2, 3]
    .filter((dims) => field.periodic.every((axis) => COORDINATES.slice(0, dims).includes(axis as 'x')))
    .flatMap((dims) => [0, 1, 2, 3, 4].map((order) => [`${name}, ${dims}-D, order ${order}`, field, dims, order] as const)),
);

describe.each(BACKENDS)('networks on $name', (backend) => {
  test.each(shapes)('%s', async (_, field, dims, order) => {
    for (const outputs of [1, 2]) {
      const unknowns = ['u', 'v'].slice(0, outputs);
      const given = posed(field, dims, unknowns);
      // Orders 0 and 1 with more samples than go through the layers together.
      const at = scattered(order <= 1 ? 300 : 21, dims);
      for (const dtype of backend.dtypes) {
        await withSession(backend, given, {dtype}, async (session) => {
          const parameters = randomVector((await session.parameters()).length, 17, 0.6);
          await session.setParameters(parameters);
          const reference = new NetworkReference(field, dims, outputs, parameters, order);
          const expected = at.map((point) => reference.at(point));
          const {indices} = reference.algebra;
          const names = unknowns.flatMap((unknown) => indices.map((alpha) => derivativeName(unknown, alpha)));
          const values = await session.evaluate(names, points(Float64Array.from(at.flat())));
          names.forEach((name, i) => {
            const [output, a] = [Math.floor(i / indices.length), i % indices.length];
            const scale = indices[a].reduce((product, n) => product * factorial(n), 1);
            const truth = expected.map((rows) => scale * rows[output][a]);
            const size = Math.max(...truth.map(Math.abs));
            const error = Math.max(...truth.map((value, n) => Math.abs(value - values[i][n])));
            if (!(error <= 50 * EPSILON[dtype] * size)) throw new Error(`${dtype}, ${name}: ${error / size} off`);
          });
        });
      }
    }
  });

  // One unit of one layer; coordinates and weight are such that its argument is exact in float32.
  async function unitValues(field: Network, weight: number, dtype: Dtype): Promise<{argument: number; value: number}[]> {
    const axis = linspace(0, 1, 2 ** 12 + 1);
    return withSession(backend, posed(field, 1, ['u']), {dtype}, async (session) => {
      await session.setParameters(Float64Array.from([weight, 0, 1, 0]));
      const [u] = await session.evaluate(['u'], lattice([axis]));
      return [...u].map((value, i) => ({argument: weight * (2 * axis[i] - 1), value}));
    });
  }

  test.each(backend.dtypes)('the sine keeps the precision of %s far from 0', async (dtype) => {
    for (const weight of [1, 64, 4096]) {
      const values = await unitValues(siren({width: 1, hiddenLayers: 0, omega: 1}), weight, dtype);
      for (const {argument, value} of values)
        expect(Math.abs(value - Math.sin(argument))).toBeLessThanOrEqual(1.5 * EPSILON[dtype]);
    }
  });

  test.each(backend.dtypes)('GELU keeps the precision of %s', async (dtype) => {
    for (const weight of [1, 8, 32]) {
      for (const {argument, value} of await unitValues(pinn({width: 1, hiddenLayers: 0}), weight, dtype)) {
        const truth = argument * normalDistribution(argument);
        expect(Math.abs(value - truth)).toBeLessThanOrEqual(4 * EPSILON[dtype] * Math.max(1, Math.abs(argument)));
      }
    }
  });

  test('a Siren starts as its authors say', async () => {
    const width = 128;
    await withSession(backend, posed(siren({width, hiddenLayers: 2, omega: 20}), 2, ['u']), {}, async (session) => {
      const parameters = await session.parameters();
      const layers = [2, width, width, width].map((fanIn, i) => ({fanIn, fanOut: i < 3 ? width : 1}));
      let at = 0;
      layers.forEach(({fanIn, fanOut}, i) => {
        const next = (count: number): Float64Array => parameters.slice(at, (at += count));
        expectUniform(next(fanIn * fanOut), i === 0 ? 1 / fanIn : Math.sqrt(6 / fanIn) / 20);
        const biases = next(fanOut);
        if (i < 3) expectUniform(biases, 1 / Math.sqrt(fanIn));
        else expect(Math.abs(biases[0])).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
      });
      expect(at).toBe(parameters.length);
    });
  });

  test('a PINN starts as Xavier says, with zero bias', async () => {
    await withSession(backend, posed(pinn({width: 96, hiddenLayers: 1}), 3, ['u']), {}, async (session) => {
      const parameters = await session.parameters();
      expectUniform(parameters.slice(0, 3 * 96), Math.sqrt(6 / 99));
      expect(parameters.slice(3 * 96, 4 * 96).every((value) => value === 0)).toBe(true);
      expectUniform(parameters.slice(4 * 96, 100 * 96), Math.sqrt(6 / 192));
    });
  });
});

/** Within ±bound, reaching nearly to both ends, with the mean and the variance of a uniform distribution to four standard errors. */
function expectUniform(values: Float64Array, bound: number): void {
  const n = values.length;
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
  expect(Math.max(...values)).toBeGreaterThan(bound * (1 - 12 / n));
  expect(Math.min(...values)).toBeLessThan(-bound * (1 - 12 / n));
  const mean = values.reduce((a, b) => a + b, 0) / n;
  expect(Math.abs(mean)).toBeLessThanOrEqual((4 * bound) / Math.sqrt(3 * n));
  const square = values.reduce((a, b) => a + b * b, 0) / n / bound ** 2;
  expect(Math.abs(square - 1 / 3)).toBeLessThanOrEqual(4 * Math.sqrt(4 / 45 / n));
}
