import {heat} from '../../lib/problems/heat';
import {heatDefinition} from '../../lib/problems/heat-definition';
import {measure} from '../../lib/cases/evolution';
import {stagesFrom} from '../../lib/cases/stages';
import {lattice, linspace} from '../../lib/pose/sampling';
import {solved, solvedCase} from '../support/solved';

describe('heat', () => {
  it('is solved by least squares to 1e-5', async () => {
    const posed = heat();
    using solution = await solvedCase(posed);
    const {metrics} = await measure(posed, solution);
    expect(metrics.relativeL2).toBeLessThan(1e-5);
    expect(metrics.maxError).toBeLessThan(1e-5);
  });

  it("has the authors' settings in the paper's preset", () => {
    const {problem, stages, samplesPerIteration} = heat({preset: 'paper'});
    const [field] = problem.spec.fields;
    expect(problem.spec.domain).toEqual([
      {name: 't', lower: -2, upper: 2},
      {name: 'x', lower: -1, upper: 1},
    ]);
    expect(field.grid).toEqual({
      type: 'grid',
      resolution: [128, 128],
      levels: 2,
      features: 1,
      kernel: {type: 'gaussian', epsilon: 1, rings: 3},
      edge: 'clamp',
      initialScale: 1e-4,
    });
    expect(field.decoder).toEqual({type: 'linear'});
    expect(problem.spec.uniforms).toEqual({alpha: 1});
    expect(problem.spec.terms).toMatchObject([{samples: {kind: 'stratified', boxes: [256, 256]}, loss: 'abs', weight: 1}]);
    expect(samplesPerIteration).toBe(256 ** 2);
    expect(stagesFrom({preset: 'paper', own: {}}, stages)).toMatchObject([
      {name: 'adam', stage: {iterations: 5000, learningRate: 1e-3, decaySteps: 5000, beta1: 0.9, beta2: 0.999}},
    ]);
  });

  it.each(['paper', 'fast'] as const)('holds its conditions in the %s preset, whatever the field', async (preset) => {
    const posed = heat({preset});
    using solution = await solvedCase(posed, {iterations: [3], inner: 'cgls'});
    const x = linspace(-1, 1, 33);
    const {u: start} = await solution.evaluate(lattice([[-2], x]));
    start.forEach((value, i) => expect(Math.abs(value - Math.sin(Math.PI * x[i]))).toBeLessThan(1e-6));
    const {u: ends} = await solution.evaluate(lattice([linspace(-2, 2, 33), [-1, 1]]));
    ends.forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-6));
    // Inside, the field is at work: three iterations are no solution.
    expect((await measure(posed, solution)).metrics.relativeL2).toBeGreaterThan(1e-3);
  });

  it("learns in the paper's preset", async () => {
    const posed = heat({preset: 'paper', resolution: 32});
    const run = async (iterations: number): Promise<{loss: number; error: number}> => {
      using solution = await solvedCase(posed, {iterations: [iterations], learningRate: 1e-2});
      return {loss: solution.loss, error: (await measure(posed, solution)).metrics.relativeL2};
    };
    const [begun, later] = [await run(1), await run(150)];
    // The lift alone is 36 % off; the floor of this preset's start is not far below.
    expect(later.loss).toBeLessThan(begun.loss);
    expect(later.error).toBeLessThan(0.85 * begun.error);
  });

  it('shows what the command line promises', async () => {
    const prepared = await heatDefinition.prepare({preset: 'fast', iterations: [20], own: {}});
    using solution = await solved(prepared);
    const {pictures, arrays, metrics} = await prepared.assess(solution);
    expect(pictures.map(({name}) => name)).toEqual(['comparison', 'frames', 'space-time', 'truth', 'error']);
    for (const {picture} of pictures) expect(picture.data).toHaveLength(picture.width * picture.height * picture.channels);
    expect(arrays.map(({name, shape}) => [name, ...shape])).toEqual([
      ['solution', 257, 257],
      ['truth', 257, 257],
      ['t', 257],
      ['x', 257],
    ]);
    expect(Object.keys(metrics)).toEqual(['relativeL2', 'relativeL1', 'maxError', 'meanAbsoluteError']);
  });

  it('keeps the proportion of its axes at other resolutions, and says which halve', () => {
    expect(heat({resolution: 128}).problem.spec.fields[0].grid!.resolution).toEqual([128, 32]);
    expect(() => heat({resolution: 33})).toThrow(
      expect.objectContaining({code: 'INVALID_ARGUMENT', message: expect.stringContaining('use 34')}),
    );
    expect(() => heat({resolutoin: 64} as never)).toThrow(expect.objectContaining({code: 'UNKNOWN_OPTION'}));
  });
});
