/** Axes around a picture or a plot: round numbers that do not touch, names, and lines at the numbers. */
import type {BytePicture} from '../files/image';
import {FAINT, GRID, INK} from './palette';
import {Sheet} from './sheet';
import {capHeight, lineHeight, textWidth} from './text';
import {logLabels, logTicks, niceTicks, tickLabels} from './ticks';

/** A coordinate of a uniform lattice, both bounds included. */
export interface LatticeAxis {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  /** Points along the axis. */
  readonly count: number;
}

/** The numbers that an axis spans on a picture. */
export interface Span {
  /** Default: none is written. */
  readonly name?: string;
  readonly lower: number;
  readonly upper: number;
  /** Pixels from the edge of the picture to the middle of the first and of the last value. Default 0.5. */
  readonly inset?: number;
  /** Whether equal ratios are equally far apart, for positive numbers. Default false. */
  readonly logarithmic?: boolean;
}

/** A number at an axis. */
export interface Tick {
  /** Pixels from the left or from below. */
  readonly place: number;
  readonly text: string;
}

/** The room that axes take around a picture, and how they are drawn there. */
export interface Axes {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Draws them around a picture whose upper left corner is there. */
  draw(sheet: Sheet, left: number, top: number): void;
}

/** Pixels that a mark at a number is long. */
const MARK = 4;

/**
 * Lays out axes.
 *
 * @param size of the picture, in pixels
 * @param spans the horizontal one, and the vertical one unless its numbers stand elsewhere
 * @param style text size in pixels; whether lines run across the picture at the numbers
 */
export function axesAround(
  size: {readonly width: number; readonly height: number},
  {across, up}: {readonly across: Span; readonly up?: Span},
  style: {readonly text: number; readonly grid?: boolean; readonly numbersUp?: boolean},
): Axes {
  const {text, grid = false, numbersUp = true} = style;
  const capital = capHeight(text);
  const gap = Math.round(text / 2);
  const horizontal = ticksAlong(across, size.width, text / 2.5, (label) => textWidth(label, text));
  const vertical = up === undefined ? [] : ticksAlong(up, size.height, 0, () => 1.7 * text);
  const numbers = numbersUp ? Math.max(0, ...vertical.map((tick) => textWidth(tick.text, text))) : 0;
  const name = up?.name === undefined ? 0 : textWidth(up.name, text) + gap;
  const first = horizontal.length === 0 ? 0 : textWidth(horizontal[0].text, text) / 2 - horizontal[0].place;
  const lastTick = horizontal.at(-1);
  const last = lastTick === undefined ? 0 : textWidth(lastTick.text, text) / 2 - (size.width - lastTick.place);
  return {
    left: Math.ceil(Math.max(numbers === 0 ? 0 : name + numbers + MARK + gap, first, 1)),
    right: Math.ceil(Math.max(last, 1)),
    top: Math.ceil(capital / 2),
    bottom: MARK + gap + capital + (across.name === undefined ? 0 : lineHeight(text)) + Math.ceil(text * 0.3),
    draw(sheet, left, top) {
      const below = top + size.height;
      for (const tick of vertical) {
        const row = below - 1 - Math.min(size.height - 1, Math.floor(tick.place));
        if (grid) sheet.rectangle(left, row, size.width, 1, GRID);
        if (!numbersUp) continue;
        sheet.rectangle(left - MARK, row, MARK, 1, FAINT);
        sheet.text(tick.text, left - MARK - gap + 2, row - (capital >> 1), {size: text, colour: FAINT, align: 'right'});
      }
      for (const tick of horizontal) {
        const column = left + Math.min(size.width - 1, Math.floor(tick.place));
        if (grid) sheet.rectangle(column, top, 1, size.height, GRID);
        sheet.rectangle(column, below, 1, MARK, FAINT);
        sheet.text(tick.text, column, below + MARK + gap - 2, {size: text, colour: FAINT, align: 'middle'});
      }
      // Around the picture, so that nothing of it is hidden.
      sheet.frame({left: left - 1, top: top - 1, width: size.width + 2, height: size.height + 2}, grid ? FAINT : INK);
      if (across.name !== undefined) {
        const row = below + MARK + gap + lineHeight(text);
        sheet.text(across.name, left + size.width / 2, row, {size: text, align: 'middle'});
      }
      if (up?.name !== undefined) {
        const column = left - MARK - gap - numbers - gap;
        sheet.text(up.name, column, top + (size.height - capital) / 2, {size: text, align: 'right'});
      }
    },
  };
}

/**
 * A picture in its axes.
 *
 * @param field the part of the picture, from its left edge, that lies over the axes; a colour bar stands beside it
 */
export function withAxes(
  picture: BytePicture,
  field: {readonly width: number; readonly height: number},
  spans: {readonly across: Span; readonly up: Span},
  text: number,
): BytePicture {
  const axes = axesAround(field, spans, {text});
  const width = axes.left + Math.max(picture.width, field.width + axes.right);
  const sheet = new Sheet(width, axes.top + field.height + axes.bottom);
  sheet.put(picture, axes.left, axes.top);
  axes.draw(sheet, axes.left, axes.top);
  return sheet;
}

/**
 * As many round numbers as there is room for, or those of both ends.
 *
 * @param length pixels along the axis
 * @param gap least pixels between two numbers
 * @param extent pixels that a number takes along the axis
 */
export function ticksAlong(
  {lower, upper, inset = 0.5, logarithmic = false}: Span,
  length: number,
  gap: number,
  extent: (label: string) => number,
): readonly Tick[] {
  const placed = (values: readonly number[]): Tick[] => {
    const labels = (logarithmic ? logLabels : tickLabels)(values);
    const part = (value: number): number =>
      logarithmic ? Math.log(value / lower) / Math.log(upper / lower) : (value - lower) / (upper - lower);
    return values.map((value, i) => ({
      place: inset + part(value) * (length - 2 * inset),
      text: labels[i],
    }));
  };
  const apart = (ticks: readonly Tick[]): boolean =>
    ticks
      .slice(1)
      .every(
        ({place, text}, i) =>
          text !== ticks[i].text && place - ticks[i].place >= (extent(text) + extent(ticks[i].text)) / 2 + gap,
      );
  for (let most = 8; most >= 2; most--) {
    const ticks = placed((logarithmic ? logTicks : niceTicks)([lower, upper], most));
    if (ticks.length >= 2 && apart(ticks)) return ticks;
  }
  const ends = placed([lower, upper]);
  return apart(ends) ? ends : ends.slice(0, 1);
}
