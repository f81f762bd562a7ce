import type {Image} from '../../lib/imaging/image';
import {renderScene} from '../../lib/imaging/scene/scene';
import type {PoissonCase, PoissonOptions} from '../../lib/problems/poisson';
import {assessPoisson, poisson, poissonStages} from '../../lib/problems/poisson';
import {bspline, hat} from '../../lib';
import {solvedCase} from '../support/solved';

interface Reconstructed {
  metrics: Record<string, number>;
  reconstruction: Float64Array;
  posed: PoissonCase;
  loss: number;
  firstLoss: number;
}

async function reconstruct(
  image: Image,
  options: PoissonOptions,
  {iterations}: {iterations?: number} = {},
): Promise<Reconstructed> {
  const posed = poisson(image, options);
  const schedule = {problem: posed.problem, preset: posed.options.preset, stages: poissonStages(posed)};
  using solution = await solvedCase(schedule, {iterations: iterations === undefined ? undefined : [iterations]});
  return {...(await assessPoisson(posed, solution)), posed, loss: solution.loss, firstLoss: solution.losses.loss[0]};
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
    expect(metrics.ssim).toBeGreaterThan(0.99999);
  });

  it('in colour comes back as well, and scores what the truth itself would', async () => {
    const gray = renderScene(64);
    // Channels of different mean and contrast: what is open is a constant of each.
    const data = Float64Array.from(
      {length: 3 * 64 * 64},
      (_, i) => [0.02, 0.3, 0.55][i % 3] + [0.4, 0.6, 0.3][i % 3] * gray.data[(Math.floor(i / 3) * [1, 3, 7][i % 3]) % 4096],
    );
    const {metrics} = await reconstruct({width: 64, height: 64, channels: 3, data}, {}, {iterations: 100});
    expect(metrics.psnr).toBeGreaterThan(100);
    expect(metrics.ssim).toBeGreaterThan(0.99999);
    expect(metrics.psnrPaper).toBeCloseTo(metrics.psnrPaperCeiling, 3);
    expect(metrics.ssimPaper).toBeCloseTo(metrics.ssimPaperCeiling, 4);
    expect(metrics.ssimPaperCeiling).toBeLessThan(1);
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

  it('refuses fewer cells than it has pixels, where nodes lie on them', () => {
    const image: Image = {width: 20, height: 12, channels: 1, data: new Float64Array(240)};
    expect(() => poisson(image, {resolution: 12})).toThrow(/at least 19 here, and is 12.*pixels/);
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
    expect(smooth.loss).toBeLessThan(1e-10 * smooth.firstLoss);
    // What is known is met, and the image is not: nothing says which harmonic function to add.
    expect(smooth.metrics.psnr).toBeLessThan(20);
  });

  it('is out of reach of linear interpolation: the second derivatives of hat vanish', async () => {
    const {reconstruction} = await reconstruct(ramp(48, 48), {supervision: 'laplacian', border: 'free', kernel: hat()});
    expect(Math.max(...reconstruction) - Math.min(...reconstruction)).toBeLessThan(1e-12);
  });

  it("learns in the paper's protocol", async () => {
    const options = {supervision: 'laplacian', preset: 'paper'} as const;
    const begun = await reconstruct(renderScene(64), options, {iterations: 1});
    const later = await reconstruct(renderScene(64), options, {iterations: 100});
    expect(later.loss).toBeLessThan(0.8 * begun.loss);
    expect(later.metrics.psnrPaper).toBeGreaterThan(begun.metrics.psnrPaper + 1);
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
