import {parse} from '../../lib/expression/parse';
import {resolveSides} from '../../lib/expression/equation';
import {operation, uniform} from '../../lib/expression/node';
import {equationMath, expressionMath} from '../../lib/report/mathml';

const scope = {coordinates: ['t', 'x'], unknowns: ['u', 'v1'], uniforms: ['alpha', 'speed', 'k']};
const math = (text: string): string => expressionMath(parse(text, scope))!;
/** What is to be read, without the elements. */
const read = (markup: string): string =>
  markup
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('\u2062', '')
    .replaceAll('\u2061', '');

it.each([
  ['u_t - alpha*u_xx', 'ut−αuxx'],
  ['-0.4*u*v1', '−0.4uv1'],
  ['u - (x - t)', 'u−(x−t)'],
  ['u*2', 'u·2'],
  ['u - (-0.4*u)', 'u−(−0.4u)'],
  ['(u + x)^2', '(u+x)2'],
  ['sin(pi*x)', 'sin(πx)'],
  ['abs(u) + norm(u, x)', '|u|+‖(u,x)‖'],
  ['where(x < 1, u, 0)', '{uif x&lt;10otherwise'],
  ['1.5e-9*u', '1.5·10−9u'],
  ['speed*u', 'speedu'],
])('%s reads %s', (text, expected) => expect(read(math(text))).toBe(expected));

it('has fractions, roots, powers and indices of its own', () => {
  expect(math('u/x')).toBe('<mfrac><mrow><mi>u</mi></mrow><mrow><mi>x</mi></mrow></mfrac>');
  expect(math('sqrt(u)')).toBe('<msqrt><mrow><mi>u</mi></mrow></msqrt>');
  expect(math('u_xx')).toBe('<msub><mi>u</mi><mrow><mi>x</mi><mi>x</mi></mrow></msub>');
  expect(math('v1_x')).toContain('<mo>∂</mo>');
  expect(math('x^2')).toBe('<msup><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></msup>');
});

it('shows an equation with both sides as it was written, and one expression as equal to 0', () => {
  const sides = (text: string): string => read(equationMath(resolveSides(text, scope))!);
  expect(sides('u_t = -0.4*u*v1')).toBe('ut=−0.4uv1');
  expect(sides('u_t - u')).toBe('ut−u=0');
  expect(read(equationMath(resolveSides('u^2', scope), {energy: true})!)).toBe('u2');
});

it('escapes names', () => {
  expect(expressionMath(uniform('<b>'))).toBe('<mi>&lt;b&gt;</mi>');
});

it('opens and closes its elements in order', () => {
  const open: string[] = [];
  const text = equationMath(resolveSides('where(x < 1, sqrt(u_xx)/abs(u), -v1_x^2) = norm(u, x)*1e9', scope))!;
  for (const [, close, name, own] of text.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
    if (own === '/') continue;
    if (close === '/') expect(open.pop()).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
});

it('gives up where an expression is too long to read, also where it is short but shared', () => {
  let node = parse('u + x', scope);
  for (let i = 0; i < 60; i++) node = operation('add', node, node);
  expect(expressionMath(node)).toBeUndefined();
});
