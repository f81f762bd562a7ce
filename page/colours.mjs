// Colour maps of evenly rising lightness, and the colours of the page's theme for what is drawn.

/** Colours at equal distances. Viridis after matplotlib (CC0); the other after Moreland, light grey at 0. */
const ANCHORS = {
  viridis: [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
  ],
  diverging: [
    [59, 76, 192],
    [98, 130, 234],
    [141, 176, 254],
    [184, 208, 249],
    [221, 221, 221],
    [245, 196, 173],
    [244, 154, 123],
    [222, 96, 77],
    [180, 4, 38],
  ],
};

/** Steps of a table of colours: more than a screen tells apart. */
const STEPS = 1024;

/** What is no number: in no map. */
const NOT_A_NUMBER = 0xffff00ff;

const tables = new Map();

/** A colour map as 32-bit pixels, red first in memory, and after the last what is no number. @returns {Uint32Array} */
export function colourTable(name) {
  const known = tables.get(name);
  if (known !== undefined) return known;
  const anchors = ANCHORS[name];
  const table = new Uint32Array(STEPS + 1);
  for (let step = 0; step < STEPS; step++) {
    const at = (step / (STEPS - 1)) * (anchors.length - 1);
    const below = Math.min(anchors.length - 2, Math.floor(at));
    const [r, g, b] = anchors[below].map((from, c) => Math.round(from + (at - below) * (anchors[below + 1][c] - from)));
    table[step] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  table[STEPS] = NOT_A_NUMBER;
  tables.set(name, table);
  return table;
}

/** Where a value stands in a table. */
export function stepOf(value, {lower, upper}) {
  const part = upper > lower ? (value - lower) / (upper - lower) : 0.5;
  if (!(part === part)) return STEPS;
  return part <= 0 ? 0 : part >= 1 ? STEPS - 1 : Math.floor(part * STEPS);
}

/** The colours of the theme, as they are now. */
export function themeColours() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour('ink'),
    faint: colour('faint'),
    line: colour('line'),
    card: colour('card'),
    series: [0, 1, 2, 3, 4, 5].map((i) => colour(`series-${i}`)),
  };
}
