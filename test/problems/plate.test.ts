import type {RunOptions} from '../../lib/cases/definition';
import {navierDeflection} from '../../lib/problems/plate';
import {plateDefinition} from '../../lib/problems/plate-definition';
import type {Assessment} from '../../lib/cases/definition';
import {bspline, lattice, linspace} from '../../lib';
import {solved} from '../support/solved';

async function bend(
  own: Record<string, string>,
  options: Partial<RunOptions> = {},
  dtype: 'float32' | 'float64' = 'float32',
): Promise<Assessment & {unknowns: number}> {
  const prepared = await plateDefinition.prepare({preset: 'fast', own, ...options});
  using solution = await solved(prepared, {dtype});
  return {...(await prepared.assess(solution)), unknowns: solution.unknowns};
}

describe("Navier's series", () => {
  // Timoshenko and Woinowsky-Krieger, Theory of Plates and Shells, table 8: deflection of the centre in q a⁴/D, a the shorter side.
  it.each([
    [1, 0.00406],
    [1.5, 0.00772],
    [2, 0.01013],
    [4, 0.01282],
  ])('has the deflections of the textbook for sides 1 : %d', (height, deflection) => {
    const [centre] = navierDeflection({width: 1, height, rigidity: 1, load: 1}, [0.5], [height / 2]);
    expect(centre).toBeCloseTo(deflection, 5);
  });

  it('grows with the load and the fourth power of the side, and falls with the rigidity', () => {
    const of = (side: number, rigidity: number, load: number) =>
      navierDeflection({width: side, height: side, rigidity, load}, [side / 3], [side / 4])[0];
    expect(of(2, 5, 3) / of(1, 1, 1)).toBeCloseTo((16 * 3) / 5, 9);
  });
});

describe.each(['strong', 'ritz'])('a plate in %s form', (form) => {
  it.each([
    ['1', '1'],
    ['2', '1'],
    ['0.01', '0.03'],
    ['100', '60'],
    ['10', '1'],
  ])('of %s × %s bends as the series says', async (width, height) => {
    const {metrics} = await bend({form, extentX: width, extentY: height});
    expect(metrics.relativeL2).toBeLessThan(1e-4);
  });

  it('gets better with resolution, until rounding', async () => {
    const coarse = await bend({form}, {resolution: 8, levels: 1, iterations: [400]}, 'float64');
    const fine = await bend({form}, {resolution: 16}, 'float64');
    expect(coarse.metrics.relativeL2).toBeGreaterThan(4 * fine.metrics.relativeL2);
    expect(fine.metrics.relativeL2).toBeLessThan(1e-5);
  });

  it('takes other kernels', async () => {
    const {metrics} = await bend({form}, {kernel: bspline(7)});
    expect(metrics.relativeL2).toBeLessThan(1e-5);
  });

  it('has neither deflection nor bending moment on its edges', async () => {
    const prepared = await plateDefinition.prepare({preset: 'fast', own: {form, extentX: '1.5'}});
    using solution = await solved(prepared, {dtype: 'float64'});
    const moment = async (xs: number[], ys: number[]) =>
      Object.values(await solution.evaluate(lattice([ys, xs]), {expressions: ['w', 'w_xx', 'w_yy']}));
    // Not near the corners, where the equation itself says 0 = q: fourth derivatives jump there, and the fit is worse.
    const along = Array.from(linspace(0.2, 0.8, 21));
    const [, , centre] = (await moment([0.75], [0.5])).map((values) => Math.abs(values[0]));
    const largest = (values: Float64Array): number => Math.max(...values.map(Math.abs));
    const sides = await moment([0, 1.5], along);
    const ends = await moment(
      along.map((t) => 1.5 * t),
      [0, 1],
    );
    expect(largest(sides[0])).toBeLessThan(1e-12);
    expect(largest(ends[0])).toBeLessThan(1e-12);
    // The least energy meets the natural condition only as well as its cells resolve it.
    const tolerance = form === 'strong' ? 1e-4 : 2e-2;
    expect(largest(sides[1])).toBeLessThan(tolerance * centre);
    expect(largest(ends[2])).toBeLessThan(tolerance * centre);
  });
});

describe('the plate of the command line', () => {
  it('lays its arrays out with rows in y', async () => {
    const {arrays, pictures} = await bend({extentX: '2', extentY: '1'});
    const [deflection, truth] = arrays;
    expect(deflection.name).toBe('deflection');
    expect(deflection.shape).toEqual([101, 201]);
    expect(truth.shape).toEqual([101, 201]);
    expect(Math.max(...deflection.values)).toBeCloseTo(0.01013, 4);
    expect(pictures.map(({name}) => name)).toEqual(['comparison', 'truth', 'solution', 'error']);
  });

  it.each([
    [{extentX: '-1'}, /--extent-x.*-1/],
    [{extentY: 'wide'}, /--extent-y.*wide/],
    [{extentX: '100', extentY: '1'}, /100 × 1.*20/],
    [{form: 'weak'}, /--form.*weak/],
  ])('refuses %j', async (own, message) => {
    await expect(plateDefinition.prepare({preset: 'fast', own})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message) as string,
    });
  });
});
