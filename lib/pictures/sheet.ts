import type {BytePicture} from '../files/image';
import type {Rgb} from './palette';
import {INK, PAPER} from './palette';
import type {Weight} from './text';
import {capHeight, textCoverage, textWidth} from './text';

/** A rectangle of pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A point in pixels: whole numbers are the middles of pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Setting of a line of text. */
export interface TextStyle {
  /** Size in pixels; capitals are about 0.73 of it high. */
  readonly size: number;
  /** Default {@link INK}. */
  readonly colour?: Rgb;
  /** Default `regular`. */
  readonly weight?: Weight;
  /** Part of the text that stands at the given place. Default `left`. */
  readonly align?: 'left' | 'middle' | 'right';
  /** Most columns; a longer text is cut, with an ellipsis. Default: no limit. */
  readonly room?: number;
}

/** A sheet to put pictures, lines and text on. */
export class Sheet implements BytePicture {
  readonly channels = 3;
  /** (height, width, 3) row-major. */
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Rgb = PAPER,
  ) {
    this.data = new Uint8Array(width * height * 3);
    this.rectangle(0, 0, width, height, background);
  }

  /** Fills a rectangle, as far as it lies on the sheet. */
  rectangle(left: number, top: number, width: number, height: number, colour: Rgb): void {
    const [first, last] = [Math.max(0, left), Math.min(this.width, left + width)];
    const [begin, end] = [Math.max(0, top), Math.min(this.height, top + height)];
    if (first >= last || begin >= end) return;
    // One row pixel by pixel, the others copied from it: pictures are mostly background.
    const start = 3 * (begin * this.width + first);
    for (let column = 0; column < last - first; column++) {
      this.data[start + 3 * column] = colour[0];
      this.data[start + 3 * column + 1] = colour[1];
      this.data[start + 3 * column + 2] = colour[2];
    }
    for (let row = begin + 1; row < end; row++) {
      this.data.copyWithin(3 * (row * this.width + first), start, start + 3 * (last - first));
    }
  }

  /** Draws the outline of a rectangle, one pixel wide, inside it. */
  frame({left, top, width, height}: Box, colour: Rgb): void {
    this.rectangle(left, top, width, 1, colour);
    this.rectangle(left, top + height - 1, width, 1, colour);
    this.rectangle(left, top, 1, height, colour);
    this.rectangle(left + width - 1, top, 1, height, colour);
  }

  /** Puts a picture, which must fit, with its upper left corner at a place. */
  put(picture: BytePicture, left: number, top: number): void {
    const {width, height, channels, data} = picture;
    for (let row = 0; row < height; row++) {
      const to = 3 * ((top + row) * this.width + left);
      if (channels === 3) {
        this.data.set(data.subarray(3 * row * width, 3 * (row + 1) * width), to);
        continue;
      }
      for (let column = 0; column < width; column++)
        this.data.fill(data[row * width + column], to + 3 * column, to + 3 * column + 3);
    }
  }

  /** Lays a colour over a pixel, as far as it covers it (0 to 1). Outside the sheet nothing happens. */
  blend(column: number, row: number, colour: Rgb, cover: number): void {
    if (cover <= 0 || column < 0 || row < 0 || column >= this.width || row >= this.height) return;
    const at = 3 * (row * this.width + column);
    for (let channel = 0; channel < 3; channel++) {
      const below = this.data[at + channel];
      this.data[at + channel] = Math.round(below + cover * (colour[channel] - below));
    }
  }

  /** Writes a line of text. */
  text(text: string, x: number, top: number, style: TextStyle): void {
    const {size, colour = INK, weight = 'regular', align = 'left', room = Infinity} = style;
    const shown = shortened(text, size, weight, room);
    const wide = align === 'left' ? 0 : textWidth(shown, size, weight);
    const start = Math.round(align === 'middle' ? x - wide / 2 : x - wide);
    const line = textCoverage(shown, size, weight);
    const base = Math.round(top) + capHeight(size);
    for (let row = 0; row < line.height; row++) {
      for (let column = 0; column < line.width; column++) {
        this.blend(start + line.left + column, base + line.top + row, colour, line.cover[row * line.width + column]);
      }
    }
  }

  /** Draws a polyline with soft edges and round joints, as far as it lies in a box. A point that is not finite leaves a gap. */
  stroke(points: readonly Point[], halfWidth: number, colour: Rgb, box: Box): void {
    // Coverage is collected first: blending segment by segment would darken the joints.
    const cover = new Float32Array(box.width * box.height);
    const reach = halfWidth + 1;
    for (let k = 1; k < points.length; k++) {
      const [a, b] = [points[k - 1], points[k]];
      if (![a.x, a.y, b.x, b.y].every(Number.isFinite)) continue;
      const [dx, dy] = [b.x - a.x, b.y - a.y];
      const square = dx * dx + dy * dy || 1;
      const firstRow = Math.max(box.top, Math.floor(Math.min(a.y, b.y) - reach));
      const lastRow = Math.min(box.top + box.height - 1, Math.ceil(Math.max(a.y, b.y) + reach));
      const firstColumn = Math.max(box.left, Math.floor(Math.min(a.x, b.x) - reach));
      const lastColumn = Math.min(box.left + box.width - 1, Math.ceil(Math.max(a.x, b.x) + reach));
      for (let row = firstRow; row <= lastRow; row++) {
        for (let column = firstColumn; column <= lastColumn; column++) {
          const along = Math.min(1, Math.max(0, ((column - a.x) * dx + (row - a.y) * dy) / square));
          const distance = Math.hypot(column - a.x - along * dx, row - a.y - along * dy);
          const index = (row - box.top) * box.width + column - box.left;
          cover[index] = Math.max(cover[index], lineCover(distance, halfWidth));
        }
      }
    }
    cover.forEach((part, index) => {
      this.blend(box.left + (index % box.width), box.top + Math.floor(index / box.width), colour, part);
    });
  }
}

/** Part of a pixel, 0 to 1, that a line covers whose middle is that many pixels away. */
export function lineCover(distance: number, halfWidth: number): number {
  return Math.min(1, Math.max(0, halfWidth + 0.5 - distance));
}

function shortened(text: string, size: number, weight: Weight, room: number): string {
  if (textWidth(text, size, weight) <= room) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join('')}…`, size, weight) > room) characters.pop();
  return `${characters.join('').trimEnd()}…`;
}
