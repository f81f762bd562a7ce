/** The colours of everything that is drawn around and over the data; those of the data themselves are in `colormap.ts`. */

/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

export const PAPER: Rgb = [255, 255, 255];

/** Text, frames, level lines. */
export const INK: Rgb = [28, 30, 33];

/** Text that stands back: notes, numbers at axes. */
export const FAINT: Rgb = [93, 99, 108];

/** Lines that are read past: grids. */
export const GRID: Rgb = [223, 225, 228];

/** A value that is not a finite number: a colour that no map contains. */
export const NOT_A_NUMBER: Rgb = [255, 0, 255];

/** A known answer, drawn broad beneath what is compared with it. */
export const REFERENCE: Rgb = [246, 178, 107];

/** Curves in their order, on a light background. */
export const SERIES: readonly Rgb[] = [
  [31, 78, 160],
  [194, 65, 12],
  [21, 128, 61],
  [126, 34, 206],
  [161, 98, 7],
  [190, 24, 93],
];

/** The same curves on a dark background. */
export const SERIES_ON_DARK: readonly Rgb[] = [
  [124, 184, 242],
  [251, 146, 60],
  [110, 231, 160],
  [201, 163, 255],
  [242, 208, 107],
  [246, 154, 196],
];

/** A colour as a style sheet writes it, such as `#1c1e21`. */
export function cssColour(colour: Rgb): string {
  return `#${colour.map((level) => level.toString(16).padStart(2, '0')).join('')}`;
}
