import fc from 'fast-check';
import {Arena} from '../../lib/expression/arena';
import {evaluateExpression, leafName} from '../../lib/expression/interpret';
import {evaluateProgram, inputKeys} from './interpret-program';
import type {Expression} from '../../lib/expression/node';
import {constant, derivative, input, operation, postorder} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import type {Program} from '../../lib/compile/program';
import {lower} from '../../lib/compile/program';
import {INSTRUCTION_WORDS, OPCODES} from '../../lib/schema';

const {store: STORE, sum: SUM} = OPCODES;
import {bindLeaves} from '../../lib/expression/substitute';
import {expressions, isTame, Judged, scope, values} from '../expression/generate';

const bind = (expression: Expression, arena: Arena): Expression => bindLeaves(expression, (leaf) => input(leafName(leaf)), arena);
const text = (source: string, arena: Arena): Expression => bind(parse(source, scope), arena);

/** Instructions as arrays of five words. */
function instructions({code}: Program): number[][] {
  return Array.from({length: code.length / INSTRUCTION_WORDS}, (_, i) => [
    ...code.subarray(i * INSTRUCTION_WORDS, (i + 1) * INSTRUCTION_WORDS),
  ]);
}

/** Whether a program passes what native code verifies, and reads no register before it is written. */
function isValid(program: Program): boolean {
  const operands = program.registers + program.constants.length + program.inputs.length;
  const written = new Set<number>();
  return instructions(program).every(([opcode, destination, ...words]) => {
    const count = opcode === STORE || opcode === SUM || (opcode >= 4 && opcode <= 18) ? 1 : opcode === 26 ? 3 : 2;
    const known = words.slice(0, count).every((word) => (word < program.registers ? written.has(word) : word < operands));
    const limit = opcode === STORE ? program.stores : opcode === SUM ? program.sums : program.registers;
    if (opcode < STORE) written.add(destination);
    return opcode <= SUM && known && words.slice(count).every((word) => word === 0) && destination < limit;
  });
}

describe('lower', () => {
  test('a program computes the bits of the simplified expression', () => {
    fc.assert(
      fc.property(expressions(), expressions(), values, (first, second, at) => {
        const arena = new Arena();
        const nodes = [first, second].map((node) => bind(node, arena));
        const both = arena.make('mul', nodes[0], nodes[1]);
        const program = lower(
          [
            {kind: 'store', slot: 1, node: nodes[0]},
            {kind: 'sum', slot: 0, node: nodes[1]},
            {kind: 'store', slot: 0, node: both},
          ],
          arena,
        );
        expect(isValid(program)).toBe(true);
        const {stores, sums} = evaluateProgram(program, at);
        const expected = [both, nodes[0], nodes[1]].map((node) => evaluateExpression(node, at));
        // A sum starts from 0, which takes the sign from −0.
        expect([stores[0], stores[1], sums[0]]).toEqual([expected[0], expected[1], 0 + expected[2]]);
      }),
      {numRuns: 3000},
    );
  });

  test('shared subexpressions are computed once, dead ones never', () => {
    const arena = new Arena();
    const program = lower([{kind: 'store', slot: 0, node: text('sin(u)*sin(u) + v*u/(u*v) + 0*exp(x)', arena)}], arena);
    const opcodes = instructions(program).map(([opcode]) => opcode);
    expect(opcodes.sort((a, b) => a - b)).toEqual([0, 2, 2, 3, 10, STORE].sort((a, b) => a - b));
    expect(inputKeys(program)).toEqual(['u', 'v']);
  });

  test('powers are products by repeated squaring', () => {
    const count = (source: string): number[] => {
      const arena = new Arena();
      return instructions(lower([{kind: 'store', slot: 0, node: text(source, arena)}], arena)).map(([opcode]) => opcode);
    };
    expect(count('u^2')).toEqual([2, STORE]);
    expect(count('u^7')).toEqual([2, 2, 2, 2, STORE]);
    expect(count('u^-1')).toEqual([3, STORE]);
    expect(count('u^0.5')).toEqual([7, STORE]);
    expect(count('u^2.3')).toEqual([19, STORE]);
    expect(count('u^65')).toEqual([19, STORE]);
    expect(count('u^v')).toEqual([19, STORE]);
    expect(count('norm(u, v, x)')).toEqual([28, 28, STORE]);
    expect(count('norm(u)')).toEqual([5, STORE]);
  });

  test('the whole instruction set has the agreed numbers', () => {
    const single = (source: string): number[] => {
      const arena = new Arena();
      return instructions(lower([{kind: 'store', slot: 0, node: text(source, arena)}], arena))[0];
    };
    const sources = [
      'u + v', 'u - v', 'u*v', 'u/v', '-u', 'abs(u)', 'sign(u)', 'sqrt(u)', 'exp(u)', 'log(u)', 'sin(u)', 'cos(u)', 'tan(u)',
      'asin(u)', 'acos(u)', 'atan(u)', 'sinh(u)', 'cosh(u)', 'tanh(u)', 'u^v', 'atan2(u, v)', 'min(u, v)', 'max(u, v)', 'u < v',
      'u <= v', 'u == v', 'where(u, v, x)', 'mul0(u, v)', 'hypot(u, v)', 'div0(u, v)',
    ]; // prettier-ignore
    sources.forEach((source, opcode) => {
      const unary = opcode >= 4 && opcode <= 18;
      expect(single(source)).toEqual([opcode, 0, 1, unary ? 0 : 2, opcode === 26 ? 3 : 0]);
    });
    expect(single('u > v').slice(0, 4)).toEqual([23, 0, 1, 2]);
    const arena = new Arena();
    expect(inputKeys(lower([{kind: 'store', slot: 0, node: text('u > v', arena)}], arena))).toEqual(['v', 'u']);
  });

  test('leaves can be outputs, slots may have gaps, and there may be no output at all', () => {
    const program = lower([
      {kind: 'store', slot: 2, node: constant(4)},
      {kind: 'sum', slot: 1, node: input('w')},
    ]);
    expect(program).toMatchObject({registers: 0, stores: 3, sums: 2});
    expect(evaluateProgram(program, {w: 3})).toEqual({stores: [NaN, NaN, 4], sums: [0, 3]});
    expect(lower([])).toMatchObject({registers: 0, stores: 0, sums: 0, code: new Uint16Array(0)});
  });

  test('registers are reused', () => {
    const arena = new Arena();
    let sum: Expression = constant(1);
    for (let i = 0; i < 1000; i++) sum = operation('add', operation('mul', input('a'), constant(i + 0.5)), sum);
    let chain: Expression = input('a');
    for (let i = 0; i < 1000; i++) chain = operation('sin', chain);
    expect(lower([{kind: 'store', slot: 0, node: sum}], arena).registers).toBeLessThanOrEqual(2);
    expect(lower([{kind: 'store', slot: 0, node: chain}], arena).registers).toBe(1);
    const balanced = (depth: number): Expression =>
      depth === 0
        ? operation('sin', operation('add', input('a'), constant(arena.size)))
        : operation('mul', balanced(depth - 1), operation('sin', balanced(depth - 1)));
    expect(lower([{kind: 'store', slot: 0, node: balanced(8)}]).registers).toBeLessThanOrEqual(9);
  });

  test('is deterministic', () => {
    fc.assert(
      fc.property(expressions(), (expression) => {
        const once = (): Program => {
          const arena = new Arena();
          return lower([{kind: 'store', slot: 0, node: bind(expression, arena)}], arena);
        };
        expect(once()).toEqual(once());
      }),
    );
  });

  test('100 000 nested additions fit, 70 000 inputs do not', () => {
    let sum: Expression = input('a');
    for (let i = 0; i < 100_000; i++) sum = operation('add', sum, input('b'));
    const program = lower([{kind: 'sum', slot: 0, node: sum}]);
    expect(program.registers).toBe(1);
    expect(evaluateProgram(program, {a: 0.5, b: 1}).sums).toEqual([100_000.5]);
    let wide: Expression = input('0');
    for (let i = 1; i < 70_000; i++) wide = operation('add', wide, input(String(i)));
    expect(() => lower([{kind: 'sum', slot: 0, node: wide}])).toThrow(expect.objectContaining({code: 'EXPRESSION_TOO_LARGE'}));
    expect(() => lower([{kind: 'store', slot: 65_536, node: constant(1)}])).toThrow(
      expect.objectContaining({code: 'EXPRESSION_TOO_LARGE'}),
    );
  });

  test('a leaf that was not bound is an internal error', () => {
    expect(() => lower([{kind: 'store', slot: 0, node: derivative('u')}])).toThrow(expect.objectContaining({code: 'INTERNAL'}));
  });
});

describe('evaluate', () => {
  test('a missing value is named', () => {
    expect(() => evaluateExpression(parse('u_xx + x', scope), {x: 1})).toThrow(
      expect.objectContaining({code: 'INVALID_ARGUMENT', message: 'u_xx has no value'}),
    );
    expect(() => evaluateProgram(lower([{kind: 'sum', slot: 0, node: input('toString')}]), {})).toThrow(
      expect.objectContaining({message: expect.stringContaining('toString')}),
    );
  });
});

describe('Arena', () => {
  test('simplifying keeps every finite value', () => {
    const judged = new Judged();
    fc.assert(
      fc.property(expressions({literalExponents: true, without: ['atan2']}), values, (expression, at) => {
        const simple = new Arena().simplify(expression);
        if (!judged.record(isTame(expression, at, Infinity))) return;
        expect(evaluateExpression(simple, at) + 0).toBe(evaluateExpression(expression, at) + 0);
      }),
      {numRuns: 3000},
    );
    expect(judged.share).toBeGreaterThan(0.4);
  });

  test('equal expressions are one node, and simplifying is idempotent', () => {
    fc.assert(
      fc.property(expressions(), (expression) => {
        const arena = new Arena();
        const copy = JSON.parse(JSON.stringify(expression)) as Expression;
        // JSON has no −0, so only trees without it are copies.
        const exact = postorder([expression]).every((node) => node.kind !== 'constant' || !Object.is(node.value, -0));
        if (exact) expect(arena.intern(copy)).toBe(arena.intern(expression));
        const simple = arena.simplify(expression);
        expect(arena.simplify(simple)).toBe(simple);
        expect(arena.intern(simple)).toBe(simple);
      }),
      {numRuns: 2000},
    );
  });

  test.each([
    ['u + 0', 'u'],
    ['0 - u', '-u'],
    ['u*1', 'u'],
    ['-1*u', '-u'],
    ['--u', 'u'],
    ['u + -v', 'u - v'],
    ['u - -v', 'u + v'],
    ['0*log(0)', '0'],
    ['0/u', '0'],
    ['u/1', 'u'],
    ['u^1', 'u'],
    ['u^0', '1'],
    ['2*3 + 4', '10'],
    ['where(1 < 2, u, v)', 'u'],
    ['where(x, u, u)', 'u'],
    ['div0(u, 0)', '0'],
    ['mul0(0, log(0))', '0'],
    ['1/0 + u', '1/0 + u'],
    ['0/0', '0/0'],
    ['log(0)', 'log(0)'],
    ['2*(3*u)', '2*(3*u)'],
    ['u + v + u', 'u + v + u'],
  ])('%s simplifies to %s', (source, expected) => {
    const arena = new Arena();
    expect(arena.simplify(parse(source, scope))).toBe(arena.intern(parse(expected, scope)));
  });

  test('operands exchange only where the bits agree', () => {
    const arena = new Arena();
    const node = (source: string): Expression => arena.simplify(parse(source, scope));
    for (const source of ['u + v', 'u*v']) expect(node(source)).toBe(node(source.replace(/(u)(.+)(v)/, '$3$2$1')));
    for (const source of [
      'u - v',
      'u/v',
      'u^v',
      'u < v',
      'u <= v',
      'min(u, v)',
      'max(u, v)',
      'atan2(u, v)',
      'hypot(u, v)',
      'mul0(u, v)',
    ]) {
      expect(node(source)).not.toBe(node(source.replace(/\bu\b(.+)\bv\b/, 'v$1u')));
    }
  });

  test('a constant that is not finite is rejected', () => {
    for (const bad of [NaN, Infinity, '1' as never]) {
      expect(() => constant(bad)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    }
  });
});
