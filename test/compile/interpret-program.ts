import {DinfError} from '../../lib/base/errors';
import type {Program} from '../../lib/compile/program';
import {INSTRUCTION_WORDS, OPCODES} from '../../lib/schema';
import type {Operator} from '../../lib/expression/operators';
import {applyOperator, arity} from '../../lib/expression/operators';

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
  program.inputs.forEach(({key}, i) => {
    if (!Object.hasOwn(inputs, key)) throw new DinfError('INVALID_ARGUMENT', `the program reads ${key}, which was not given`);
    values[registers + constants.length + i] = inputs[key];
  });
  const stores = new Array<number>(program.stores).fill(NaN);
  const sums = new Array<number>(program.sums).fill(0);
  for (let at = 0; at < code.length; at += INSTRUCTION_WORDS) {
    const [opcode, destination, a, b, c] = code.subarray(at, at + INSTRUCTION_WORDS);
    if (opcode === OPCODES.store) stores[destination] = values[a];
    else if (opcode === OPCODES.sum) sums[destination] += values[a];
    else {
      const operator = OPERATORS[opcode];
      values[destination] = applyOperator(operator, [values[a], values[b], values[c]].slice(0, arity(operator)));
    }
  }
  return {stores, sums};
}

/** The operands that a program reads, by their keys. */
export const inputKeys = (program: Program): string[] => program.inputs.map(({key}) => key);
