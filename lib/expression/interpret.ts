import {DinfError} from '../errors';
import type {Expression} from './node';
import {derivativeName, postorder} from './node';
import type {Operator} from './operators';
import {applyOperator, arity} from './operators';
import type {Program} from './program';
import {INSTRUCTION_WORDS, OPCODES, STORE, SUM} from './program';

const OPERATORS: Operator[] = [];
for (const [operator, opcode] of Object.entries(OPCODES)) OPERATORS[opcode] = operator as Operator;

/**
 * Runs a program once in float64: the reference for the native executor.
 *
 * @returns what the STORE instructions kept (NaN for a slot that none wrote) and the sums, which for one sample are the summands.
 */
export function evaluateProgram(program: Program, inputs: Readonly<Record<string, number>>): {stores: number[]; sums: number[]} {
  const {code, constants, registers} = program;
  const values = new Float64Array(registers + constants.length + program.inputs.length);
  values.set(constants, registers);
  program.inputs.forEach((key, i) => {
    if (!Object.hasOwn(inputs, key)) throw new DinfError('INVALID_ARGUMENT', `the program reads ${key}, which was not given`);
    values[registers + constants.length + i] = inputs[key];
  });
  const stores = new Array<number>(program.stores).fill(NaN);
  const sums = new Array<number>(program.sums).fill(0);
  for (let at = 0; at < code.length; at += INSTRUCTION_WORDS) {
    const [opcode, destination, a, b, c] = code.subarray(at, at + INSTRUCTION_WORDS);
    if (opcode === STORE) stores[destination] = values[a];
    else if (opcode === SUM) sums[destination] += values[a];
    else {
      const operator = OPERATORS[opcode];
      values[destination] = applyOperator(operator, [values[a], values[b], values[c]].slice(0, arity(operator)));
    }
  }
  return {stores, sums};
}

/** The name by which {@link evaluateExpression} looks a leaf up: as in the grammar (`x`, `u_xx`), or the key of a program operand. */
export function leafName(leaf: Exclude<Expression, {kind: 'constant' | 'operation'}>): string {
  if (leaf.kind === 'derivative') return derivativeName(leaf);
  return leaf.kind === 'input' ? leaf.key : leaf.name;
}

/**
 * The value of an expression in float64.
 *
 * @param values a number for each leaf by name: `{x: 0.5, u: 1, u_xx: -2}`.
 * @throws INVALID_ARGUMENT naming a leaf that has no value.
 */
export function evaluateExpression(expression: Expression, values: Readonly<Record<string, number>>): number {
  const results = new Map<Expression, number>();
  for (const node of postorder([expression])) {
    if (node.kind === 'constant') {
      results.set(node, node.value);
    } else if (node.kind === 'operation') {
      const operands = node.operands.map((operand) => results.get(operand)!);
      results.set(node, applyOperator(node.operator, operands, node.operands[1]?.kind === 'constant'));
    } else {
      const name = leafName(node);
      if (!Object.hasOwn(values, name)) throw new DinfError('INVALID_ARGUMENT', `${name} has no value`);
      results.set(node, values[name]);
    }
  }
  return results.get(expression)!;
}
