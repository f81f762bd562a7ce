/** Lines of text as coverage of pixels: outlines of a font that an npm package holds, filled with soft edges. */
import type {Font} from 'opentype.js';
import {parse} from 'opentype.js';
import type {Weight} from './font-file';
import {fontFile} from './font-file';

export type {Weight} from './font-file';

/** Part of each pixel that a text covers. */
export interface TextCoverage {
  readonly width: number;
  readonly height: number;
  /** 0 to 1, (height, width) row-major. */
  readonly cover: Float32Array;
  /** Columns from where the text begins to the first column: negative, as letters may reach to the left. */
  readonly left: number;
  /** Rows from the base line to the first row, negative. */
  readonly top: number;
}

/** Edges of a letter, four numbers each (from and to), and how far the next one stands: for a size of 1, y downwards. */
interface Glyph {
  readonly edges: Float64Array;
  readonly advance: number;
}

/** Height of capitals and digits, and how far letters reach above and below the base line, for a size of 1. */
const CAPITAL = 0.729;
const ABOVE = 1.0;
const BELOW = 0.3;

/** Straight pieces that a curve of an outline is drawn as; captions are small. */
const PIECES = 6;

// A font is read when the first text is drawn: most of what the package does draws none.
const fonts = new Map<Weight, Font>();
const glyphs: Readonly<Record<Weight, Map<string, Glyph>>> = {regular: new Map(), bold: new Map()};

/** Rows from the top of a capital to the base line. */
export function capHeight(size: number): number {
  return Math.round(CAPITAL * size);
}

/** Rows from one line of text to the next. */
export function lineHeight(size: number): number {
  return Math.round(1.4 * size);
}

/** A size of text, in pixels, that goes with a picture of this height: 12 at least. */
export function textSizeFor(height: number): number {
  return Math.max(12, Math.round(height / 28));
}

/** Columns that a text takes. */
export function textWidth(text: string, size: number, weight: Weight = 'regular'): number {
  let width = 0;
  for (const character of text) width += glyphOf(character, weight).advance;
  return Math.ceil(width * size);
}

/** The pixels of one line of text. */
export function textCoverage(text: string, size: number, weight: Weight = 'regular'): TextCoverage {
  const margin = Math.ceil(0.2 * size);
  const rise = Math.ceil(ABOVE * size) + 1;
  const width = textWidth(text, size, weight) + 2 * margin + 1;
  const height = rise + Math.ceil(BELOW * size) + 1;
  const change = new Float32Array(width * height);
  let pen = margin;
  for (const character of text) {
    const {edges, advance} = glyphOf(character, weight);
    for (let at = 0; at < edges.length; at += 4) {
      const [x0, y0, x1, y1] = edges.subarray(at, at + 4);
      addEdge(change, width, height, pen + size * x0, rise + size * y0, pen + size * x1, rise + size * y1);
    }
    pen += size * advance;
  }
  return {width, height, cover: summed(change, width), left: -margin, top: -rise};
}

function glyphOf(character: string, weight: Weight): Glyph {
  const known = glyphs[weight].get(character);
  if (known !== undefined) return known;
  const font = fontOf(weight);
  // Letter by letter: what a font can do beyond that (ligatures, scripts that join) is not needed for names and numbers.
  const source = font.charToGlyph(character);
  const glyph = {edges: edgesOf(source.getPath(0, 0, 1).commands), advance: (source.advanceWidth ?? 0) / font.unitsPerEm};
  glyphs[weight].set(character, glyph);
  return glyph;
}

function fontOf(weight: Weight): Font {
  let font = fonts.get(weight);
  if (font === undefined) {
    font = parse(fontFile(weight), {lowMemory: true});
    fonts.set(weight, font);
  }
  return font;
}

type Outline = ReturnType<ReturnType<Font['charToGlyph']>['getPath']>['commands'];

/** An outline as straight edges. */
function edgesOf(outline: Outline): Float64Array {
  const edges: number[] = [];
  let [x, y, startX, startY] = [0, 0, 0, 0];
  const lineTo = (toX: number, toY: number): void => {
    edges.push(x, y, toX, toY);
    [x, y] = [toX, toY];
  };
  for (const command of outline) {
    if (command.type === 'M') [x, y, startX, startY] = [command.x, command.y, command.x, command.y];
    else if (command.type === 'Z') lineTo(startX, startY);
    else if (command.type === 'L') lineTo(command.x, command.y);
    else {
      const [fromX, fromY] = [x, y];
      for (let piece = 1; piece <= PIECES; piece++) {
        const t = piece / PIECES;
        const s = 1 - t;
        if (command.type === 'Q') {
          lineTo(
            s * s * fromX + 2 * s * t * command.x1 + t * t * command.x,
            s * s * fromY + 2 * s * t * command.y1 + t * t * command.y,
          );
        } else {
          const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
          lineTo(
            a * fromX + b * command.x1 + c * command.x2 + d * command.x,
            a * fromY + b * command.y1 + c * command.y2 + d * command.y,
          );
        }
      }
    }
  }
  return Float64Array.from(edges);
}

/**
 * Adds an edge to an outline. The area to the right of all edges, signed by their direction, is what the outline encloses; of each pixel
 * that an edge passes, the change of that area against the pixel on its left is kept, and {@link summed} adds the changes up.
 */
function addEdge(change: Float32Array, width: number, height: number, x0: number, y0: number, x1: number, y1: number): void {
  if (y0 === y1) return;
  const direction = y0 < y1 ? 1 : -1;
  const [topX, topY, bottomX, bottomY] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
  const slope = (bottomX - topX) / (bottomY - topY);
  for (let row = Math.max(0, Math.floor(topY)); row < Math.min(height, bottomY); row++) {
    const upper = Math.max(row, topY);
    const lower = Math.min(row + 1, bottomY);
    const [a, b] = [topX + slope * (upper - topY), topX + slope * (lower - topY)];
    const [left, right] = a < b ? [a, b] : [b, a];
    for (let column = Math.floor(left); column <= right; column++) {
      const [from, to] = [Math.max(left, column), Math.min(right, column + 1)];
      const part = right > left ? (to - from) / (right - left) : 1;
      const area = direction * (lower - upper) * part;
      const beyond = (from + to) / 2 - column;
      if (column >= 0 && column < width) change[row * width + column] += area * (1 - beyond);
      if (column + 1 >= 0 && column + 1 < width) change[row * width + column + 1] += area * beyond;
    }
  }
}

function summed(change: Float32Array, width: number): Float32Array {
  let sum = 0;
  for (let index = 0; index < change.length; index++) {
    sum = index % width === 0 ? change[index] : sum + change[index];
    const part = Math.abs(sum);
    // What rounding leaves to the right of a letter is no part of it.
    change[index] = part < 1 / 512 ? 0 : Math.min(1, part);
  }
  return change;
}
