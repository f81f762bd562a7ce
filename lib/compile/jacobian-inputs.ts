/** What the derivatives of a problem's rows read: where that stays, so does the matrix of least squares. */
import type {NativeProgram} from '../native';
import {INPUT_KINDS, INSTRUCTION_WORDS, OPCODE_ARITIES, OPCODES} from '../schema';
import type {CompiledTerm} from './terms';

/** Numbers of what is read: uniforms of the problem (weights of terms behind them), channels of a term's data. */
export interface JacobianInputs {
  readonly uniforms: ReadonlySet<number>;
  /** One set a term. */
  readonly channels: readonly ReadonlySet<number>[];
}

/** By opcode. */
const ARITY = Object.fromEntries(
  Object.entries(OPCODES).map(([name, code]) => [
    code,
    name in OPCODE_ARITIES ? OPCODE_ARITIES[name as keyof typeof OPCODE_ARITIES] : 1,
  ]),
);

/** The uniforms and data that the Jacobians of terms with rows read; an energy has none. */
export function jacobianInputs(terms: readonly CompiledTerm[]): JacobianInputs {
  const uniforms = new Set<number>();
  const channels = terms.map((term) => {
    const own = new Set<number>();
    const note = (program: NativeProgram | null, first = 0): void => {
      if (program === null) return;
      for (const input of inputsOfStores(program, first)) {
        const [kind, index] = program.inputs.slice(4 * input, 4 * input + 2);
        if (kind === INPUT_KINDS.uniform) uniforms.add(index);
        if (kind === INPUT_KINDS.channel) own.add(index);
      }
    };
    // The rows come first; what follows are the coefficients that tangent and adjoint read.
    note(term.linearise, term.residuals);
    for (const program of [term.tangent, term.adjoint, term.squares]) note(program);
    return own;
  });
  return {uniforms, channels};
}

/** Numbers of the inputs that stores from `first` on, and all sums, depend on. */
function inputsOfStores({code, constants, inputs, registers}: NativeProgram, first: number): Set<number> {
  const reached = new Set<number>();
  const of: ReadonlySet<number>[] = Array.from({length: registers}, () => new Set<number>());
  const beyond = registers + constants.length;
  for (let at = 0; at < code.length; at += INSTRUCTION_WORDS) {
    const [op, to, ...operands] = code.subarray(at, at + INSTRUCTION_WORDS);
    const read = new Set<number>();
    for (const operand of operands.slice(0, ARITY[op])) {
      if (operand < registers) for (const input of of[operand]) read.add(input);
      else if (operand >= beyond && operand - beyond < inputs.length / 4) read.add(operand - beyond);
    }
    if (op === OPCODES.store ? to >= first : op === OPCODES.sum) for (const input of read) reached.add(input);
    else if (op !== OPCODES.store) of[to] = read;
  }
  return reached;
}
