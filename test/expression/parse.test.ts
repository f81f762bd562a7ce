import {DinfError} from '../../lib/base/errors';
import type {EquationSource} from '../../lib/expression';
import {
  constant,
  coordinate,
  derivative,
  eq,
  equationText,
  evaluateExpression,
  grad,
  resolve,
  symbols,
  toText,
  uniform,
} from '../../lib/expression';
import {Arena} from '../../lib/expression/arena';
import type {Expression} from '../../lib/expression/node';
import {input, operation} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import {SymbolTable} from '../../lib/expression/scope';
import {scope} from './generate';

const text = (source: string): Expression => parse(source, scope);
const value = (source: string, at: Record<string, number> = {}): number => evaluateExpression(text(source), at);

function failure(action: () => unknown): DinfError {
  try {
    action();
  } catch (error) {
    if (error instanceof DinfError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('precedence', () => {
  test.each([
    ['1 + 2*3', 7],
    ['(1 + 2)*3', 9],
    ['7 - 2 - 1', 4],
    ['16/4/2', 2],
    ['2^3^2', 512],
    ['-2^2', -4],
    ['(-2)^2', 4],
    ['2^-1', 0.5],
    ['2^-1^2', 0.5],
    ['-2*-3', 6],
    ['2*-3^2', -18],
    ['1 - -2', 3],
    ['--2', 2],
    ['+3 - +2', 1],
    ['1 + 1 < 3', 1],
    ['2 > 1', 1],
    ['(1 < 2) == 1', 1],
    ['2 <= 1', 0],
    ['1 >= 1', 1],
    ['1.5e2 + .5 + 2. + 1E-1', 152.6],
    ['1 = 3', -2],
    ['1 + 1 = 2*3', -4],
    ['min(3, 1, 2) + max(1, 2)', 3],
    ['where(1 < 2, 5, 6)', 5],
    ['norm(2, 3, 6)', 7],
    ['dot(1, 2, 3, 4)', 11],
    ['cos(pi)', -1],
    ['let a = 2; let b = a*a; a + b', 6],
  ])('%s is %d', (source, expected) => {
    expect(value(source)).toBeCloseTo(expected, 12);
  });
});

describe('derivatives', () => {
  test.each([
    ['u_xx', 'u_xx'],
    ['u_yx', 'u_xy'],
    ['u_xty', 'u_txy'],
    ['d(u, theta)', 'd(u, theta)'],
    ['d(u, theta, 2)', 'd(u, theta, 2)'],
    ['d(d(u, x), t)', 'u_tx'],
    ['d(d(u, theta), x, 2)', 'd(u_xx, theta)'],
    ['d(x*u_x, x)', 'u_x + x*u_xx'],
    ['d(u, x, 0)', 'u'],
    ['d(alpha, x)', '0'],
    ['d(x^2, x, 2)', '2'],
  ])('%s is %s', (source, expected) => {
    expect(toText(text(source))).toBe(expected);
  });

  test('laplacian, grad, div and biharmonic run over space, not time', () => {
    const plane = {coordinates: ['x', 'y', 't'], unknowns: ['u', 'a', 'b']};
    const simple = (source: string): string => toText(new Arena().simplify(parse(source, plane)));
    expect(simple('laplacian(u)')).toBe('u_xx + u_yy');
    expect(simple('div(grad(u))')).toBe('u_xx + u_yy');
    expect(simple('div(a, b)')).toBe('a_x + b_y');
    expect(simple('dot(grad(u), grad(a))')).toBe('u_x*a_x + u_y*a_y');
    expect(simple('norm(cross(1, x, 0, a, b, u))')).toBe('norm(x*u, -u, b - x*a)');
    expect(simple('norm(jacobian(a, b))')).toBe('norm(a_x, a_y, b_x, b_y)');
    expect(simple('norm(grad(u), 1)')).toBe('norm(u_x, u_y, 1)');
    expect(simple('biharmonic(u)')).toBe('u_xxxx + u_xxyy + (u_xxyy + u_yyyy)');
    expect(simple('laplacian(x^2*y)')).toBe('2*y');
  });
});

describe('errors', () => {
  test.each([
    ['u +', 'SYNTAX', 4, 'ends where a value is expected'],
    ['', 'SYNTAX', 1, 'ends where a value is expected'],
    ['2x', 'SYNTAX', 2, 'write 2*x'],
    ['u x', 'SYNTAX', 3, 'write u*x'],
    ['(u)(x)', 'SYNTAX', 4, 'write (…)*(…)'],
    ['2 (u)', 'SYNTAX', 3, 'write 2*(…)'],
    ['u(x)', 'SYNTAX', 1, 'u is an unknown, not a function'],
    ['(u + 1', 'SYNTAX', 1, 'never closed'],
    ['sin(u', 'SYNTAX', 1, 'never closed'],
    ['u + 1)', 'SYNTAX', 6, 'closes nothing'],
    ['u = x = y', 'SYNTAX', 7, 'only one'],
    ['(u = x)', 'SYNTAX', 4, 'cannot stand in brackets'],
    ['u < v < x', 'SYNTAX', 7, 'do not chain'],
    ['u, v', 'SYNTAX', 2, 'a comma separates'],
    ['(u, v)', 'SYNTAX', 3, 'a comma separates'],
    ['sin x', 'SYNTAX', 1, 'sin is a function'],
    ['sin()', 'SYNTAX', 1, 'needs arguments'],
    ['sin(u, v)', 'SYNTAX', 1, 'write sin(a)'],
    ['where(u, v)', 'SYNTAX', 1, 'write where(condition, a, b)'],
    ['d(u, 2)', 'SYNTAX', 1, 'must be a coordinate'],
    ['d(u, x, t)', 'SYNTAX', 1, 'must be a number'],
    ['grad(u) + 1', 'SYNTAX', 1, 'grad is a vector'],
    ['grad(u)', 'SYNTAX', 1, 'grad is a vector'],
    ['u ** 2', 'SYNTAX', 3, 'written with ^'],
    ['u² + 1', 'SYNTAX', 2, 'written with ^'],
    ['u − 1', 'SYNTAX', 3, 'written with -'],
    ['u && v', 'SYNTAX', 3, 'no logical operators'],
    ['u # v', 'SYNTAX', 3, 'unexpected character'],
    ['😀 + 1', 'SYNTAX', 1, 'unexpected character'],
    ['1e999', 'SYNTAX', 1, 'too large'],
    ['1..2', 'SYNTAX', 3, 'write 1.*.2'],
    ['let u = 1; u', 'SYNTAX', 5, 'already is an unknown'],
    ['let a = 1; let a = 2; a', 'SYNTAX', 16, 'already is a symbol'],
    ['let 2 = 1; u', 'SYNTAX', 5, 'a name must follow let'],
    ['let a 1; u', 'SYNTAX', 7, 'expected = after let a'],
    ['let a = 1', 'SYNTAX', 10, 'the ; that closes'],
    ['let a = u = 1; a', 'SYNTAX', 11, 'a definition has one ='],
    ['u; v', 'SYNTAX', 2, 'unexpected ;'],
    ['w_xx', 'UNKNOWN_SYMBOL', 1, 'unknown symbol w_xx'],
    ['u_xz', 'UNKNOWN_SYMBOL', 1, 'z is not a coordinate'],
    ['alpha_x', 'UNKNOWN_SYMBOL', 1, 'alpha is a uniform'],
    ['u + alhpa', 'UNKNOWN_SYMBOL', 5, 'did you mean alpha?'],
    ['thet', 'UNKNOWN_SYMBOL', 1, 'did you mean theta?'],
    ['PI', 'UNKNOWN_SYMBOL', 1, 'unknown symbol PI'],
    ['sine(u)', 'UNKNOWN_SYMBOL', 1, 'did you mean sin?'],
    ['ln(u)', 'UNKNOWN_SYMBOL', 1, 'written log(a)'],
    ['constructor', 'UNKNOWN_SYMBOL', 1, 'unknown symbol constructor'],
    ['constructor(u)', 'UNKNOWN_SYMBOL', 1, 'unknown function constructor'],
    ['u + g_x', 'INVALID_ARGUMENT', 5, 'data channel g'],
    ['u + d(g*x, x)', 'INVALID_ARGUMENT', 5, 'data channel g'],
    ['d(u, x, 0.5)', 'INVALID_ARGUMENT', 1, 'a whole number from 0 to 64'],
  ])('%s', (source, code, column, message) => {
    const error = failure(() => text(source));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain(`(line 1, column ${column})`);
    const lines = error.message.split('\n');
    expect(lines.at(-2)).toBe(`  ${source}`);
    expect(lines.at(-1)).toBe(`  ${' '.repeat(column - 1)}^`);
  });

  test('an unknown symbol lists what exists', () => {
    expect(failure(() => text('q')).message).toContain(
      'coordinates: x, y, t, theta; unknowns: u, v; data: g; uniforms: alpha; scalars: c',
    );
  });

  test('line and column in a text of several lines, and a long line is cut', () => {
    const error = failure(() => text('u_t =\n  alpha*\tq'));
    expect(error.message).toContain('(line 2, column 10)\n    alpha* q\n           ^');
    const long = failure(() => text(`${'u + '.repeat(5000)}q${' + u'.repeat(5000)}`));
    expect(long.message.length).toBeLessThan(600);
    const [shown, caret] = long.message.split('\n').slice(-2);
    expect(shown[caret.indexOf('^')]).toBe('q');
  });

  test('nesting is limited by the length of a text alone', () => {
    expect(value(`${'('.repeat(49_000)}2${')'.repeat(49_000)}`)).toBe(2);
    expect(value(`${'-('.repeat(33_000)}2${')'.repeat(33_000)}`)).toBe(2);
    expect(value(`${'1 + '.repeat(49_000)}1`)).toBe(49_001);
    expect(failure(() => text('('.repeat(99_000))).code).toBe('SYNTAX');
    expect(failure(() => text(`${'('.repeat(60_000)}2${')'.repeat(60_000)}`)).code).toBe('EXPRESSION_TOO_LARGE');
  });
});

describe('scope', () => {
  test.each([
    [{coordinates: ['x'], unknowns: ['x']}, 'x is both a coordinate and an unknown'],
    [{coordinates: ['x', 'x'], unknowns: ['u']}, 'x is declared twice'],
    [{coordinates: ['x'], unknowns: ['sin']}, 'sin cannot name an unknown: it is a function'],
    [{coordinates: ['x'], unknowns: ['d']}, 'd cannot name an unknown'],
    [{coordinates: ['x'], unknowns: ['u'], uniforms: ['pi']}, 'pi cannot name a uniform: it is a constant'],
    [{coordinates: ['x'], unknowns: ['let']}, 'let cannot name'],
    [{coordinates: ['x'], unknowns: ['u'], data: ['u_x']}, 'u_x would read as a derivative of u'],
    [{coordinates: ['x y'], unknowns: ['u']}, 'cannot name a coordinate'],
    [{coordinates: ['_x'], unknowns: ['u']}, 'cannot name a coordinate'],
    [{coordinates: [''], unknowns: ['u']}, 'cannot name a coordinate'],
    [{coordinates: ['x'], unknowns: ['2u']}, 'cannot name an unknown'],
  ])('%j is rejected', (bad, message) => {
    const error = failure(() => new SymbolTable(bad));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
  });

  test('a misspelt list is rejected by name', () => {
    const error = failure(() => new SymbolTable({coordinates: ['x'], unknowns: ['u'], uniform: ['a']} as never));
    expect(error.code).toBe('UNKNOWN_OPTION');
    expect(error.message).toContain("did you mean 'uniforms'?");
  });

  test('names with underscores and Greek letters', () => {
    const greek = {coordinates: ['x', 'θ'], unknowns: ['u', 'p_1'], data: ['g_y']};
    expect(parse('u_xθ', greek)).toEqual(derivative('u', {x: 1, θ: 1}));
    expect(parse('p_1_x', greek)).toEqual(derivative('p_1', {x: 1}));
    expect(parse('g_y', greek)).toEqual({kind: 'data', name: 'g_y'});
  });

  test('symbols gives every name and derivative, and nothing else', () => {
    const {u, u_xx, x, alpha} = symbols(scope);
    expect([u, u_xx, x, alpha]).toEqual([derivative('u'), derivative('u', {x: 2}), coordinate('x'), uniform('alpha')]);
    expect(failure(() => symbols(scope).alpa).code).toBe('UNKNOWN_SYMBOL');
    expect('u_tt' in symbols(scope)).toBe(true);
    expect('w' in symbols(scope)).toBe(false);
  });
});

describe('eq', () => {
  const {u, x, alpha, u_x, u_y} = symbols(scope);

  test('embedded values count as in brackets', () => {
    const at = {u: 2, x: 3, alpha: 0.5};
    const evaluate = (source: EquationSource): number => evaluateExpression(resolve(source, scope), at);
    expect(evaluate(eq`${-2}^2`)).toBe(4);
    expect(evaluate(eq`2*${operation('add', u, x)}`)).toBe(10);
    expect(evaluate(eq`2*${eq`u + ${x}`} = alpha`)).toBe(9.5);
    expect(evaluate(eq`-${alpha}`)).toBe(-0.5);
    expect(evaluate('u = x')).toBe(-1);
    expect(evaluate(u)).toBe(2);
    expect(evaluate(7)).toBe(7);
  });

  test('a vector spreads into the arguments of a function', () => {
    expect(toText(resolve(eq`norm(${grad(u, ['x', 'y'])})`, scope))).toBe('norm(u_x, u_y)');
    expect(failure(() => resolve(eq`1 + ${[u_x, u_y]}`, scope)).message).toContain('is a vector');
  });

  test.each<[string, EquationSource]>([
    ['numbers and expressions', eq`sin(pi*${x}) + t*(1 - x^2)*${u} = ${-1.5}^2`],
    ['vectors', eq`norm(${[u_x, u_y]}, 2)`],
    ['templates in templates', eq`2*${eq`u + ${operation('sub', u, x)}*${2}`} + ${u} = ${eq`v`}`],
    ['definitions of its own', eq`let _1 = u*u; _1 + ${operation('sin', u)}*${operation('sin', u)}`],
    ['text', 'u_t = u_xx'],
    ['an expression', operation('mul', operation('sin', u), operation('sin', u))],
    ['a number', -0.25],
  ])('%s as plain text resolve to the same', (_, source) => {
    const arena = new Arena();
    const plain = equationText(source);
    expect(arena.intern(parse(plain, scope))).toBe(arena.intern(resolve(source, scope)));
  });

  test('what two embedded values share is written once', () => {
    let shared: Expression = u;
    for (let i = 0; i < 60; i++) shared = operation('mul', operation('sin', shared), shared);
    const plain = equationText(eq`${shared} = x*${shared}`);
    expect(plain.length).toBeLessThan(3000);
    const arena = new Arena();
    expect(arena.intern(parse(plain, scope))).toBe(arena.intern(resolve(eq`${shared} = x*${shared}`, scope)));
  });

  test('wrong values are rejected', () => {
    expect(failure(() => eq`u + ${'x' as never}`)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('"x"'),
    });
    expect(failure(() => eq`u + ${NaN}`).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => eq`u + ${undefined as never}`).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => eq`u + ${[u, 1] as never}`).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => resolve(null as never, scope)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => resolve(eq`1 + ${eq`u = x`}`, scope)).code).toBe('SYNTAX');
    expect(failure(() => equationText(eq`1 + ${eq`let a = 1; a`}`)).code).toBe('SYNTAX');
    expect(failure(() => resolve('u + [object Object]', scope)).message).toContain('put eq before the quote');
  });

  test('a derivative suffix on an embedded value gets advice', () => {
    expect(failure(() => resolve(eq`${u}_x`, scope)).message).toContain('write d(${…}, x)');
    expect(failure(() => resolve(eq`2 ${u}`, scope)).message).toContain('write 2*${…}');
  });

  test('foreign and malformed expressions are rejected', () => {
    expect(failure(() => resolve(eq`1 + ${derivative('w')}`, scope))).toMatchObject({
      code: 'UNKNOWN_SYMBOL',
      message: expect.stringContaining('holds w'),
    });
    expect(failure(() => resolve(eq`1 + ${coordinate('u')}`, scope)).message).toContain('u is an unknown here');
    expect(failure(() => resolve(derivative('u', {z: 1}), scope)).code).toBe('UNKNOWN_SYMBOL');
    expect(failure(() => resolve(input('jet:0'), scope)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => resolve({kind: 'operation', operator: 'add', operands: [u]}, scope)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => resolve({kind: 'operation', operator: 'boil' as never, operands: [u]}, scope)).code).toBe(
      'INVALID_ARGUMENT',
    );
    expect(failure(() => resolve({kind: 'operation', operator: 'norm', operands: []}, scope)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => resolve({kind: 'constant', value: NaN}, scope)).code).toBe('INVALID_ARGUMENT');
    expect(resolve(constant(2), scope)).toEqual(constant(2));
  });
});
