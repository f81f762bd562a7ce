import {measure} from '../../lib/cases/evolution';
import {zalesak} from '../../lib/problems/zalesak';
import {zalesakDefinition} from '../../lib/problems/zalesak-definition';
import {lattice, linspace} from '../../lib/pose/sampling';
import {solvedCase} from '../support/solved';

describe("Zalesak's disk", () => {
  it('turns anticlockwise by half a turn in the truth', () => {
    const {exact} = zalesak().system;
    expect(exact(-1, 0.2, 0.5)).toBeCloseTo(-0.1, 12); // 0.1 inside the disk, 0.15 from the slot
    expect(exact(-1, 0, 0.6)).toBeCloseTo(0.05, 12); // in the middle of the slot
    expect(exact(0, -0.5, 0.2)).toBeCloseTo(-0.1, 12); // a quarter later, on the left
    expect(exact(1, -0.2, -0.5)).toBeCloseTo(-0.1, 12);
    expect(exact(1, 0, 0.5)).toBeCloseTo(0.7, 12);
  });

  it('is turned by least squares, coarsely, to 3 %', async () => {
    const posed = zalesak({resolution: 32, levels: 3});
    using solution = await solvedCase(posed, {iterations: [100]});
    const {metrics} = await measure(posed, solution);
    expect(metrics.relativeL1).toBeLessThan(0.03);
  });

  it("has the authors' settings in the paper's preset", () => {
    const {problem, stages, samplesPerIteration} = zalesak({preset: 'paper'});
    expect(problem.spec.domain).toMatchObject([
      {name: 't', lower: -1, upper: 1},
      {name: 'x', lower: -1, upper: 1},
      {name: 'y', lower: -1, upper: 1},
    ]);
    expect(problem.spec.fields[0]).toMatchObject({
      decoder: {type: 'linear'},
      grid: {resolution: [64, 64, 64], levels: 3, features: 1, edge: 'clamp', kernel: {type: 'gaussian', epsilon: 1, rings: 3}},
    });
    expect(problem.spec.uniforms).toEqual({omega: Math.PI / 2});
    expect(problem.spec.terms).toMatchObject([{samples: {kind: 'stratified', boxes: [64, 64, 64]}, loss: 'abs'}]);
    expect(samplesPerIteration).toBe(64 ** 3);
    expect(stages.adam).toEqual({iterations: 10_000, learningRate: 5e-3, decaySteps: 5000});
  });

  it.each([
    ['paper', false],
    ['fast', false],
    ['paper', true],
    ['fast', true],
  ] as const)('begins as it should in the %s preset (indicator: %s), whatever the field', async (preset, indicator) => {
    const posed = zalesak({preset, indicator, resolution: 16, levels: 1});
    using solution = await solvedCase(posed, {iterations: [3]});
    const axis = linspace(-1, 1, 41);
    const {u} = await solution.evaluate(lattice([[-1], axis, axis]));
    u.forEach((value, i) => {
      expect(Math.abs(value - posed.system.exact(-1, axis[Math.floor(i / 41)], axis[i % 41]))).toBeLessThan(1e-6);
    });
  });

  it('comes as an indicator that turns once', () => {
    const {system} = zalesak({indicator: true});
    expect(system.exact(-1, 0.2, 0.5)).toBeGreaterThan(0.99);
    expect(system.exact(1, 0.2, 0.5)).toBeCloseTo(system.exact(-1, 0.2, 0.5), 12);
    expect(system.exact(0, -0.2, -0.5)).toBeGreaterThan(0.99);
    expect(zalesak({indicator: true}).problem.spec.uniforms).toEqual({omega: Math.PI});
  });

  it('is the distance or, with --indicator, the indicator on the command line', async () => {
    const omega = async (own: Record<string, unknown>): Promise<number> =>
      (await zalesakDefinition.prepare({preset: 'fast', own: own as Record<string, string>})).problem.spec.uniforms.omega;
    expect(await omega({})).toBe(Math.PI / 2);
    expect(await omega({indicator: true})).toBe(Math.PI);
  });
});
