import {DinfError} from '../base/errors';
import type {Steps} from '../base/steps';
import {finished} from '../base/steps';
import {Arena} from '../expression/arena';
import type {Expression, InputNode} from '../expression/node';
import {postorderSteps, VISITS_A_STEP} from '../expression/node';
import type {Operator} from '../expression/operators';
import {expandPower, powerPlan} from '../expression/operators';
import {INSTRUCTION_WORDS, OPCODES} from '../schema';

/** A straight-line program: what the native executor runs for each sample. */
export interface Program {
  /**
   * Five words an instruction: opcode, destination, a, b, c; unused words are 0. An operand below `registers` is a register, then
   * come the constants, then the inputs. A destination is a register, or the slot of a STORE or SUM. A register may be operand
   * and destination of one instruction.
   */
  code: Uint16Array;
  constants: Float64Array;
  /** The inputs, in operand order. */
  inputs: InputNode[];
  registers: number;
  /** Number of per-sample outputs: one more than the highest slot stored. */
  stores: number;
  /** Number of sums over samples: one more than the highest slot summed. */
  sums: number;
}

const LARGEST_OPERAND = 0xffff;

/** What a program does with a value: keep one a sample, or add it up over the samples. */
export interface ProgramOutput {
  readonly kind: 'store' | 'sum';
  readonly slot: number;
  readonly node: Expression;
}

/** The expressions in operators that have an opcode: powers become products, norms chains of hypot. */
function* toMachineOperators(expressions: readonly Expression[], arena: Arena): Steps<Expression[]> {
  const roots = expressions.map((expression) => arena.simplify(expression));
  const algebra = {
    one: arena.one as Expression,
    mul: (a: Expression, b: Expression) => arena.make('mul', a, b),
    div: (a: Expression, b: Expression) => arena.make('div', a, b),
    sqrt: (a: Expression) => arena.make('sqrt', a),
  };
  const memo = new Map<Expression, Expression>();
  for (const node of yield* postorderSteps(roots)) {
    if (memo.size % VISITS_A_STEP === 0) yield;
    if (node.kind !== 'operation') {
      memo.set(node, node);
      continue;
    }
    const operands = node.operands.map((operand) => memo.get(operand)!);
    const [a, b] = operands;
    // A constant base that was not folded has no finite power: products would lose the sign of a zero on the way to its reciprocal.
    const products = node.operator === 'pow' && b.kind === 'constant' && a.kind !== 'constant';
    const plan = products ? powerPlan(b.value) : undefined;
    if (plan !== undefined) memo.set(node, expandPower(a, plan, algebra));
    else if (node.operator !== 'norm') memo.set(node, arena.make(node.operator, ...operands));
    else if (operands.length === 1) memo.set(node, arena.make('abs', a));
    else
      memo.set(
        node,
        operands.reduce((sum, operand) => arena.make('hypot', sum, operand)),
      );
  }
  return roots.map((root) => memo.get(root)!);
}

/**
 * Registers that evaluating a node keeps busy if nothing is shared (Sethi and Ullman). Visiting the hungrier operand first keeps
 * fewer values alive at a time.
 */
function* registerNeeds(order: readonly Expression[]): Steps<Map<Expression, number>> {
  const needs = new Map<Expression, number>();
  for (const node of order) {
    if (needs.size % VISITS_A_STEP === 0) yield;
    if (node.kind !== 'operation') {
      needs.set(node, 0);
      continue;
    }
    const sizes = node.operands.map((operand) => needs.get(operand)!).sort((a, b) => b - a);
    needs.set(node, Math.max(1, ...sizes.map((size, i) => size + Math.min(i, size))));
  }
  return needs;
}

/** Operands as an unresolved triple until the number of registers is known. */
interface Slot {
  readonly at: 'register' | 'constant' | 'input';
  readonly index: number;
}

/** Numbers constants and inputs in order of first use, and hands out registers, the last freed first. */
class Operands {
  readonly constants: number[] = [];
  readonly inputs: InputNode[] = [];
  registers = 0;
  private readonly places = new Map<Expression, Slot>();
  private readonly free: number[] = [];

  place(node: Expression): Slot {
    const known = this.places.get(node);
    if (known !== undefined) return known;
    let slot: Slot;
    if (node.kind === 'constant') slot = {at: 'constant', index: this.constants.push(node.value) - 1};
    else if (node.kind === 'input') slot = {at: 'input', index: this.inputs.push(node) - 1};
    else throw new DinfError('INTERNAL', `a ${node.kind} cannot be an operand of a program: it was not bound`);
    this.places.set(node, slot);
    return slot;
  }

  allocate(node: Expression): Slot {
    const slot: Slot = {at: 'register', index: this.free.pop() ?? this.registers++};
    this.places.set(node, slot);
    return slot;
  }

  release(node: Expression): void {
    this.free.push(this.places.get(node)!.index);
  }
}

/**
 * Turns expressions over inputs into one program: common subexpressions once, dead code gone, registers by liveness. The
 * instructions depend on the outputs and their order alone.
 *
 * @throws EXPRESSION_TOO_LARGE when registers, constants and inputs together pass 65 535.
 */
export function lower(outputs: readonly ProgramOutput[], arena?: Arena): Program {
  return finished(lowerSteps(outputs, arena));
}

/** As {@link lower}, with pauses. */
export function* lowerSteps(outputs: readonly ProgramOutput[], arena = new Arena()): Steps<Program> {
  const roots = yield* toMachineOperators(
    outputs.map(({node}) => node),
    arena,
  );
  const needs = yield* registerNeeds(yield* postorderSteps(roots));
  const hungriestFirst = (node: Expression): readonly Expression[] =>
    node.kind === 'operation' ? [...node.operands].sort((a, b) => needs.get(b)! - needs.get(a)!) : [];

  // Each output is written as soon as its value is there, so that its register is free for the next one.
  const steps: {node: Expression; output?: ProgramOutput}[] = [];
  const visited = new Set<Expression>();
  for (const [i, output] of outputs.entries()) {
    for (const node of yield* postorderSteps([roots[i]], (candidate) => visited.has(candidate), hungriestFirst)) {
      visited.add(node);
      if (node.kind === 'operation') steps.push({node});
    }
    if (steps.push({node: roots[i], output}) % VISITS_A_STEP === 0) yield;
  }

  const reads = ({node, output}: (typeof steps)[number]): readonly Expression[] =>
    output !== undefined ? [node] : node.kind === 'operation' ? node.operands : [];
  const lastUse = new Map<Expression, number>();
  steps.forEach((step, i) => {
    for (const operand of reads(step)) lastUse.set(operand, i);
  });

  const operands = new Operands();
  const code: {opcode: number; destination: number; operands: Slot[]}[] = [];
  const width = {store: 0, sum: 0};
  for (const [i, step] of steps.entries()) {
    if (i % VISITS_A_STEP === 0) yield;
    const {node, output} = step;
    const read = reads(step);
    const slots = read.map((operand) => operands.place(operand));
    for (const operand of new Set(read)) {
      if (operand.kind === 'operation' && lastUse.get(operand) === i) operands.release(operand);
    }
    if (output !== undefined) {
      width[output.kind] = Math.max(width[output.kind], output.slot + 1);
      code.push({opcode: OPCODES[output.kind], destination: output.slot, operands: slots});
    } else if (node.kind === 'operation') {
      code.push({opcode: opcodeOf(node.operator), destination: operands.allocate(node).index, operands: slots});
    }
  }
  return yield* encode(code, operands, width);
}

function opcodeOf(operator: Operator): number {
  const opcode = (OPCODES as Partial<Record<Operator, number>>)[operator];
  if (opcode === undefined) throw new DinfError('INTERNAL', `the operator ${operator} has no opcode`);
  return opcode;
}

function* encode(
  code: readonly {opcode: number; destination: number; operands: Slot[]}[],
  {constants, inputs, registers}: Operands,
  width: {store: number; sum: number},
): Steps<Program> {
  const base = {register: 0, constant: registers, input: registers + constants.length};
  const count = base.input + inputs.length;
  if (count - 1 > LARGEST_OPERAND || Math.max(width.store, width.sum) - 1 > LARGEST_OPERAND) {
    throw new DinfError(
      'EXPRESSION_TOO_LARGE',
      `a program has at most ${LARGEST_OPERAND + 1} operands, and this one needs ${count}; split the term into several`,
    );
  }
  const words = new Uint16Array(code.length * INSTRUCTION_WORDS);
  for (const [i, {opcode, destination, operands}] of code.entries()) {
    if (i % VISITS_A_STEP === 0) yield;
    words.set([opcode, destination, ...operands.map(({at, index}) => base[at] + index)], i * INSTRUCTION_WORDS);
  }
  return {code: words, constants: Float64Array.from(constants), inputs, registers, stores: width.store, sums: width.sum};
}
