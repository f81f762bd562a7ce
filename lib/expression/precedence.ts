/** How tight a piece of a text holds together, in what is read and in what is printed: one of a lower precedence needs brackets inside a higher one. */
export const COMPARISON = 1;
export const ADDITIVE = 2;
export const MULTIPLICATIVE = 3;
export const UNARY = 4;
export const POWER = 5;
export const ATOM = 6;

/** Texts with commas between. `join` would copy them together, and with them, step by step, a long text as often as it grows. */
export function commaList(pieces: readonly {readonly text: string}[]): string {
  return pieces.map(({text}) => text).reduce((list, text) => `${list}, ${text}`);
}
