// Reads the PTX that nvcc writes: what a module declares, and its functions as lists of statements. Only what nvcc makes of this
// repository's kernels is understood; everything else throws, with its line.

/** @typedef {{name: string, bytes: number}} Parameter */
/** @typedef {{kind: 'label', name: string} | {kind: 'open' | 'close'} | {kind: 'directive', text: string} | Instruction} Statement */
/** @typedef {{kind: 'instruction', guard?: {register: string, negated: boolean}, opcode: string, modifiers: string[], operands: string[]}} Instruction */
/** @typedef {{entry: boolean, name: string, mostThreads: number, parameters: Parameter[], results: Parameter[], statements: (Statement & {line: number})[]}} PtxFunction */
/** @typedef {{bytes: number, align: number, dynamic: boolean}} SharedVariable */
/** @typedef {{name: string, type: string, count: number, values: string}} Constant */
/** @typedef {{shared: Map<string, SharedVariable>, constants: Constant[], functions: PtxFunction[]}} PtxModule */

export const bytesOf = (/** @type {string} */ type) => Math.max(1, Number(type.slice(1)) / 8);

/** Comments become blanks, so that lines keep their numbers. */
const withoutComments = (text) =>
  text.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/\/\/[^\n]*/g, '');

/** Splits at commas outside of brackets. @returns {string[]} */
function splitOperands(/** @type {string} */ text) {
  const parts = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i === text.length || (text[i] === ',' && depth === 0)) {
      const part = text.slice(start, i).trim();
      if (part) parts.push(part);
      start = i + 1;
    } else if ('{[('.includes(text[i])) depth++;
    else if ('}])'.includes(text[i])) depth--;
  }
  return parts;
}

/** Declarations of parameters, of a function or of a call. @returns {Parameter[]} */
export function parseParameters(/** @type {string} */ text) {
  return splitOperands(text).map((declaration) => {
    const match =
      /^\.param\s+(?:\.align\s+\d+\s+)?\.(\w+)\s+(?:\.ptr\s+(?:\.\w+\s+)?(?:\.align\s+\d+\s+)?)?([\w$%]+)(?:\[(\d+)\])?$/.exec(
        declaration,
      );
    if (!match) throw new Error(`a parameter that is not understood: ${declaration}`);
    return {name: match[2], bytes: bytesOf(match[1]) * Number(match[3] || 1)};
  });
}

/** Where the bracket closes that opens at `open`. */
function closing(text, open) {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i;
  }
  throw new Error('a bracket that never closes');
}

function parseInstruction(text) {
  const [, negation, register, opcode, rest] = /^(?:@(!?)([%\w]+)\s+)?([\w.]+)\s*([^]*)$/.exec(text) ?? [];
  if (!opcode) throw new Error(`an instruction that is not understood: ${text}`);
  const [name, ...modifiers] = opcode.split('.');
  return {
    kind: /** @type {const} */ ('instruction'),
    ...(register && {guard: {register, negated: negation === '!'}}),
    opcode: name,
    modifiers,
    operands: splitOperands(rest),
  };
}

/** Statements of a body. Brackets that open a statement are scopes, all others lists of registers. */
function parseBody(/** @type {string} */ text, /** @type {number} */ firstLine) {
  /** @type {(Statement & {line: number})[]} */
  const statements = [];
  let current = '';
  let line = firstLine;
  let start = line;
  let depth = 0;
  const end = () => {
    const statement = current.trim().replace(/\s+/g, ' ');
    current = '';
    if (!statement) return;
    if (statement.startsWith('.')) statements.push({kind: 'directive', text: statement, line: start});
    else statements.push({...parseInstruction(statement), line: start});
  };
  for (const character of text) {
    if (!current.trim()) start = line;
    if (character === '\n') line++;
    if (character === ';') end();
    else if (character === ':' && /^\s*[\w$]+$/.test(current)) {
      statements.push({kind: 'label', name: current.trim(), line});
      current = '';
    } else if (character === '{' && !current.trim()) statements.push({kind: 'open', line});
    else if (character === '}' && depth === 0) {
      statements.push({kind: 'close', line});
      current = '';
    } else {
      if (character === '{') depth++;
      else if (character === '}') depth--;
      current += character;
    }
  }
  return statements;
}

const QUALIFIERS = String.raw`^(?:\.(?:visible|weak|extern|common)\s+)*`;
const SHARED = new RegExp(QUALIFIERS + String.raw`\.shared\s+\.align\s+(\d+)\s+\.(\w+)\s+([\w$]+)(?:\[(\d*)\])?$`);
const CONSTANT = new RegExp(
  QUALIFIERS + String.raw`\.(?:global|const)\s+\.align\s+\d+\s+\.(\w+)\s+([\w$]+)(?:\[(\d+)\])?\s*=\s*([^]+)$`,
);
const FUNCTION = new RegExp(QUALIFIERS + String.raw`\.(entry|func)\s+(?:\(([^)]*)\)\s*)?([\w$]+)\s*(?:\(([^)]*)\))?`);

/** A variable in shared memory, of a module or of one function. @returns {[string, SharedVariable] | undefined} */
export function parseShared(/** @type {string} */ text) {
  const match = SHARED.exec(text);
  if (!match) return undefined;
  const [, align, type, name, count] = match;
  return [name, {bytes: bytesOf(type) * Number(count || 1), align: Number(align), dynamic: count === ''}];
}

/** @param {PtxModule} module @param {string} text */
function declare(module, text) {
  if (/^\.(version|target|address_size|file)\b/.test(text) || FUNCTION.test(text)) return; // a function declared ahead of its body
  const shared = parseShared(text);
  if (shared) {
    module.shared.set(...shared);
    return;
  }
  const constant = CONSTANT.exec(text);
  // What has no value is given one by the host, under a name that it has for something else.
  if (!constant) throw new Error(`a declaration that is not understood: ${text.slice(0, 200)}`);
  const [, type, name, count, values] = constant;
  if (!/^[{}\s,\w.-]+$/.test(values)) throw new Error(`${name}: addresses as values are not understood`);
  module.constants.push({name, type, count: Number(count || 1), values: values.startsWith('{') ? values : `{${values}}`});
}

/** Threads of a block that `__launch_bounds__` allows; without it as many as any block may have. */
function launchBound(head) {
  const [, threads] = /\.maxntid\s+([\d,\s]+)/.exec(head) ?? [];
  return threads ? threads.split(',').reduce((product, each) => product * Number(each), 1) : 1024;
}

/** @returns {PtxModule} */
export function parseModule(/** @type {string} */ source) {
  const text = withoutComments(source).replace(/^\s*\.(version|target|address_size|file)\b.*$/gm, '');
  /** @type {PtxModule} */
  const module = {shared: new Map(), constants: [], functions: []};
  let at = 0;
  for (;;) {
    const stop = /[;{]/g;
    stop.lastIndex = at;
    const found = stop.exec(text);
    if (!found) break;
    const isValue = found[0] === '{' && text.slice(at, found.index).includes('=');
    const end = isValue ? text.indexOf(';', closing(text, found.index)) : found.index;
    const head = text.slice(at, end);
    if (text[end] === ';') {
      declare(module, head.trim());
      at = end + 1;
      continue;
    }
    const match = FUNCTION.exec(head.trim());
    if (!match) throw new Error(`a function that is not understood: ${head.trim().slice(0, 200)}`);
    const [, kind, results, name, parameters] = match;
    const close = closing(text, end);
    const line = text.slice(0, end).split('\n').length;
    module.functions.push({
      entry: kind === 'entry',
      name,
      mostThreads: launchBound(head),
      parameters: parseParameters(parameters || ''),
      results: parseParameters(results || ''),
      statements: parseBody(text.slice(end + 1, close), line),
    });
    at = close + 1;
  }
  return module;
}
