import {
  adam,
  bspline,
  gaussian,
  hat,
  inverseMultiquadric,
  inverseQuadratic,
  parseKernel,
  problem,
  rbfGrid,
  solve,
  stratified,
  term,
} from '../../lib';
import {edgeText, gridEdges, parseEdge} from '../../lib/pose/field';
import {kernelRings, kernelSpelling, kernelText} from '../../lib/pose/kernel';

describe('kernels by name', () => {
  const all = [
    gaussian(),
    gaussian({epsilon: 0.6}),
    bspline(9),
    hat(),
    inverseQuadratic({epsilon: 2, rings: 1}),
    inverseMultiquadric(),
  ];

  it.each(all.map((kernel) => [kernelSpelling(kernel), kernel] as const))('%s is read as it is written', (text, kernel) => {
    expect(parseKernel(text)).toEqual(kernel);
    expect(kernelText(kernel).startsWith(kernel.type)).toBe(true);
    expect(kernelRings(kernel)).toBeGreaterThan(0);
  });

  it('have defaults', () => {
    expect(parseKernel('inverse-quadratic')).toEqual({type: 'inverse-quadratic', epsilon: 1, rings: 3});
    expect(parseKernel('inverse-multiquadric:0.5')).toEqual({type: 'inverse-multiquadric', epsilon: 0.5, rings: 3});
    expect(parseKernel('gaussian:2')).toEqual({type: 'gaussian', epsilon: 2, rings: 1});
  });

  it.each([
    ['inverse-quadratic:1:3:2', /takes at most 2 numbers/],
    ['inverse-quadratic:0', /epsilon/],
    ['inverse-multiquadric:1:6', /inverseMultiquadric: rings must be 1, 2, 3, 4 or 5, and is 6/],
    ['inverse-multiquadric:x', /kernel inverse-multiquadric:x/],
    ['quadric', /gaussian, bspline, hat, inverse-quadratic, inverse-multiquadric/],
  ])('%s is refused', (text, message) => {
    expect(() => parseKernel(text)).toThrow(message);
  });
});

describe('edges', () => {
  it('are one for all axes or one an axis', () => {
    expect(gridEdges({edge: 'clamp'}, 3)).toEqual(['clamp', 'clamp', 'clamp']);
    expect(rbfGrid({resolution: 4, edge: ['extend', 'periodic']}).edge).toEqual(['extend', 'periodic']);
    expect(edgeText({edge: ['extend', 'periodic']})).toBe('extend, periodic');
    expect(parseEdge('extend, periodic')).toEqual(['extend', 'periodic']);
    expect(parseEdge('periodic')).toBe('periodic');
  });

  it.each<[string, unknown, RegExp]>([
    ['an edge that nobody knows', 'wrap', /rbfGrid: edge/],
    ['one in a list', ['extend', 'wrap'], /edge\[1\] must be one of/],
    ['an empty list', [], /a list of one an axis/],
    ['no list', 3, /a list of one an axis/],
  ])('%s is refused', (_, edge, message) => {
    expect(() => rbfGrid({resolution: 4, edge: edge as 'extend'})).toThrow(message);
  });

  it('are as many as the coordinates', () => {
    const field = rbfGrid({resolution: 4, edge: ['extend', 'periodic']});
    expect(() => problem({domain: {x: [0, 1]}, unknowns: ['u'], field, terms: [term(stratified(4), 'u')]})).toThrow(
      /2 edges \(extend, periodic\) on a domain of 1 coordinates/,
    );
  });

  it('each have nodes of their own in the parameters', async () => {
    const field = rbfGrid({resolution: [4, 6, 8], kernel: bspline(5), edge: ['periodic', 'clamp', 'extend']});
    const given = problem({domain: {x: [0, 1], y: [0, 1], z: [0, 1]}, unknowns: ['u'], field, terms: [term(stratified(4), 'u')]});
    using solution = await solve(given, {optimizer: adam({iterations: 1})});
    expect(solution.unknowns).toBe(4 * 7 * 13 + 2); // and the decoder's weight and bias
  });
});
