import fc from 'fast-check';
import {equationLatex, toLatex} from '../../lib/expression';
import {Arena} from '../../lib/expression/arena';
import {totalDerivative} from '../../lib/expression/differentiate';
import type {Expression} from '../../lib/expression/node';
import {constant, derivative, operation} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import {toText} from '../../lib/expression/print';
import {expressions, scope} from './generate';

const text = (source: string): Expression => parse(source, scope);

/** Shared at every level: 2^n characters when written out. */
function doubling(levels: number): Expression {
  let node: Expression = derivative('u');
  for (let i = 0; i < levels; i++) node = operation('add', operation('sin', node), operation('mul', node, node));
  return node;
}

describe('toText', () => {
  test('reads back as the same tree', () => {
    fc.assert(
      fc.property(expressions(), (expression) => {
        expect(text(toText(expression))).toEqual(expression);
      }),
      {numRuns: 5000},
    );
  });

  test('derivatives of random expressions read back', () => {
    const leaves = [derivative('u'), derivative('u', {x: 1, theta: 2}), constant(-0), constant(-2)];
    fc.assert(
      fc.property(expressions({leaves}), (expression) => {
        const arena = new Arena();
        const result = totalDerivative(expression, 'x', 1, arena);
        expect(arena.intern(text(toText(result)))).toBe(result);
      }),
      {numRuns: 1000},
    );
  });

  test('reads back with lets', () => {
    fc.assert(
      fc.property(expressions(), (expression) => {
        const arena = new Arena();
        const squared = operation('mul', expression, operation('add', expression, expression));
        expect(arena.intern(text(toText(squared, {lets: true})))).toBe(arena.intern(squared));
      }),
      {numRuns: 2000},
    );
  });

  test.each([
    ['u - (v - x)'],
    ['u - v - x'],
    ['u + (v + x)'],
    ['u/(v*x)'],
    ['-u^2'],
    ['(-u)^2'],
    ['(-2)^2'],
    ['2^-x^2'],
    ['(u^v)^x'],
    ['u^v^x'],
    ['-(2)'],
    ['-(-u)'],
    ['u*-2'],
    ['(u < v) < x'],
    ['where(u < 0, -u, u_x)'],
    ['1e-7*u + pi'],
  ])('%s is written as it was read', (source) => {
    expect(toText(text(source))).toBe(source);
  });

  test('with lets the length is linear in the graph', () => {
    const length = (levels: number): number => toText(doubling(levels), {lets: true}).length;
    expect(length(400)).toBeLessThan(5 * length(100));
    const arena = new Arena();
    const deep = doubling(400);
    expect(arena.intern(text(toText(deep, {lets: true})))).toBe(arena.intern(deep));
  });

  test('without lets a text that would fill the memory is refused', () => {
    for (const write of [toText, toLatex]) {
      expect(() => write(doubling(100))).toThrow(expect.objectContaining({code: 'EXPRESSION_TOO_LARGE'}));
    }
  });

  test.each(['add', 'max', 'where', 'neg'] as const)('%s upon itself 100 000 times takes no more than its text', (operator) => {
    const u = derivative('u');
    const others = {add: [u], max: [u], where: [u, u], neg: []}[operator];
    let nested: Expression = u;
    for (let i = 0; i < 100_000; i++) nested = operation(operator, ...others, nested);
    const began = process.cpuUsage();
    for (const write of [toText, toLatex]) expect(write(nested).length).toBeGreaterThan(100_000);
    const {user, system} = process.cpuUsage(began);
    expect((user + system) / 1e6).toBeLessThan(10); // minutes and gigabytes, were it copied at each step
  });

  test('a chain of 20 000 does not overflow the stack', () => {
    let left: Expression = derivative('u');
    let right: Expression = derivative('u');
    for (let i = 0; i < 20_000; i++) {
      left = operation('add', left, constant(i));
      right = operation('sub', constant(i), right);
    }
    const arena = new Arena({limit: 1_000_000});
    expect(arena.intern(text(toText(left)))).toBe(arena.intern(left));
    expect(arena.intern(text(toText(right)))).toBe(arena.intern(right));
  });
});

describe('toLatex', () => {
  test.each([
    ['u_xx + u_yy', 'u_{xx} + u_{yy}'],
    ['u_t - alpha*u_xx', 'u_{t} - \\alpha u_{xx}'],
    ['u_x/(2*x)', '\\frac{u_{x}}{2 x}'],
    ['(u + v)*x', '\\left(u + v\\right) x'],
    ['u*(v + x)', 'u \\left(v + x\\right)'],
    ['u - (v - x)', 'u - \\left(v - x\\right)'],
    ['u - -2', 'u - \\left(-2\\right)'],
    ['u*-2', 'u \\left(-2\\right)'],
    ['x*2', 'x \\cdot 2'],
    ['2*3*x', '2 \\cdot 3 x'],
    ['-(u + v)', '-\\left(u + v\\right)'],
    ['-u^2', '-u^{2}'],
    ['(-u)^2', '\\left(-u\\right)^{2}'],
    ['(u/v)^2', '\\left(\\frac{u}{v}\\right)^{2}'],
    ['(u^2)^3', '\\left(u^{2}\\right)^{3}'],
    ['sin(pi*x)', '\\sin\\left(\\pi x\\right)'],
    ['sin(x)^2', '\\left(\\sin\\left(x\\right)\\right)^{2}'],
    ['sqrt(u)*abs(v)', '\\sqrt{u} \\left|v\\right|'],
    ['norm(u_x, u_y)', '\\left\\|\\left(u_{x}, u_{y}\\right)\\right\\|'],
    ['d(u, theta, 2)', 'u_{\\theta \\theta}'],
    ['1e-7*u', '10^{-7} u'],
    ['2.5e30', '2.5 \\cdot 10^{30}'],
    ['atan2(u, v)', '\\operatorname{atan2}\\left(u, v\\right)'],
    ['u <= v', 'u \\le v'],
    [
      'where(x < 1, u^2, log(v))*2',
      '\\left(\\begin{cases} u^{2} & \\text{if } x < 1 \\\\ \\log\\left(v\\right) & \\text{otherwise} \\end{cases}\\right) \\cdot 2',
    ],
  ])('%s', (source, expected) => {
    expect(toLatex(text(source))).toBe(expected);
  });

  test('names with indices', () => {
    const indexed = {coordinates: ['x', 'y'], unknowns: ['u1', 'height'], data: ['g_x', 'sigma_max']};
    expect(toLatex(parse('u1_xy + height_x*g_x - sigma_max', indexed))).toBe(
      '\\partial_{xy} u_{1} + \\mathrm{height}_{x} g_{x} - \\sigma_{\\mathrm{max}}',
    );
  });

  test('an equation keeps its two sides', () => {
    expect(equationLatex('u_t = alpha*u_xx', scope)).toBe('u_{t} = \\alpha u_{xx}');
    expect(equationLatex('u_x^2/2', scope)).toBe('\\frac{u_{x}^{2}}{2}');
  });
});
