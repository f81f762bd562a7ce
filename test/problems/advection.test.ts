import {advection} from '../../lib/problems/advection';
import {advection2d} from '../../lib/problems/advection-2d';
import {measure} from '../../lib/cases/evolution';
import {lattice, linspace} from '../../lib/pose/sampling';
import {solvedCase} from '../support/solved';

const authors = {features: 1, kernel: {type: 'gaussian', epsilon: 1, rings: 3}, edge: 'clamp', initialScale: 1e-4};

describe('advection on a line', () => {
  const start = (x: number): number => Math.exp(-((x + 1.5) ** 2) / 0.02);

  it('is solved by least squares to 1e-4', async () => {
    const posed = advection();
    using solution = await solvedCase(posed);
    expect((await measure(posed, solution)).metrics.relativeL2).toBeLessThan(1e-4);
  });

  it("has the authors' settings in the paper's preset", () => {
    const {problem, stages} = advection({preset: 'paper'});
    expect(problem.spec.domain.map(({lower, upper}) => [lower, upper])).toEqual([
      [-2, 2],
      [-2, 2],
    ]);
    expect(problem.spec.fields[0]).toMatchObject({
      decoder: {type: 'linear'},
      grid: {...authors, resolution: [64, 64], levels: 1},
    });
    expect(problem.spec.terms).toMatchObject([{samples: {kind: 'stratified', boxes: [256, 256]}, loss: 'abs'}]);
    expect(problem.spec.uniforms).toEqual({c: 0.25});
    expect(stages.schedule).toEqual(['adam']);
    expect(stages.adam).toEqual({iterations: 5000, learningRate: 1e-2, decaySteps: 5000});
  });

  it.each([
    ['paper', [-2, 2]],
    ['fast', [-2]], // nothing is prescribed where it flows out
  ] as const)('holds its conditions in the %s preset, whatever the field', async (preset, edges) => {
    using solution = await solvedCase(advection({preset}), {iterations: [20]});
    const x = linspace(-2, 2, 65);
    const {u: first} = await solution.evaluate(lattice([[-2], x]));
    first.forEach((value, i) => expect(Math.abs(value - start(x[i]))).toBeLessThan(1e-6));
    const {u} = await solution.evaluate(lattice([linspace(-2, 2, 65), edges]));
    // Zero, but for the tail of the bump: exp(−12.5) = 3.7e-6.
    u.forEach((value, i) => expect(Math.abs(value - start(edges[i % edges.length]))).toBeLessThan(1e-6));
  });

  it("learns in the paper's preset", async () => {
    const posed = advection({preset: 'paper', resolution: 32});
    const errors: number[] = [];
    for (const iterations of [1, 200]) {
      using solution = await solvedCase(posed, {iterations: [iterations]});
      errors.push((await measure(posed, solution)).metrics.relativeL2);
    }
    // The bump has to travel through time: the whole run takes 5 000 iterations.
    expect(errors[1]).toBeLessThan(0.9 * errors[0]);
  });
});

describe('advection across a square', () => {
  const start = (x: number, y: number): number => Math.exp(-((x + 0.6) ** 2 + (y + 0.6) ** 2) / 0.02);

  it('is solved by least squares, coarsely, to 5 %', async () => {
    const posed = advection2d({resolution: 32});
    expect(posed.problem.spec.fields[0].grid!.resolution).toEqual([22, 32, 32]);
    using solution = await solvedCase(posed, {iterations: [200]});
    expect((await measure(posed, solution)).metrics.relativeL2).toBeLessThan(0.05);
  });

  it("has the authors' settings in the paper's preset", () => {
    const {problem, stages, samplesPerIteration} = advection2d({preset: 'paper'});
    expect(problem.spec.domain.map(({lower, upper}) => [lower, upper])).toEqual([
      [-2, 2],
      [-1, 1],
      [-1, 1],
    ]);
    expect(problem.spec.fields[0]).toMatchObject({
      decoder: {type: 'linear'},
      grid: {...authors, resolution: [64, 64, 64], levels: 3},
    });
    expect(problem.spec.terms).toMatchObject([{samples: {kind: 'stratified', boxes: [64, 64, 64]}, loss: 'abs'}]);
    expect(samplesPerIteration).toBe(64 ** 3);
    expect(stages.adam).toEqual({iterations: 10_000, learningRate: 1e-3, decaySteps: 5000});
  });

  it.each(['paper', 'fast'] as const)('holds its conditions in the %s preset, whatever the field', async (preset) => {
    using solution = await solvedCase(advection2d({preset, resolution: 16}), {iterations: [3]});
    const axis = linspace(-1, 1, 33);
    const {u: first} = await solution.evaluate(lattice([[-2], axis, axis]));
    first.forEach((value, i) => expect(Math.abs(value - start(axis[Math.floor(i / 33)], axis[i % 33]))).toBeLessThan(1e-6));
    const {u: left} = await solution.evaluate(lattice([linspace(-2, 2, 9), [-1], axis]));
    left.forEach((value, i) => expect(Math.abs(value - start(-1, axis[i % 33]))).toBeLessThan(1e-6));
    const {u: bottom} = await solution.evaluate(lattice([linspace(-2, 2, 9), axis, [-1]]));
    bottom.forEach((value, i) => expect(Math.abs(value - start(axis[i % 33], -1))).toBeLessThan(1e-6));
  });
});
