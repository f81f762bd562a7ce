import * as language from '../../lib/expression';
import {Arena} from '../../lib/expression/arena';
import type {Expression} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import {scope} from './generate';

const {add, biharmonic, cross, d, div, divide, dot, grad, jacobian, laplacian, mul, norm, pow, sub, symbols, toText, where} =
  language;
const {u, v, x, y, alpha} = symbols(scope);

/** Whether two expressions simplify to one. */
function same(a: Expression, b: string): boolean {
  const arena = new Arena();
  return arena.simplify(a) === arena.simplify(parse(b, scope));
}

describe('builders', () => {
  test('every function of the language has one, which builds what the text means', () => {
    const unary = [
      'abs',
      'sign',
      'sqrt',
      'exp',
      'log',
      'sin',
      'cos',
      'tan',
      'asin',
      'acos',
      'atan',
      'sinh',
      'cosh',
      'tanh',
    ] as const;
    for (const name of unary) expect(language[name](u)).toEqual(parse(`${name}(u)`, scope));
    for (const name of ['atan2', 'min', 'max', 'hypot'] as const)
      expect(language[name](u, 2)).toEqual(parse(`${name}(u, 2)`, scope));
    expect(where(language.less(u, v), norm(u, v, 3), pow(u, 2))).toEqual(parse('where(u < v, norm(u, v, 3), u^2)', scope));
    expect(sub(add(u, 1), divide(mul(2, v), language.neg(x)))).toEqual(parse('u + 1 - 2*v/-x', scope));
    expect(language.lessOrEqual(u, v)).toEqual(parse('u <= v', scope));
    expect(language.greater(u, v)).toEqual(parse('u > v', scope));
    expect(language.greaterOrEqual(u, v)).toEqual(parse('u >= v', scope));
    expect(language.equal(u, v)).toEqual(parse('u == v', scope));
  });

  test('wrong operands are rejected', () => {
    for (const bad of ['u', null, undefined, NaN, {}, [u]]) {
      expect(() => add(u, bad as never)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    }
    expect(() => norm()).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });

  test('nodes cannot be changed', () => {
    const node = add(u, 1);
    expect(() => ((node as {operator: string}).operator = 'sub')).toThrow(TypeError);
    expect(() => (node.operands as Expression[]).push(u)).toThrow(TypeError);
  });
});

describe('vector calculus', () => {
  test('grad, div, laplacian, biharmonic, dot and d', () => {
    expect(grad(mul(u, x), ['x', 'y']).map((component) => toText(component))).toEqual(['u_x*x + u', 'u_y*x']);
    expect(same(div([mul(x, u), y], ['x', 'y']), 'u + x*u_x + 1')).toBe(true);
    expect(same(laplacian(mul(alpha, u), ['x', 'y']), 'alpha*u_xx + alpha*u_yy')).toBe(true);
    expect(same(biharmonic(u, ['x', 'y']), 'u_xxxx + u_xxyy + (u_xxyy + u_yyyy)')).toBe(true);
    expect(same(dot([u, v], [x, 2]), 'u*x + v*2')).toBe(true);
    expect(same(d(u, 'theta', 2), 'd(u, theta, 2)')).toBe(true);
    expect(same(div(grad(u, ['x', 'y']), ['x', 'y']), 'd(u_x, x) + d(u_y, y)')).toBe(true);
  });

  test('jacobian and cross', () => {
    expect(jacobian([mul(u, x), v], ['x', 'y']).map((row) => row.map((entry) => toText(entry)))).toEqual([
      ['u_x*x + u', 'u_y*x'],
      ['v_x', 'v_y'],
    ]);
    const values = cross([1, 2, 3], [-4, 0.5, 7]).map((entry) => language.evaluateExpression(entry, {}));
    expect(values).toEqual([2 * 7 - 3 * 0.5, 3 * -4 - 7, 0.5 + 8]);
  });

  test('lengths must agree', () => {
    for (const action of [
      () => div([u], ['x', 'y']),
      () => dot([u], [u, v]),
      () => dot([], []),
      () => cross([u, v], [u, v]),
      () => jacobian([], ['x']),
      () => grad(u, []),
      () => laplacian(u, []),
    ]) {
      expect(action).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    }
  });

  test('internal operators are not part of the public surface', () => {
    for (const name of ['input', 'operation', 'Arena', 'mul0', 'div0', 'adjoints', 'lower', 'termPrograms']) {
      expect(language).not.toHaveProperty(name);
    }
  });
});
