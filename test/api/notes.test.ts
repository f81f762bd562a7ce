/** What a solution says of a problem that its kernel cannot represent. */
import {bspline, gauss, gaussian, hat, mlpDecoder, problem, rbfGrid, term} from '../../lib';
import type {Decoder, Kernel} from '../../lib';
import {problemNotes} from '../../lib/compile/notes';

const notesOf = (
  kernel: Kernel,
  equation: string,
  options: {decoder?: Decoder; lift?: Record<string, string>} = {},
): readonly string[] =>
  problemNotes(
    problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 8, kernel}),
      terms: [term(gauss(2), equation, {name: 'equation'})],
      ...options,
    }).spec,
  );

test('linear interpolation cannot learn from a Laplacian', () => {
  expect(notesOf(hat(), 'laplacian(u) = x')).toEqual([
    expect.stringMatching(/^equation: .*hat.* u_xx, u_yy vanish.*nothing is learned/),
  ]);
});
test('derivatives that vanish beside some that do not are named', () => {
  expect(notesOf(hat(), 'u_x + u_yy = x')).toEqual([
    expect.stringMatching(/ u_yy vanish.*those parts of the equation are missing/),
  ]);
  expect(notesOf(bspline(3), 'u_xxxx + u_xxyy = x')).toEqual([expect.stringContaining('u_xxxx vanish')]);
});
test('what the kernel represents needs no note', () => {
  expect(notesOf(hat(), 'u_xy + u_x = y')).toEqual([]);
  expect(notesOf(gaussian(), 'biharmonic(u) = 1')).toEqual([]);
  expect(notesOf(bspline(5), 'biharmonic(u) = 1')).toEqual([]);
  expect(notesOf(hat(), 'laplacian(u) = x', {decoder: mlpDecoder()})).toEqual([]);
});
test('a lift brings lower derivatives in', () => {
  expect(notesOf(hat(), 'laplacian(u) = x', {lift: {u: 'x*(1 - x)*u'}})).toEqual([expect.stringContaining('those parts')]);
});
