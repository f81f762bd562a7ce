import fc from 'fast-check';
import {Arena} from '../../lib/expression/arena';
import {tangent, totalDerivative} from '../../lib/expression/differentiate';
import {evaluateExpression, leafName} from '../../lib/expression/interpret';
import type {Expression} from '../../lib/expression/node';
import {constant, coordinate, derivative, input, operation} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import {toText} from '../../lib/expression/print';
import {checkOrder, leavesOf, substitute} from '../../lib/expression/substitute';
import {difference, expressions, isTame, Judged, LEAVES, scope, SEED, values} from './generate';

const text = (source: string): Expression => parse(source, scope);
const x = coordinate('x');

describe('totalDerivative', () => {
  test.each([
    ['x^3', 'x', '3*x^2'],
    ['u', 'x', 'u_x'],
    ['u_xt', 'x', 'u_xxt'],
    ['alpha*u_x', 'x', 'alpha*u_xx'],
    ['c*sin(u)', 't', 'c*(u_t*cos(u))'],
    ['u*v', 'y', 'u_y*v + u*v_y'],
    ['u/x', 'x', '(u_x - u/x)/x'],
    ['exp(u)', 'x', 'u_x*exp(u)'],
    ['log(u)', 'x', 'u_x/u'],
    ['abs(u)', 'x', 'u_x*sign(u)'],
    ['sign(u)', 'x', '0'],
    ['u < v', 'x', '0'],
    ['where(u < v, u, v)', 'x', 'where(u < v, u_x, v_x)'],
    ['min(u, v)', 'x', 'where(v < u, v_x, u_x)'],
    ['max(u, v)', 'x', 'where(u < v, v_x, u_x)'],
    ['norm(u, v)', 'x', 'div0(u*u_x + v*v_x, norm(u, v))'],
    ['y*alpha + c', 'x', '0'],
  ])('of %s with respect to %s is %s', (expression, variable, expected) => {
    const arena = new Arena();
    const result = totalDerivative(text(expression), variable, 1, arena);
    expect(toText(result)).toBe(toText(arena.simplify(text(expected))));
  });

  test('agrees with differences on random expressions', () => {
    const judged = new Judged();
    fc.assert(
      fc.property(expressions({leaves: [x, coordinate('y')]}), values, (expression, at) => {
        const exact = evaluateExpression(totalDerivative(expression, 'x'), at);
        const tame = [-2e-3, 0, 2e-3].every((h) => isTame(expression, {...at, x: at.x + h}, 1e4));
        const numeric = tame ? difference((h) => evaluateExpression(expression, {...at, x: at.x + h})) : undefined;
        if (!judged.record(numeric !== undefined && Number.isFinite(exact))) return;
        expect(Math.abs(exact - numeric!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(exact)));
      }),
      {numRuns: 2000, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.4);
  });

  test('mixed derivatives commute', () => {
    const judged = new Judged();
    const unknowns = [x, coordinate('y'), derivative('u'), derivative('u', {x: 1}), derivative('v', {y: 1})];
    const smooth = expressions({leaves: unknowns, smooth: true, literalExponents: true, without: ['min', 'max', 'abs']});
    fc.assert(
      fc.property(smooth, fc.func(fc.double({min: -2, max: 2, noNaN: true})), (expression, value) => {
        const arena = new Arena();
        const xy = totalDerivative(totalDerivative(expression, 'x', 1, arena), 'y', 1, arena);
        const yx = totalDerivative(totalDerivative(expression, 'y', 1, arena), 'x', 1, arena);
        const names = new Set([...leavesOf(xy), ...leavesOf(yx), ...leavesOf(expression)].map(leafName));
        const at = Object.fromEntries([...names].map((name) => [name, value(name) + 0.0123456789]));
        const [a, b] = [evaluateExpression(xy, at), evaluateExpression(yx, at)];
        if (!judged.record(isTame(xy, at, 1e5) && isTame(yx, at, 1e5))) return;
        expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(a)));
      }),
      {numRuns: 1000, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.4);
  });

  test('data has no derivative, and the error names it', () => {
    expect(() => totalDerivative(text('g*u'), 'x')).toThrow(
      expect.objectContaining({code: 'INVALID_ARGUMENT', message: expect.stringContaining('channel g ')}),
    );
    expect(toText(totalDerivative(text('0*g + u'), 'x'))).toBe('u_x');
  });

  test('a coordinate may be called constructor', () => {
    expect(totalDerivative(derivative('u'), 'constructor')).toEqual(derivative('u', {constructor: 1}));
  });

  test('an order out of range is rejected', () => {
    for (const order of [-1, 0.5, NaN, 65]) {
      expect(() => totalDerivative(x, 'x', order)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    }
  });

  test('a sum of 100 000 terms does not overflow the stack', () => {
    let sum: Expression = derivative('u');
    for (let i = 0; i < 100_000; i++) sum = operation('add', sum, operation('mul', derivative('u'), constant(i + 0.5)));
    const arena = new Arena({limit: 2_000_000});
    const result = totalDerivative(sum, 'x', 1, arena);
    expect(evaluateExpression(result, {u_x: 2})).toBe(2 * (1 + 5e9));
  });

  test('growth past the limit is an error, not an exhausted memory', () => {
    const nested = text('sin(u*exp(u*cos(u*log(u + x))))');
    expect(() => totalDerivative(nested, 'x', 40, new Arena({limit: 10_000}))).toThrow(
      expect.objectContaining({code: 'EXPRESSION_TOO_LARGE', message: expect.stringContaining('10000')}),
    );
  });
});

describe('substitute', () => {
  test('derivatives of a lifted unknown are total derivatives of the lift', () => {
    const arena = new Arena();
    const lift = text('sin(pi*x) + t*(1 - x^2)*u');
    const lifted = substitute(text('u_t - u_xx'), new Map([['u', lift]]), arena);
    const expected = operation('sub', totalDerivative(lift, 't', 1, arena), totalDerivative(lift, 'x', 2, arena));
    expect(lifted).toBe(arena.simplify(expected));
  });

  test('differentiating after substituting a known function equals differences', () => {
    const known = new Map([['u', text('sin(1.3*x)*exp(0.4*y) + x*y')]]);
    const operator = text('d((1 + x^2)*u_x, x) + u*u_y');
    const residual = substitute(operator, known);
    const flux = (at: {x: number; y: number}): number =>
      (1 + at.x ** 2) * (1.3 * Math.cos(1.3 * at.x) * Math.exp(0.4 * at.y) + at.y);
    const at = {x: 0.37, y: -0.61};
    const u = Math.sin(1.3 * at.x) * Math.exp(0.4 * at.y) + at.x * at.y;
    const uy = 0.4 * Math.sin(1.3 * at.x) * Math.exp(0.4 * at.y) + at.x;
    const expected = difference((h) => flux({...at, x: at.x + h}))! + u * uy;
    expect(evaluateExpression(residual, at)).toBeCloseTo(expected, 8);
  });

  test('commutes with differentiating on random expressions', () => {
    const judged = new Judged();
    const lift = operation('add', x, operation('mul', operation('sin', coordinate('y')), derivative('u')));
    const lifts = new Map<string, Expression>([['u', lift]]);
    const leaves = [x, coordinate('y'), derivative('u'), derivative('u', {y: 1})];
    fc.assert(
      fc.property(expressions({leaves}), fc.func(fc.double({min: -2, max: 2, noNaN: true})), (expression, value) => {
        const arena = new Arena();
        const before = substitute(totalDerivative(expression, 'x', 1, arena), lifts, arena);
        const after = totalDerivative(substitute(expression, lifts, arena), 'x', 1, arena);
        const names = new Set([...leavesOf(before), ...leavesOf(after)].map(leafName));
        const at = Object.fromEntries([...names].map((name) => [name, value(name) + 0.0123456789]));
        if (!judged.record(isTame(before, at) && isTame(after, at))) return;
        const [a, b] = [evaluateExpression(before, at), evaluateExpression(after, at)];
        expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a)));
      }),
      {numRuns: 500, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.4);
  });

  test('two unknowns are exchanged at once', () => {
    const swapped = substitute(
      text('u + 2*v_x'),
      new Map([
        ['u', derivative('v')],
        ['v', derivative('u')],
      ]),
    );
    expect(toText(swapped)).toBe('v + 2*u_x');
  });
});

describe('checkOrder', () => {
  test('order 4 passes, order 5 is rejected by name', () => {
    expect(() => checkOrder(text('u_xxyy + v_tttt'))).not.toThrow();
    expect(() => checkOrder(text('u_xx + u_xxxxx'))).toThrow(
      expect.objectContaining({code: 'ORDER_TOO_HIGH', message: expect.stringContaining('u_xxxxx')}),
    );
    expect(() => checkOrder(text('d(u, theta, 5)'))).toThrow(
      expect.objectContaining({message: expect.stringContaining('d(u, theta, 5)')}),
    );
  });

  test('counts after the lift', () => {
    const lifted = substitute(text('u_xx'), new Map([['u', text('x*d(v, x, 3)')]]));
    expect(() => checkOrder(lifted)).toThrow(
      expect.objectContaining({code: 'ORDER_TOO_HIGH', message: expect.stringContaining('v_xxxxx')}),
    );
  });
});

describe('tangent', () => {
  test('agrees with differences along a direction', () => {
    const judged = new Judged();
    fc.assert(
      fc.property(expressions(), values, values, (expression, at, direction) => {
        const moved = (h: number): Record<string, number> =>
          Object.fromEntries(Object.entries(at).map(([name, value]) => [name, value + h * direction[name]]));
        const along = tangent(expression, (leaf) => (leaf.kind === 'constant' ? undefined : input(`d:${leafName(leaf)}`)));
        const inputs = {...at, ...Object.fromEntries(Object.entries(direction).map(([name, value]) => [`d:${name}`, value]))};
        const exact = evaluateExpression(along, inputs);
        const tame = [-2e-3, 0, 2e-3].every((h) => isTame(expression, moved(h), 1e4));
        const numeric = tame ? difference((h) => evaluateExpression(expression, moved(h))) : undefined;
        if (!judged.record(numeric !== undefined && Number.isFinite(exact))) return;
        expect(Math.abs(exact - numeric!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(exact)));
      }),
      {numRuns: 2000, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.4);
  });

  test('a leaf without direction does not move', () => {
    const result = tangent(text('u*v'), (leaf) => (leaf.kind === 'derivative' && leaf.unknown === 'u' ? input('du') : undefined));
    expect(toText(result)).toBe('<du>*v');
    expect(LEAVES).toContainEqual(derivative('u'));
  });
});
