/** How values appear in messages: short, on one line, and whatever they are. */

/** Characters after which a text is cut. */
const LONGEST = 80;

/** A text that is cut where it would fill a screen. */
export function shortened(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text;
  const half = Math.floor((longest - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(text.length - half)}`;
}

/**
 * A value as a message names it. It never throws, also for what cannot be turned into text, such as a revoked proxy.
 *
 * @returns for example `3`, `'abc'`, `a list of 3`, `a Float64Array of 10`, `the function adam`, `an object {x, y}`.
 */
export function shown(value: unknown): string {
  try {
    return described(value);
  } catch {
    return 'an object that cannot be read';
  }
}

function described(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${shortened(value)}'`;
    case 'bigint':
      return `the bigint ${shortened(String(value))}`;
    case 'symbol':
      return `a symbol`;
    case 'function':
      return value.name === '' ? 'a function' : `the function ${shortened(value.name)}`;
    case 'object':
      return value === null ? 'null' : objectText(value);
    default:
      return String(value);
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  const name = nameOf(value);
  if (ArrayBuffer.isView(value)) return `a ${name} of ${'length' in value ? String(value.length) : `${value.byteLength} bytes`}`;
  if (name !== 'Object') return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `an object {${shortened(keys.slice(0, 10).join(', '))}}`;
}

/** The class of an object. */
function nameOf(value: object): string {
  const {constructor} = value as {constructor?: unknown};
  return typeof constructor === 'function' && constructor.name !== '' ? shortened(constructor.name) : 'Object';
}
