// PTX's types as C++'s.

/** @type {Record<string, string>} */
const TYPES = {
  pred: 'bool',
  ...Object.fromEntries([8, 16, 32, 64].flatMap((n) => [`b${n}`, `u${n}`].map((type) => [type, `uint${n}_t`]))),
  ...Object.fromEntries([8, 16, 32, 64].map((n) => [`s${n}`, `int${n}_t`])),
  f32: 'float',
  f64: 'double',
};

export function cppType(/** @type {string} */ type) {
  const cpp = TYPES[type];
  if (!cpp) throw new Error(`the type .${type} is not understood`);
  return cpp;
}
export const isType = (/** @type {string} */ word) => word in TYPES;
export const isFloat = (/** @type {string} */ type) => type.startsWith('f');
export const isSigned = (/** @type {string} */ type) => type.startsWith('s');
export const widthOf = (/** @type {string} */ type) => Number(type.slice(1));

/** A whole number as C++ writes it, of exactly this type's sign and width. */
export function integer(/** @type {string} */ text, /** @type {string} */ type) {
  const digits = text.replace(/U$/, '');
  const value = digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits);
  const bits = widthOf(type);
  if (isFloat(type) || bits < 32) return `${cppType(type)}(${value})`;
  if (!isSigned(type)) return `${BigInt.asUintN(bits, value)}${bits === 64 ? 'ull' : 'u'}`;
  const wrapped = BigInt.asIntN(bits, value);
  // The lowest number is no literal: C++ reads a minus and a number that is too large.
  if (wrapped === -(2n ** BigInt(bits - 1))) return `INT${bits}_MIN`;
  return `${wrapped}${bits === 64 ? 'll' : ''}`;
}

/** Identifiers of PTX may hold `$`, and registers begin with `%`. */
export const identifier = (/** @type {string} */ name) => name.replace(/^[%$]+/, '').replace(/\W/g, '_');

/**
 * Symbols as g++ writes them. nvcc names an anonymous namespace after its source and the process that compiles it, g++ always the same:
 * so the C++ that is written is also the same from run to run.
 */
export function hostSymbols(/** @type {string} */ text) {
  let out = '';
  let at = 0;
  for (const match of text.matchAll(/(\d+)(?=_GLOBAL__N__)/g)) {
    out += `${text.slice(at, match.index)}12_GLOBAL__N_1`;
    at = match.index + match[1].length + Number(match[1]);
  }
  return out + text.slice(at);
}
