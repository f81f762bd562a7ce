// A PTX module as a C++ source: a function a kernel, a variable a register, a goto a branch.
import {HANDLERS} from './instructions.mjs';
import {parseModule, parseParameters, parseShared} from './parse.mjs';
import {cppType, hostSymbols, identifier, integer, isFloat, isType} from './types.mjs';

/**
 * Moves from one register to another, and of constants: the assembler gives both ends one register, and has operands for constants. Those of
 * special registers are instructions, and so are those that a predicate decides on.
 */
const isRenaming = ({opcode, operands, guard}) =>
  opcode === 'mov' && guard === undefined && !(operands[1] in SPECIAL) && operands.every((operand) => !operand.startsWith('{'));

const SPECIAL = {
  ...Object.fromEntries(
    ['x', 'y', 'z'].flatMap((axis) => [
      [`%tid.${axis}`, `threadIdx.${axis}`],
      [`%ctaid.${axis}`, `blockIdx.${axis}`],
      [`%ntid.${axis}`, `blockDim.${axis}`],
      [`%nctaid.${axis}`, `gridDim.${axis}`],
    ]),
  ),
  '%laneid': 'cuda_emulation::lane()',
};
const alignUp = (bytes, align) => Math.ceil(bytes / align) * align;

/* eslint-disable @typescript-eslint/prefer-readonly -- JavaScript has no such word */
/** Writes one function. The handlers of instructions.mjs know its methods alone. */
export class FunctionWriter {
  #module;
  #function;
  #lines = [];
  /** Types of registers, by the letters of a range (`%rd` of `.reg .b64 %rd<5>`), or by name in each scope that is open, innermost first. */
  /** @type {Map<string, string>} */
  #ranges = new Map();
  /** @type {Map<string, string>[]} */
  #scopes = [new Map()];
  /** C++ types of the variables in use, by name. */
  #variables = new Map();
  #locals = new Map();
  #targets = new Map();
  #shared = new Map();
  #sharedBytes = 0;
  #blocks = [0];
  #accesses = [];

  /** @param {import('./parse.mjs').PtxModule} module @param {import('./parse.mjs').PtxFunction} ptxFunction */
  constructor(module, ptxFunction) {
    this.#module = module;
    this.#function = ptxFunction;
    this.#layOutShared();
    this.#translate();
  }

  /** Static shared variables that the function names, in their order, then the dynamic array, 16-byte aligned. */
  #layOutShared() {
    const {statements, entry, name: functionName} = this.#function;
    const variables = new Map(this.#module.shared);
    const named = new Set();
    for (const statement of statements) {
      const own = statement.kind === 'directive' && parseShared(statement.text);
      if (own) variables.set(...own);
      if (statement.kind !== 'instruction') continue;
      for (const [word] of statement.operands.join(' ').matchAll(/[\w$]+/g)) if (variables.has(word)) named.add(word);
    }
    if (named.size > 0 && !entry) throw new Error(`${functionName}: shared memory in a function that was not inlined`);
    for (const [name, {bytes, align, dynamic}] of variables) {
      if (dynamic || !named.has(name)) continue;
      const at = alignUp(this.#sharedBytes, align);
      this.#shared.set(name, at);
      this.#sharedBytes = at + bytes;
    }
    this.#sharedBytes = alignUp(this.#sharedBytes, 16);
    for (const [name, {dynamic}] of variables) if (dynamic) this.#shared.set(name, this.#sharedBytes);
  }

  #translate() {
    this.#findTargets();
    for (const statement of this.#function.statements) {
      try {
        this.#statement(statement);
      } catch (error) {
        throw new Error(
          `line ${statement.line}, ${this.#function.name}: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
          },
        );
      }
    }
  }

  #findTargets() {
    let label = '';
    for (const statement of this.#function.statements) {
      if (statement.kind === 'label') label = statement.name;
      if (statement.kind !== 'directive' || !statement.text.startsWith('.branchtargets')) continue;
      const names = statement.text.slice('.branchtargets'.length).split(',');
      this.#targets.set(
        label,
        names.map((name) => this.label(name.trim())),
      );
    }
  }

  #statement(statement) {
    if (statement.kind === 'open') {
      this.#scopes.unshift(new Map());
      this.line('{');
    } else if (statement.kind === 'close') {
      this.#scopes.shift();
      this.line('}');
    } else if (statement.kind === 'label') {
      if (this.#targets.has(statement.name)) return; // of a table
      this.#lines.push(`${this.label(statement.name)}:;`);
      this.#startBlock();
    } else if (statement.kind === 'directive') this.#directive(statement.text);
    else this.#instruction(statement);
  }

  #directive(text) {
    const [word] = text.split(' ');
    if (word === '.reg') this.#declareRegisters(text);
    else if (word === '.local') {
      const match = /^\.local \.align \d+ \.b8 ([\w$]+)\[(\d+)\]$/.exec(text);
      if (!match) throw new Error(`${text} is not understood`);
      this.#locals.set(match[1], Number(match[2]));
    } else if (word === '.param') {
      for (const {name, bytes} of parseParameters(text)) this.line(`alignas(16) char ${this.callSpace(name)}[${bytes}];`);
    } else if (!['.shared', '.pragma', '.loc', '.branchtargets'].includes(word)) throw new Error(`${text} is not understood`);
  }

  #declareRegisters(text) {
    const [, type, names] = /^\.reg \.(\w+) (.*)$/.exec(text) ?? [];
    for (const name of names.split(',').map((each) => each.trim())) {
      const range = /^([%\w]+)<\d+>$/.exec(name);
      if (range) this.#ranges.set(range[1], type);
      else this.#scopes[0].set(name, type);
    }
  }

  #instruction(instruction) {
    const {opcode, modifiers} = instruction;
    if (!(opcode in HANDLERS)) throw new Error(`${[opcode, ...modifiers].join('.')} is not understood`);
    if (!isRenaming(instruction)) this.#countInstruction();
    const {guard} = instruction;
    if (guard) this.line(`if (${guard.negated ? '!' : ''}${this.read(guard.register, 'pred')}) {`);
    const type = modifiers.filter(isType).at(-1) ?? '';
    HANDLERS[opcode]({...instruction, type}, this);
    if (guard) this.line('}');
    if (opcode === 'bra') this.#startBlock();
  }

  /** A straight piece of code begins: at labels, and behind branches. */
  #startBlock() {
    if (this.#blocks.at(-1) !== 0) this.#blocks.push(0);
  }
  #countInstruction() {
    const last = this.#blocks.length - 1;
    // Of a function that was not inlined only its call is counted.
    if (this.#blocks[last]++ === 0 && this.#function.entry) this.line(`DINF_PTX_BLOCK(${last});`);
  }

  // ---- for the handlers
  line(text) {
    this.#lines.push(`  ${text}`);
  }
  label(name) {
    return `at_${identifier(name)}`;
  }
  targets(table) {
    return this.#targets.get(table);
  }
  callSpace(name) {
    return `call_${identifier(name)}`;
  }
  functionName(name) {
    if (!this.#module.functions.some((each) => each.name === name)) throw new Error(`a call of ${name}, which has no body here`);
    return `ptx_${identifier(name)}`;
  }

  /** Names of a scope may be those of a range outside of it, so their variables have other names. */
  #variable(register) {
    const named = this.#scopes.find((scope) => scope.has(register))?.get(register);
    const [, letters] = /^(%[a-z]+)\d+$/.exec(register) ?? [];
    const type = named ?? this.#ranges.get(letters);
    if (!type) throw new Error(`no register ${register}`);
    const name = named ? `${identifier(register)}_${type}` : identifier(register);
    this.#variables.set(name, cppType(type));
    return {name, type};
  }

  /** An operand as a value of this type: the same bits where one is a fraction and the other is not, else the low bits. */
  read(operand, type) {
    if (operand.startsWith('!')) return `!${this.read(operand.slice(1), type)}`;
    if (operand in SPECIAL) return `${cppType(type)}(${SPECIAL[operand]})`;
    if (operand.startsWith('%') || this.#scopes.some((scope) => scope.has(operand))) {
      const register = this.#variable(operand);
      if (cppType(register.type) === cppType(type)) return register.name;
      const bits = isFloat(type) || isFloat(register.type);
      return bits ? `std::bit_cast<${cppType(type)}>(${register.name})` : `${cppType(type)}(${register.name})`;
    }
    const fraction = /^0([fFdD])([0-9A-Fa-f]+)$/.exec(operand);
    if (fraction) {
      const single = fraction[1].toLowerCase() === 'f';
      return `std::bit_cast<${cppType(type)}>(0x${fraction[2]}${single ? 'u' : 'ull'})`;
    }
    if (/^-?(0x)?[0-9A-Fa-f]+U?$/.test(operand) && /^-?\d/.test(operand))
      return type === 'pred' ? operand : integer(operand, type);
    return `${cppType(type)}(${this.#symbol(operand)})`;
  }
  /** Narrow values widen by their type's sign. */
  write(register, type, expression) {
    if (register === '_') return;
    const to = this.#variable(register);
    if (cppType(to.type) === cppType(type)) {
      this.line(`${to.name} = ${expression};`);
      return;
    }
    const value = `${cppType(type)}(${expression})`;
    this.line(
      `${to.name} = ${isFloat(to.type) || isFloat(type) ? `std::bit_cast<${cppType(to.type)}>(${value})` : `${cppType(to.type)}(${value})`};`,
    );
  }

  #symbol(name) {
    const {entry, parameters, results} = this.#function;
    const shared = this.#shared.get(name);
    if (shared !== undefined) return `uint64_t(${shared})`;
    if (this.#locals.has(name)) return `uint64_t(local_${identifier(name)})`;
    if (this.#module.constants.some((each) => each.name === name)) return `uint64_t(constant_${identifier(name)})`;
    const parameter = parameters.findIndex((each) => each.name === name);
    if (parameter >= 0) return entry ? `uint64_t(arguments[${parameter}])` : `uint64_t(argument${parameter})`;
    if (results.some((each) => each.name === name)) return 'uint64_t(result)';
    if (/^(param|retval)\d+$/.test(name)) return `uint64_t(${this.callSpace(name)})`;
    throw new Error(`no symbol ${name}`);
  }

  /** The host's address of an operand in brackets. */
  access(operand, space, kind, bytes, line) {
    const match = /^\[\s*([%$\w]+)\s*(?:\+\s*(-?\d+)\s*)?\]$/.exec(operand);
    if (!match) throw new Error(`the address ${operand} is not understood`);
    const [, base, offset = '0'] = match;
    const start = /^\d+$/.test(base) ? `${base}ull` : base.startsWith('%') ? this.#variable(base).name : this.#symbol(base);
    const place = offset === '0' ? start : offset.startsWith('-') ? `${start} - ${offset.slice(1)}` : `${start} + ${offset}`;
    const address =
      space === 'shared' ? `inShared(uint32_t(${place}), ${bytes}, {kFile, ${line}})` : `reinterpret_cast<char*>(${place})`;
    if (this.#function.entry && (space === 'shared' || space === 'global')) {
      this.line(`DINF_PTX_ACCESS(${this.#accesses.length}, ${place});`);
      this.#accesses.push({space, kind, bytes, line});
    }
    return address;
  }

  // ---- the result
  get signature() {
    const {entry, name, parameters} = this.#function;
    const list = entry ? ['const void* const* arguments'] : ['char* result', ...parameters.map((_, i) => `char* argument${i}`)];
    return `void ptx_${identifier(name)}(${list.join(', ')})`;
  }
  get text() {
    const byType = new Map();
    for (const [name, type] of this.#variables) byType.set(type, [...(byType.get(type) ?? []), `${name} = 0`]);
    const variables = [...byType].map(([type, names]) => `  ${type} ${names.join(', ')};`);
    // Not a number where nothing was written yet, as all memory of the emulated device.
    const locals = [...this.#locals].flatMap(([name, bytes]) => {
      const variable = `local_${identifier(name)}`;
      return [`  alignas(16) char ${variable}[${bytes}];`, `  std::memset(${variable}, 0xff, ${bytes});`];
    });
    return [`${this.signature} {`, ...variables, '  uint32_t carry = 0;', ...locals, ...this.#lines, '}'].join('\n');
  }
  /** What the emulated device is told of a kernel. */
  get description() {
    const {name, mostThreads, parameters} = this.#function;
    return {
      mostThreads,
      name,
      staticShared: this.#sharedBytes,
      parameters: parameters.map((each) => each.bytes),
      blocks: this.#blocks,
      accesses: this.#accesses,
    };
  }
}

/** @param {string} ptx @param {string} name of the source, without its ending */
export function translateModule(ptx, name) {
  const module = parseModule(hostSymbols(ptx));
  const constants = module.constants.map((each) => {
    const values = each.values
      .replace(/0[fF]([0-9A-Fa-f]{8})\b/g, 'std::bit_cast<float>(0x$1u)')
      .replace(/0[dD]([0-9A-Fa-f]{16})\b/g, 'std::bit_cast<double>(0x$1ull)');
    return `alignas(16) constexpr ${cppType(each.type)} constant_${identifier(each.name)}[${each.count}] = ${values};`;
  });
  const writers = module.functions.map((each) => new FunctionWriter(module, each));
  const kernels = writers.filter((_, i) => module.functions[i].entry).map((writer) => writer.description);
  const tables = kernels.flatMap((kernel, i) => [
    `constexpr uint32_t kParameters${i}[] = {${[...kernel.parameters, 0].join(', ')}};`,
    `constexpr uint32_t kBlocks${i}[] = {${kernel.blocks.join(', ')}};`,
    `constexpr cuda_emulation::TranslatedAccess kAccesses${i}[] = {${[...kernel.accesses.map(accessEntry), '{}'].join(', ')}};`,
  ]);
  const entries = kernels.map(
    (kernel, i) =>
      `  {"${kernel.name}", ptx_${identifier(kernel.name)}, kParameters${i}, ${kernel.parameters.length}, ${kernel.mostThreads}, ${kernel.staticShared}, kBlocks${i}, ${kernel.blocks.length}, kAccesses${i}, ${kernel.accesses.length}},`,
  );
  return [
    `// Made of ${name}.ptx by scripts/ptx-to-cpp.mjs.`,
    '#include "ptx/instructions.h"',
    'namespace {',
    'using namespace cuda_emulation::ptx;',
    `[[maybe_unused]] constexpr const char* kFile = "${name}.ptx";`,
    ...constants,
    ...writers.map((writer) => `${writer.signature};`),
    ...writers.map((writer) => writer.text),
    ...tables,
    ...(entries.length > 0
      ? [
          'constexpr cuda_emulation::Translation kKernels[] = {',
          ...entries,
          '};',
          '[[maybe_unused]] const bool added = cuda_emulation::addTranslations(kKernels, std::size(kKernels));',
        ]
      : []),
    '}  // namespace',
    '',
  ].join('\n');
}
const accessEntry = ({space, kind, bytes, line}) => `{${space === 'shared'}, ${kind === 'atomic'}, ${bytes}, ${line}}`;
