// PTX instructions as C++ statements. What is more than an operator is a function of test/cuda-emulation/ptx/instructions.h.
import {bytesOf} from './parse.mjs';
import {cppType, isFloat, isSigned, isType, widthOf} from './types.mjs';

/** @typedef {import('./translate.mjs').FunctionWriter} Writer */
/** @typedef {{opcode: string, modifiers: string[], type: string, operands: string[], line: number}} Instruction */
/** @typedef {(instruction: Instruction, writer: Writer) => void} Handler */

const unsigned = (type) => `uint${widthOf(type)}_t`;
const has = (instruction, modifier) => instruction.modifiers.includes(modifier);
const oneOf = (instruction, words) => instruction.modifiers.find((word) => words.includes(word));

/** Refuses what would otherwise silently round to nearest. */
function checkRounding(instruction, ...allowed) {
  const rounding = oneOf(instruction, ['rz', 'rm', 'rp', 'rna']);
  if (rounding && !allowed.includes(rounding))
    throw new Error(`rounding .${rounding} of ${instruction.opcode} is not understood`);
}

/** The operands of floating-point arithmetic, and what becomes of its result. */
function floating(instruction, writer) {
  const flushing = has(instruction, 'ftz') && instruction.type === 'f32';
  const values = instruction.operands.slice(1).map((operand) => {
    const value = writer.read(operand, instruction.type);
    return flushing ? `flush(${value})` : value;
  });
  const finish = (expression) => {
    const saturated = has(instruction, 'sat') ? `saturate(${expression})` : expression;
    writer.write(instruction.operands[0], instruction.type, flushing ? `flush(${saturated})` : saturated);
  };
  return {values, finish};
}

/** Whole numbers wrap, so the arithmetic is unsigned: overflow of signed ones is undefined in C++, and short ones would become signed. */
function wrapping(instruction, writer, expression) {
  const {type, operands} = instruction;
  const plain = `u${widthOf(type)}`;
  const values = operands.slice(1).map((operand) => writer.read(operand, plain));
  if (widthOf(type) >= 32) writer.write(operands[0], plain, expression(...values));
  else writer.write(operands[0], plain, `${cppType(plain)}(${expression(...values.map((value) => `uint32_t(${value})`))})`);
}

/** Additions that leave a carry, or take one in. */
function carrying(instruction, writer) {
  const {opcode, operands} = instruction;
  const bits = widthOf(instruction.type);
  const type = `u${bits}`;
  const wide = bits === 32 ? 'uint64_t' : 'unsigned __int128';
  const [a, b, c] = operands.slice(1).map((operand) => writer.read(operand, type));
  const product = `(${wide}(${a}) * ${b}${has(instruction, 'hi') ? ` >> ${bits}` : ''})`;
  const [first, second] = opcode.startsWith('mad') ? [`${cppType(type)}${product}`, c] : [a, b];
  const sign = opcode.startsWith('sub') ? '-' : '+';
  const carry = opcode.endsWith('c') ? ` ${sign} carry` : '';
  writer.line(`{ const ${wide} sum = ${wide}(${first}) ${sign} ${second}${carry};`);
  writer.write(operands[0], type, `${cppType(type)}(sum)`);
  if (has(instruction, 'cc')) writer.line(`carry = uint32_t(sum >> ${bits}) & 1;`);
  writer.line('}');
}

/** @returns {Handler} */
const sum = (operator) => (instruction, writer) => {
  if (has(instruction, 'cc')) {
    carrying(instruction, writer);
    return;
  }
  if (!isFloat(instruction.type)) {
    wrapping(instruction, writer, (a, b) => `${a} ${operator} ${b}`);
    return;
  }
  checkRounding(instruction);
  const {values, finish} = floating(instruction, writer);
  finish(`${values[0]} ${operator} ${values[1]}`);
};

/** mul and mad: of fractions, or of whole numbers with the low, the high or all words of the product. @type {Handler} */
function multiply(instruction, writer) {
  const {opcode, type, operands} = instruction;
  if (has(instruction, 'cc')) {
    carrying(instruction, writer);
    return;
  }
  if (isFloat(type)) {
    if (opcode === 'mul') sum('*')(instruction, writer);
    else fusedMultiply(instruction, writer);
    return;
  }
  const add = opcode === 'mad';
  const bits = widthOf(type);
  const [a, b] = [writer.read(operands[1], type), writer.read(operands[2], type)];
  if (has(instruction, 'wide')) {
    const double = `${type[0]}${2 * bits}`;
    const plain = `u${2 * bits}`;
    const product = `${cppType(plain)}(${cppType(double)}(${a}) * ${cppType(double)}(${b}))`;
    writer.write(operands[0], plain, add ? `${product} + ${writer.read(operands[3], plain)}` : product);
    return;
  }
  if (has(instruction, 'hi')) {
    const wide = bits === 64 ? (isSigned(type) ? '__int128' : 'unsigned __int128') : cppType(`${type[0]}64`);
    const high = `${cppType(type)}((${wide})${a} * (${wide})${b} >> ${bits})`;
    const total = add ? `${unsigned(type)}(${high}) + ${unsigned(type)}(${writer.read(operands[3], type)})` : high;
    writer.write(operands[0], type, `${cppType(type)}(${total})`);
    return;
  }
  wrapping(instruction, writer, (x, y, z) => (add ? `${x} * ${y} + ${z}` : `${x} * ${y}`));
}

/** @type {Handler} */
function fusedMultiply(instruction, writer) {
  checkRounding(instruction, 'rm');
  const {values, finish} = floating(instruction, writer);
  const name = has(instruction, 'rm') ? 'fusedDown' : 'std::fma';
  finish(`${name}(${values.join(', ')})`);
}

/** @type {Handler} */
function divide(instruction, writer) {
  const {type, operands} = instruction;
  if (isFloat(type)) {
    sum('/')(instruction, writer);
    return;
  }
  const values = operands.slice(1).map((operand) => writer.read(operand, type));
  writer.write(
    operands[0],
    type,
    `${instruction.opcode === 'div' ? 'quotientOf' : 'remainderOf'}<${cppType(type)}>(${values.join(', ')})`,
  );
}

/** @type {Handler} */
function extremum(instruction, writer) {
  const {opcode, type, operands} = instruction;
  if (has(instruction, 'NaN') || has(instruction, 'xorsign'))
    throw new Error(`.${instruction.modifiers.join('.')} is not understood`);
  if (isFloat(type)) {
    const {values, finish} = floating(instruction, writer);
    finish(`std::f${opcode}(${values.join(', ')})`);
    return;
  }
  const values = operands.slice(1).map((operand) => writer.read(operand, type));
  writer.write(operands[0], type, `std::${opcode}<${cppType(type)}>(${values.join(', ')})`);
}

/** Functions of one number. The approximate ones are exact here, but for the two of double precision that Newton steps follow. */
const FUNCTIONS = {
  abs: (x) => `std::fabs(${x})`,
  neg: (x) => `-${x}`,
  sqrt: (x) => `std::sqrt(${x})`,
  rsqrt: (x) => `1 / std::sqrt(${x})`,
  rcp: (x) => `1 / ${x}`,
  ex2: (x) => `std::exp2(${x})`,
  lg2: (x) => `std::log2(${x})`,
  sin: (x) => `std::sin(${x})`,
  cos: (x) => `std::cos(${x})`,
  tanh: (x) => `std::tanh(${x})`,
};
/** @type {Handler} */
function unary(instruction, writer) {
  const {opcode, type, operands} = instruction;
  if (!isFloat(type)) {
    if (opcode === 'neg') {
      wrapping(instruction, writer, (x) => `0 - ${x}`);
      return;
    }
    const x = writer.read(operands[1], type);
    writer.write(operands[0], type, `${x} < 0 ? ${cppType(type)}(0 - ${unsigned(type)}(${x})) : ${x}`);
    return;
  }
  checkRounding(instruction);
  const {values, finish} = floating(instruction, writer);
  if (type === 'f64' && has(instruction, 'approx')) {
    finish(`highWord(${FUNCTIONS[opcode](values[0])})`);
    return;
  }
  finish(FUNCTIONS[opcode](values[0]));
}

/** @returns {Handler} */
const bitwise = (operator) => (instruction, writer) => {
  const {type, operands} = instruction;
  const values = operands.slice(1).map((operand) => writer.read(operand, type));
  writer.write(operands[0], type, `${cppType(type)}(${values.join(` ${operator} `)})`);
};
/**
 * A function of the runtime, whose operands are of the types given, by default the instruction's.
 * @param {string} name
 * @param {(string | undefined)[]} types
 * @param {string} [result]
 * @returns {Handler}
 */
const call =
  (name, types = [], result) =>
  (instruction, writer) => {
    const {type, operands} = instruction;
    const values = operands.slice(1).map((operand, i) => writer.read(operand, types[i] ?? type));
    writer.write(operands[0], result ?? type, `${name}<${cppType(type)}>(${values.join(', ')})`);
  };

// ---- comparisons
const COMPARISONS = {eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=', lo: '<', ls: '<=', hi: '>', hs: '>='};
/** Of fractions the plain comparisons are false where one is no number, those with a u are true. */
const UNORDERED = {
  equ: (x, y) => `!(${x} < ${y} || ${x} > ${y})`,
  neu: (x, y) => `!(${x} == ${y})`,
  ltu: (x, y) => `!(${x} >= ${y})`,
  leu: (x, y) => `!(${x} > ${y})`,
  gtu: (x, y) => `!(${x} <= ${y})`,
  geu: (x, y) => `!(${x} < ${y})`,
  num: (x, y) => `(${x} == ${x} && ${y} == ${y})`,
  nan: (x, y) => `(${x} != ${x} || ${y} != ${y})`,
};
/** @type {Handler} */
function compare(instruction, writer) {
  const {modifiers, type, operands} = instruction;
  const [comparison] = modifiers;
  const [x, y] = [writer.read(operands[1], type), writer.read(operands[2], type)];
  let answer;
  if (comparison === 'ne' && isFloat(type)) answer = `(${x} < ${y} || ${x} > ${y})`;
  else if (comparison in COMPARISONS) answer = `(${x} ${COMPARISONS[comparison]} ${y})`;
  else answer = UNORDERED[comparison](x, y);
  const combined = oneOf(instruction, ['and', 'or', 'xor']);
  const third = combined && writer.read(operands[3], 'pred');
  const combine = (value) => (combined ? `bool(${value} ${{and: '&', or: '|', xor: '^'}[combined]} ${third})` : value);
  const [positive, negative] = operands[0].split('|');
  if (negative) {
    // Both are answers about the operands as they were.
    writer.line(`{ const bool holds = ${answer}, yes = ${combine('holds')}, no = ${combine('!holds')};`);
    writer.write(positive, 'pred', 'yes');
    writer.write(negative, 'pred', 'no');
    writer.line('}');
  } else writer.write(positive, 'pred', combine(answer));
}
/** @type {Handler} */
function select({type, operands}, writer) {
  const [yes, no] = [writer.read(operands[1], type), writer.read(operands[2], type)];
  writer.write(operands[0], type, `${writer.read(operands[3], 'pred')} ? ${yes} : ${no}`);
}

// ---- moves, conversions, addresses
const listed = (operand) =>
  operand
    .slice(1, -1)
    .split(',')
    .map((each) => each.trim());
/** @type {Handler} */
function move({type, operands: [to, from]}, writer) {
  if (to.startsWith('{')) {
    const parts = listed(to);
    const part = `b${widthOf(type) / parts.length}`;
    writer.line(`{ const ${unsigned(type)} whole = ${writer.read(from, `b${widthOf(type)}`)};`);
    parts.forEach((each, i) => writer.write(each, part, `${cppType(part)}(whole >> ${i * widthOf(part)})`));
    writer.line('}');
  } else if (from.startsWith('{')) {
    const parts = listed(from);
    const part = `b${widthOf(type) / parts.length}`;
    const words = parts.map((each, i) => `${unsigned(type)}(${writer.read(each, part)}) << ${i * widthOf(part)}`);
    writer.write(to, `b${widthOf(type)}`, words.join(' | '));
  } else writer.write(to, type, writer.read(from, type));
}

const ROUNDINGS = {rni: 'nearbyint', rzi: 'trunc', rmi: 'floor', rpi: 'ceil'};
/** @type {Handler} */
function convert(instruction, writer) {
  if (has(instruction, 'tf32')) {
    if (instruction.modifiers.join('.') !== 'rna.tf32.f32') throw new Error('a conversion to tf32 that is not understood');
    const [to, from] = instruction.operands;
    writer.write(to, 'b32', `cuda_emulation::roundToTf32(${writer.read(from, 'f32')})`);
    return;
  }
  const [to, from] = instruction.modifiers.filter(isType);
  const [target, source] = instruction.operands;
  const value = writer.read(source, from);
  const whole = oneOf(instruction, Object.keys(ROUNDINGS));
  checkRounding(instruction);
  let result = `${cppType(to)}(${value})`;
  if (isFloat(from) && whole) {
    result = `std::${ROUNDINGS[whole]}(${value})`;
    if (!isFloat(to)) result = `toInteger<${cppType(to)}>(${result})`;
  } else if (isFloat(from) && !isFloat(to)) throw new Error('a conversion to a whole number that does not say how it rounds');
  if (has(instruction, 'sat')) {
    if (!isFloat(to)) throw new Error('.sat of a whole number is not understood');
    result = `saturate(${result})`;
  }
  if (has(instruction, 'ftz')) result = `flush(${result})`;
  writer.write(target, to, result);
}
/** Generic addresses are the host's own, those of shared memory offsets into its window; all others are both at once. @type {Handler} */
function convertAddress({modifiers, type, operands}, writer) {
  const shared = modifiers.includes('shared');
  const value = writer.read(operands[1], type);
  writer.write(operands[0], type, shared ? `${value} ${modifiers[0] === 'to' ? '-' : '+'} windowStart()` : value);
}

// ---- memory
const SPACES = ['param', 'global', 'shared', 'local', 'const'];
const parts = (instruction) => ({v2: 2, v4: 4})[oneOf(instruction, ['v2', 'v4']) ?? ''] ?? 1;
/** @type {Handler} */
function load(instruction, writer) {
  const {type, operands} = instruction;
  const count = parts(instruction);
  const space = oneOf(instruction, SPACES);
  const from = writer.access(operands[1], space, 'load', count * bytesOf(type), instruction.line);
  if (count === 1) {
    writer.write(operands[0], type, `load<${cppType(type)}>(${from})`);
    return;
  }
  writer.line(`{ const char* const from = ${from};`);
  listed(operands[0]).forEach((each, i) => writer.write(each, type, `load<${cppType(type)}>(from + ${i * bytesOf(type)})`));
  writer.line('}');
}
/** @type {Handler} */
function store(instruction, writer) {
  const {type, operands} = instruction;
  const count = parts(instruction);
  const space = oneOf(instruction, SPACES);
  const to = writer.access(operands[0], space, 'store', count * bytesOf(type), instruction.line);
  if (count === 1) {
    writer.line(`store<${cppType(type)}>(${to}, ${writer.read(operands[1], type)});`);
    return;
  }
  writer.line(`{ char* const to = ${to};`);
  listed(operands[1]).forEach((each, i) =>
    writer.line(`store<${cppType(type)}>(to + ${i * bytesOf(type)}, ${writer.read(each, type)});`),
  );
  writer.line('}');
}

/**
 * Copies to shared memory that a thread waits for later: done at once here. What is not read of the source becomes 0.
 * @type {Handler}
 */
function copyAsync(instruction, writer) {
  const {modifiers, operands, line} = instruction;
  const kind = modifiers.join('.');
  if (kind === 'async.wait_all') return;
  if (kind !== 'async.cg.shared.global' && kind !== 'async.ca.shared.global') throw new Error(`cp.${kind} is not understood`);
  const bytes = Number(operands[2]);
  const to = writer.access(operands[0], 'shared', 'store', bytes, line);
  const from = writer.access(operands[1], 'global', 'load', bytes, line);
  writer.line(`copyToShared(${to}, ${from}, ${bytes}, ${operands[3] ? writer.read(operands[3], 'u32') : bytes});`);
}

const ATOMICS = {
  add: 'T(old + v)',
  min: 'std::min(old, v)',
  max: 'std::max(old, v)',
  and: 'T(old & v)',
  or: 'T(old | v)',
  xor: 'T(old ^ v)',
  exch: 'v',
  inc: 'T(old >= v ? 0 : old + 1)',
  dec: 'T(old == 0 || old > v ? v : old - 1)',
  cas: 'old == v ? w : old',
};
/** @type {Handler} */
function atomic(instruction, writer) {
  const {opcode, type} = instruction;
  const [target, place, value, other] = opcode === 'red' ? ['_', ...instruction.operands] : instruction.operands;
  const operation = oneOf(instruction, Object.keys(ATOMICS));
  const at = writer.access(place, oneOf(instruction, SPACES), 'atomic', bytesOf(type), instruction.line);
  writer.line(`{ using T = ${cppType(type)}; char* const at = ${at};`);
  writer.line(`cuda_emulation::noteAtomic(at, sizeof(T), ${isFloat(type)});`);
  writer.line(`const T old = load<T>(at), v = ${writer.read(value, type)};`);
  if (operation === 'cas') writer.line(`const T w = ${writer.read(other, type)};`);
  writer.line(`store<T>(at, ${ATOMICS[operation]});`);
  writer.write(target, type, 'old');
  writer.line('}');
}

// ---- the block and the warp
/** @type {Handler} */
function barrier(instruction, writer) {
  const {opcode, modifiers, operands, line} = instruction;
  if (modifiers[0] === 'warp') {
    writer.line(`syncWarp(${writer.read(operands[0], 'b32')}, {kFile, ${line}});`);
    return;
  }
  const kind = modifiers.find((word) => word !== 'cta');
  if (kind === 'red') {
    const votes = {popc: 'count', and: 'all', or: 'any'};
    const [target, number, predicate] = operands;
    if (number !== '0' || operands.length !== 3) throw new Error('a barrier of a part of the block');
    const kindOfVote = oneOf(instruction, Object.keys(votes));
    const answer = `voteOfBlock(${writer.read(predicate, 'pred')}, cuda_emulation::Vote::${votes[kindOfVote]}, {kFile, ${line}})`;
    if (kindOfVote === 'popc') writer.write(target, 'u32', `uint32_t(${answer})`);
    else writer.write(target, 'pred', `${answer} != 0`);
    return;
  }
  if (kind !== 'sync' || operands.length !== 1 || operands[0] !== '0') throw new Error(`${opcode} of a part of the block`);
  writer.line(`cuda_emulation::blockBarrier({kFile, ${line}});`);
}
/** @type {Handler} */
function shuffle({modifiers, operands, line}, writer) {
  const [value, predicate] = operands[0].split('|');
  const [from, lane, clamp, mask] = operands.slice(1).map((operand) => writer.read(operand, 'b32'));
  writer.line(`{ const Shuffled got = shuffle<Shuffle::${modifiers[1]}>(${from}, ${lane}, ${clamp}, ${mask}, {kFile, ${line}});`);
  writer.write(value, 'b32', 'got.value');
  if (predicate) writer.write(predicate, 'pred', 'got.inside');
  writer.line('}');
}
/** @type {Handler} */
function vote({modifiers, operands, line}, writer) {
  const [predicate, mask] = [writer.read(operands[1], 'pred'), writer.read(operands[2], 'b32')];
  const kind = modifiers[1];
  if (kind === 'ballot') writer.write(operands[0], 'b32', `ballot(${predicate}, ${mask}, {kFile, ${line}})`);
  else if (kind === 'any') writer.write(operands[0], 'pred', `ballot(${predicate}, ${mask}, {kFile, ${line}}) != 0`);
  else if (kind === 'all') writer.write(operands[0], 'pred', `ballot(!${predicate}, ${mask}, {kFile, ${line}}) == 0`);
  else throw new Error(`vote.${kind} is not understood`);
}

/** The one shape of the tensor cores that the kernels use. @type {Handler} */
function multiplyMatrices({modifiers, operands, line}, writer) {
  const shape = modifiers.join('.');
  if (shape !== 'sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32') throw new Error(`mma.${shape} is not understood`);
  const [to, a, b, addends] = operands.map(listed);
  const values = (list, type) => list.map((each) => writer.read(each, type)).join(', ');
  writer.line(`{ float sum[] = {${values(addends, 'f32')}};`);
  writer.line(`const uint32_t a[] = {${values(a, 'b32')}}, b[] = {${values(b, 'b32')}};`);
  writer.line(`DINF_PTX_MATRICES();`);
  writer.line(`cuda_emulation::multiplyTf32(sum, a, b, {kFile, ${line}});`);
  to.forEach((each, i) => writer.write(each, 'f32', `sum[${i}]`));
  writer.line('}');
}

// ---- control
/** @type {Handler} */
function callFunction({operands}, writer) {
  const inBrackets = (operand) => operand?.startsWith('(') ?? false;
  const [results, name, parameters = '()'] = inBrackets(operands[0]) ? operands : ['()', ...operands];
  const spaces = (list) => splitList(list).map((each) => writer.callSpace(each));
  writer.line(`${writer.functionName(name)}(${[spaces(results)[0] ?? 'nullptr', ...spaces(parameters)].join(', ')});`);
}
const splitList = (operand) => listed(operand).filter(Boolean);
/** @type {Handler} */
function branchIndexed({operands: [index, table]}, writer) {
  const cases = writer.targets(table).map((label, i) => `case ${i}: goto ${label};`);
  writer.line(`switch (${writer.read(index, 'u32')}) { ${cases.join(' ')} }`);
}

/** @type {Record<string, Handler>} */
export const HANDLERS = {
  add: sum('+'),
  sub: sum('-'),
  addc: carrying,
  subc: carrying,
  madc: carrying,
  mul: multiply,
  mad: multiply,
  fma: fusedMultiply,
  div: divide,
  rem: divide,
  min: extremum,
  max: extremum,
  ...Object.fromEntries(Object.keys(FUNCTIONS).map((name) => [name, unary])),
  copysign: ({type, operands}, writer) =>
    writer.write(operands[0], type, `std::copysign(${writer.read(operands[2], type)}, ${writer.read(operands[1], type)})`),
  and: bitwise('&'),
  or: bitwise('|'),
  xor: bitwise('^'),
  not: ({type, operands}, writer) =>
    writer.write(
      operands[0],
      type,
      type === 'pred' ? `!${writer.read(operands[1], type)}` : `${cppType(type)}(~${writer.read(operands[1], type)})`,
    ),
  shl: call('shiftLeft', [undefined, 'u32']),
  shr: call('shiftRight', [undefined, 'u32']),
  popc: call('countOnes', [], 'u32'),
  clz: call('countLeadingZeros', [], 'u32'),
  bfi: call('insertBits', [undefined, undefined, 'u32', 'u32']),
  setp: compare,
  selp: select,
  mov: move,
  cvt: convert,
  cvta: convertAddress,
  ld: load,
  st: store,
  cp: copyAsync,
  atom: atomic,
  red: atomic,
  bar: barrier,
  barrier,
  shfl: shuffle,
  vote,
  mma: multiplyMatrices,
  activemask: ({operands}, writer) => writer.write(operands[0], 'b32', 'cuda_emulation::activeMask()'),
  nanosleep: ({line}, writer) => writer.line(`cuda_emulation::yield({kFile, ${line}});`),
  membar: (instruction, writer) => {
    if (!has(instruction, 'cta')) writer.line('cuda_emulation::noteFence();');
  },
  fence: (instruction, writer) => {
    if (!has(instruction, 'cta')) writer.line('cuda_emulation::noteFence();');
  },
  trap: ({line}, writer) => writer.line(`cuda_emulation::trap({kFile, ${line}});`),
  bra: ({operands}, writer) => writer.line(`goto ${writer.label(operands[0])};`),
  brx: branchIndexed,
  call: callFunction,
  ret: (_instruction, writer) => writer.line('return;'),
  exit: (_instruction, writer) => writer.line('return;'),
};
