import type {Image} from '../../lib/imaging/image';
import {renderScene} from '../../lib/imaging/scene/scene';
import type {Assessment, Prepared, RunOptions} from '../../lib/cases/definition';
import {fitDefinition, fitFunction, fitImage} from '../../lib/problems/fit-definition';
import {solved} from '../support/solved';

async function run(prepared: Prepared): Promise<Assessment & {loss: number}> {
  using solution = await solved(prepared);
  return {...(await prepared.assess(solution)), loss: solution.loss};
}
const fast: RunOptions = {preset: 'fast', own: {}};
const paper: RunOptions = {preset: 'paper', own: {}};

/** An image that is not square, and differs from its mirror images. */
function ramp(width: number, height: number): Image {
  const data = Float64Array.from({length: width * height}, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return 0.2 + (0.5 * column) / width + 0.3 * Math.sin((3 * row) / height) ** 2;
  });
  return {width, height, channels: 1, data};
}

describe('an image', () => {
  it('is interpolated by least squares', async () => {
    const {metrics, arrays} = await run(fitImage(renderScene(128), fast));
    expect(metrics.psnr).toBeGreaterThan(100);
    expect(metrics.ssim).toBeGreaterThan(0.99999);
    expect(arrays[0].shape).toEqual([128, 128]);
  });

  it.each([
    [37, 61],
    [64, 17],
    [2, 2],
    [2, 50],
  ])('may have %i × %i pixels', async (width, height) => {
    const {metrics, arrays} = await run(fitImage(ramp(width, height), fast));
    expect(metrics.psnr).toBeGreaterThan(80);
    expect(arrays[0].shape).toEqual([height, width]);
  });

  it('may be in colour', async () => {
    const image = renderScene(64, {channels: 3});
    const {metrics, arrays} = await run(fitImage(image, fast));
    expect(metrics.psnr).toBeGreaterThan(80);
    expect(arrays[0].shape).toEqual([64, 64, 3]);
    expect(Array.from(arrays[0].values.subarray(0, 3))).toEqual(
      Array.from(image.data.subarray(0, 3), (value) => expect.closeTo(value, 3) as number),
    );
  });

  it('is smoothed by a grid with fewer cells, the more the fewer', async () => {
    const of = async (resolution: number) => (await run(fitImage(renderScene(128), {...fast, resolution}))).metrics.psnr;
    const [coarse, middle] = [await of(16), await of(64)];
    expect(coarse).toBeGreaterThan(10);
    expect(middle).toBeGreaterThan(coarse + 3);
    expect(middle).toBeLessThan(60);
  });

  it("has the paper's field and optimizer in its preset", async () => {
    const {problem, optimizers, samplesPerIteration} = fitImage(ramp(512, 512), paper);
    const [{grid, decoder}] = problem.spec.fields;
    expect({...grid, decoder: decoder?.type}).toMatchObject({
      resolution: [512, 512],
      levels: 4,
      features: 2,
      edge: 'clamp',
      kernel: {type: 'gaussian', epsilon: 1, rings: 3},
      decoder: 'linear',
    });
    expect(optimizers.map(({stage}) => stage)).toMatchObject([
      {type: 'adam', iterations: 20_000, learningRate: 5e-3, decaySteps: 5000},
    ]);
    expect(problem.spec.terms[0]).toMatchObject({loss: 'square', samples: {draws: 512 * 512}});
    expect(samplesPerIteration).toBe(512 * 512);
    const {metrics} = await run(fitImage(renderScene(64), {...paper, iterations: [400]}));
    expect(metrics.psnr).toBeGreaterThan(25);
  });

  it('needs two pixels a side', () => {
    expect(() => fitImage(ramp(1, 9), fast)).toThrow(expect.objectContaining({code: 'IMAGE_TOO_SMALL'}));
  });
});

describe('a function', () => {
  it.each([
    ['sin(10*x)*y', 5e-6],
    ['exp(-20*(x^2 + y^2))', 5e-6],
    ['x + 2*y^3', 5e-6],
    ['abs(x - 0.3)*y', 2e-2],
  ])('%s is fitted', async (text, tolerance) => {
    const {metrics} = await run(fitFunction(text, fast));
    expect(metrics.relativeL2).toBeLessThan(tolerance);
  });

  it('lies in its array with rows in y, from -1 up', async () => {
    const {arrays, pictures} = await run(fitFunction('x + 10*y', fast));
    const [{values, shape}] = arrays;
    const [rows, columns] = shape;
    expect(values[columns - 1]).toBeCloseTo(1 - 10, 3);
    expect(values[(rows - 1) * columns]).toBeCloseTo(-1 + 10, 3);
    expect(pictures[0].name).toBe('comparison');
  });

  it("is fitted by Adam and the mean absolute residual in the paper's preset", async () => {
    const few = await run(fitFunction('sin(3*x)*y', {...paper, resolution: 32, iterations: [1]}));
    const more = await run(fitFunction('sin(3*x)*y', {...paper, resolution: 32, iterations: [60]}));
    expect(more.metrics.relativeL2).toBeLessThan(0.3 * few.metrics.relativeL2);
    expect(fitFunction('x', paper).problem.spec.terms[0].loss).toBe('abs');
  });

  it.each([
    ['1/x', 'NON_FINITE', /1\/x.*x = 0/],
    ['log(y)', 'NON_FINITE', /log\(y\)/],
    ['sin(z)', 'UNKNOWN_SYMBOL', /z/],
    ['u + x', 'UNKNOWN_SYMBOL', /u/],
    ['x +', 'SYNTAX', /./],
  ])('%s is refused', async (text, code, message) => {
    await expect(fitDefinition.prepare({preset: 'fast', own: {function: text}})).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('excludes an image', async () => {
    await expect(fitDefinition.prepare({preset: 'fast', own: {function: 'x', image: 'a.png'}})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
