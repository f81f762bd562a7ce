import type {Image} from '../../lib/imaging/image';
import {renderScene} from '../../lib/imaging/scene';
import type {PoissonCase, PoissonOptions} from '../../lib/problems/poisson';
import {assessPoisson, poisson, poissonStages} from '../../lib/problems/poisson';
import {stagesFrom} from '../../lib/problems/shared';
import {bspline, hat, solve} from '../../lib';

async function reconstruct(
  image: Image,
  options: PoissonOptions,
  solver: {iterations?: number} = {},
): Promise<{metrics: Record<string, number>; reconstruction: Float64Array; posed: PoissonCase; unknowns: number}> {
  const posed = poisson(image, options);
  const iterations = solver.iterations === undefined ? undefined : [solver.iterations];
  const stages = stagesFrom({preset: posed.options.preset, iterations, own: {}}, poissonStages(posed));
  using solution = await solve(posed.problem, {optimizer: stages.map(({stage}) => stage)});
  return {...(await assessPoisson(posed, solution)), posed, unknowns: solution.unknowns};
}

/** A smooth image that is not square, so that swapped axes cannot pass. */
function ramp(width: number, height: number): Image {
  const data = new Float64Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      data[row * width + column] =
        0.5 + 0.3 * Math.sin((2 * column) / width) * Math.cos((5 * row) / height) + (0.1 * column) / width;
    }
  }
  return {width, height, channels: 1, data};
}

describe('an image from its gradient', () => {
  it('comes back exactly from half-pixel differences', async () => {
    const {metrics} = await reconstruct(renderScene(128), {});
    expect(metrics.psnr).toBeGreaterThan(60);
    expect(metrics.ssim).toBeGreaterThan(0.98); // of the paper's rescaling, which clips
  });

  it.each([
    [37, 61],
    [64, 17],
    [2, 2],
    [3, 200],
  ])('of %i × %i pixels too', async (width, height) => {
    const {metrics} = await reconstruct(ramp(width, height), {}, {iterations: 200});
    expect(metrics.psnr).toBeGreaterThan(60);
  });

  it('comes back blurred from Sobel derivatives, on images that are not square as well', async () => {
    const {metrics} = await reconstruct(ramp(64, 40), {target: 'sobel'}, {iterations: 50});
    expect(metrics.psnrAffine).toBeGreaterThan(35);
  });

  it('needs no offset when the border is known', async () => {
    const {metrics} = await reconstruct(ramp(64, 40), {border: 'known'}, {iterations: 200});
    expect(metrics.psnr).toBeGreaterThan(60);
  });

  it('works in colour', async () => {
    const {metrics} = await reconstruct(renderScene(64, {channels: 3}), {}, {iterations: 60});
    expect(metrics.psnr).toBeGreaterThan(60);
  });

  it("trains by Adam in the paper's preset", async () => {
    const {metrics, posed} = await reconstruct(renderScene(64), {preset: 'paper'}, {iterations: 300});
    const grid = posed.problem.spec.fields[0].grid!;
    expect({edge: grid.edge, features: grid.features, levels: grid.levels, kernel: grid.kernel}).toEqual({
      edge: 'clamp',
      features: 2,
      levels: 6,
      kernel: {type: 'gaussian', epsilon: 1, rings: 3},
    });
    expect(metrics.psnrPaper).toBeGreaterThan(20);
  });

  it("has the paper's number of parameters at 512 × 512", () => {
    const {problem} = poisson(ramp(512, 512), {preset: 'paper'});
    const grid = problem.spec.fields[0].grid!;
    let parameters = grid.features * grid.levels + 1;
    for (let s = 0; s < grid.levels; s++) {
      parameters += grid.features * (grid.resolution as number[]).reduce((n, cells) => n * (cells / 2 ** s + 1), 1);
    }
    expect(parameters).toBe(702_937);
  });
});

describe('an image from its Laplacian', () => {
  it('comes back when the border is known, by the energy of the Ritz form', async () => {
    const {metrics} = await reconstruct(renderScene(128), {supervision: 'laplacian'});
    expect(metrics.psnr).toBeGreaterThan(60);
  });

  it('works in colour and on images that are not square', async () => {
    const {metrics} = await reconstruct(ramp(40, 64), {supervision: 'laplacian'}, {iterations: 200});
    expect(metrics.psnr).toBeGreaterThan(60);
    const colour = await reconstruct(renderScene(64, {channels: 3}), {supervision: 'laplacian'}, {iterations: 100});
    expect(colour.metrics.psnr).toBeGreaterThan(55);
  });

  it('is fitted by a smooth kernel with a free border, whose harmonic part stays open', async () => {
    const smooth = await reconstruct(
      ramp(48, 48),
      {supervision: 'laplacian', border: 'free', kernel: bspline(5)},
      {iterations: 100},
    );
    expect(Number.isFinite(smooth.metrics.psnr)).toBe(true);
  });

  it('is out of reach of linear interpolation: the second derivatives of hat vanish', async () => {
    const {reconstruction} = await reconstruct(ramp(48, 48), {supervision: 'laplacian', border: 'free', kernel: hat()});
    expect(Math.max(...reconstruction) - Math.min(...reconstruction)).toBeLessThan(1e-12);
  });

  it("runs in the paper's protocol", async () => {
    const {metrics} = await reconstruct(renderScene(64), {supervision: 'laplacian', preset: 'paper'}, {iterations: 100});
    expect(Number.isFinite(metrics.psnrPaper)).toBe(true);
  });
});

describe('bad images', () => {
  it('that are too small', () => {
    expect(() => poisson(ramp(1, 1))).toThrow(expect.objectContaining({code: 'IMAGE_TOO_SMALL'}));
    expect(() => poisson(ramp(2, 2), {supervision: 'laplacian'})).toThrow(expect.objectContaining({code: 'IMAGE_TOO_SMALL'}));
  });
  it('with pixels that are not finite, named by place', () => {
    const image = ramp(8, 8);
    image.data[19] = NaN;
    expect(() => poisson(image)).toThrow(
      expect.objectContaining({code: 'NON_FINITE', message: expect.stringMatching(/row 2, column 3/)}),
    );
  });
  it('with a misspelt option', () => {
    expect(() => poisson(ramp(8, 8), {suprevision: 'gradient'} as never)).toThrow(
      expect.objectContaining({code: 'UNKNOWN_OPTION'}),
    );
  });
});
