import type {NativeProgram} from '../native';
import {INPUT_KINDS} from '../schema';

import type {JetSets} from './jets';
import {jetReference} from './jets';
import type {Program} from './program';
import type {ProgramInput} from './program-inputs';
import {operandOf} from './program-inputs';

/**
 * A program in its native form: each input a kind and up to three numbers.
 *
 * @param lambda index of the uniform that holds the term's weight λ; -1 where no term is compiled.
 */
export function nativeProgram(program: Program, jetSets: JetSets, lambda: number): NativeProgram {
  const {code, constants, registers, stores, sums} = program;
  const inputs = program.inputs.flatMap((node) => encoded(operandOf(node), jetSets, lambda));
  return {code, constants, inputs, registers, stores, sums};
}

function encoded(operand: ProgramInput, jetSets: JetSets, lambda: number): [number, number, number, number] {
  switch (operand.kind) {
    case 'jet':
      return [INPUT_KINDS.jet, ...jetReference(operand, jetSets)];
    case 'tangent': {
      const {operand: of} = operand.of;
      return of.kind === 'jet'
        ? [INPUT_KINDS.tangent, ...jetReference(of, jetSets)]
        : [INPUT_KINDS.scalarTangent, of.index, 0, 0];
    }
    case 'lambda':
      return [INPUT_KINDS.uniform, lambda, 0, 0];
    case 'weight':
      return [INPUT_KINDS.weight, 0, 0, 0];
    default:
      return [INPUT_KINDS[operand.kind], operand.index, 0, 0];
  }
}
