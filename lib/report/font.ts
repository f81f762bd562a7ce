/** Columns of a glyph, without the one that separates it from the next. */
export const GLYPH_WIDTH = 5;

/** Rows of a glyph: seven above the base line and two below. */
export const GLYPH_HEIGHT = 9;

/**
 * A bitmap font, drawn for captions. One digit in base 32 is one row, the leftmost pixel its highest bit; rows from the top, seven down to
 * the base line, two more where there is a descender.
 */
// prettier-ignore
const GLYPHS: Readonly<Record<string, string>> = {
  ' ': '0000000', '!': '4444404', '"': 'aaa0000', '#': 'aavavaa', $: '4fke5u4', '%': 'op248j3', '&': 'cik8lid', "'": '4440000',
  '(': '2488842', ')': '8422248', '*': '04lel40', '+': '044v440', ',': '00000cc48', '-': '000v000', '.': '00000cc', '/': '01248g0',
  '0': 'ehjlphe', '1': '4c4444e', '2': 'eh1248v', '3': 'v2421he', '4': '26aiv22', '5': 'vgu11he', '6': '68guhhe', '7': 'v124888',
  '8': 'ehhehhe', '9': 'ehhf12c', ':': '0cc00cc', ';': '0cc00cc48', '<': '248g842', '=': '00v0v00', '>': '8421248', '?': 'eh12404',
  '@': 'eh1dlle', A: 'ehhhvhh', B: 'uhhuhhu', C: 'ehggghe', D: 'sihhhis', E: 'vgguggv', F: 'vgguggg', G: 'ehgnhhf',
  H: 'hhhvhhh', I: 'e44444e', J: '72222ic', K: 'hikokih', L: 'ggggggv', M: 'hrllhhh', N: 'hhpljhh', O: 'ehhhhhe',
  P: 'uhhuggg', Q: 'ehhhlid', R: 'uhhukih', S: 'fgge11u', T: 'v444444', U: 'hhhhhhe', V: 'hhhhha4', W: 'hhhllla',
  X: 'hha4ahh', Y: 'hhha444', Z: 'v1248gv', '[': 'e88888e', '\\': '0g84210', ']': 'e22222e', '^': '4ah0000', _: '0000000v',
  '`': '8420000', a: '00e1fhf', b: 'ggmphhu', c: '00egghe', d: '11djhhf', e: '00ehvge', f: '698s888', g: '00fhhhf1e',
  h: 'ggmphhh', i: '40c444e', j: '2062222ic', k: 'ggikoki', l: 'c44444e', m: '00qllll', n: '00mphhh', o: '00ehhhe',
  p: '00uhhhugg', q: '00fhhhf11', r: '00mpggg', s: '00fge1u', t: '88s8896', u: '00hhhjd', v: '00hhha4', w: '00hhlla',
  x: '00ha4ah', y: '00hhhhf1e', z: '00v248v', '{': '2448442', '|': '4444444', '}': '8442448', '~': '008l200', '×': '00ha4ah',
  '·': '000cc00', '−': '000v000', '–': '000v000', '²': 'c24e000', '°': 'cic0000', '∇': 'vhhaa44', 'Δ': '44aahhv', 'ε': '00fgegf', 'ρ': '00ehhhugg',
  '≤': '248420v', '≥': '842480v', '→': '042v240', '±': '44v440v',
};

/** What stands for a character that the font lacks: a box. */
const UNKNOWN = 'vhhhhhv';

/**
 * The lit pixels of a text, at scale 1.
 * @returns column and row of each, from the upper left corner
 */
export function textPixels(text: string): {column: number; row: number}[] {
  const pixels: {column: number; row: number}[] = [];
  [...text].forEach((character, position) => {
    const rows = Object.hasOwn(GLYPHS, character) ? GLYPHS[character] : UNKNOWN;
    [...rows].forEach((digit, row) => {
      const bits = parseInt(digit, 32);
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        if (bits & (1 << (GLYPH_WIDTH - 1 - column))) pixels.push({column: position * (GLYPH_WIDTH + 1) + column, row});
      }
    });
  });
  return pixels;
}

/** Columns that a text takes at scale 1. */
export function textWidth(text: string): number {
  return Math.max(0, [...text].length * (GLYPH_WIDTH + 1) - 1);
}
