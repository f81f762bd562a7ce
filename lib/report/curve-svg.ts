/** Curves as vector graphics inside the page: they are there without any script, at any width. */
import type {Range} from '../pictures/ranges';
import {rangeOf, withRoom} from '../pictures/ranges';
import {logLabels, logTicks, niceTicks, tickLabels} from '../pictures/ticks';
import type {PlotData} from './curves';
import {escapeHtml} from './escape';

/** Units that a plot is wide and high before it is stretched to its place, to tenths of which points are rounded. */
const UNITS = 1000;

/** Room above and below the curves, as a part of what they span. */
const ROOM = 0.05;

/** So few numbers fit a narrow page. */
const MOST_ACROSS = 6;
const MOST_UP = 7;

/** Colours of series; further ones use them again, dashed. */
export const SERIES_COLOURS = 6;

/**
 * The plot as an `svg` element. Lines and numbers keep their thickness and size while the plot is stretched to the width of the page.
 *
 * @param label what it shows, in words
 */
export function curveSvg(plot: PlotData, label: string): string {
  const [xs, ...columns] = plot.columns;
  const shown = (value: number | null): value is number => value !== null && !(plot.log && value <= 0);
  const places = xs.map((value) => value!);
  const x = plot.logX ? logarithmic(places, 0, MOST_ACROSS) : linear(places, 0, MOST_ACROSS);
  const heights = columns.flat().filter(shown);
  const y = plot.log ? logarithmic(heights, ROOM, MOST_UP) : linear(heights, ROOM, MOST_UP);
  const lines = columns.map((column, line) => {
    const strokes: string[][] = [[]];
    column.forEach((value, i) => {
      // Where another series alone has a point the line goes on; where a value cannot be shown it is broken.
      if (shown(value)) strokes.at(-1)!.push(`${tenths(UNITS * x.part(xs[i]!))} ${tenths(UNITS * (1 - y.part(value)))}`);
      else if ((value as number | null) !== null) strokes.push([]);
    });
    // A single point is a line without length, which round ends make a dot.
    const path = strokes.map((points) =>
      points.length === 1 ? `M${points[0]}h0` : points.length > 1 ? `M${points.join('L')}` : '',
    );
    const dashed = line < SERIES_COLOURS ? '' : ' stroke-dasharray="8 4"';
    const dots = plot.points ? strokes.flat().map((point) => `M${point}h0`) : [];
    const kind = `series-${line % SERIES_COLOURS}`;
    return (
      `<path class="${kind}"${dashed} d="${path.join('')}"/>` +
      (dots.length > 0 ? `<path class="dots ${kind}" d="${dots.join('')}"/>` : '')
    );
  });
  const across = x.ticks.map(({part, text}) => {
    const place = percent(part);
    return `<line class="grid" x1="${place}" x2="${place}" y1="0" y2="100%"/><text x="${place}" y="100%" dy="1.5em" text-anchor="middle">${text}</text>`;
  });
  const up = y.ticks.map(({part, text}) => {
    const place = percent(1 - part);
    return `<line class="grid" x1="0" x2="100%" y1="${place}" y2="${place}"/><text x="0" y="${place}" dx="-0.6em" dy="0.35em" text-anchor="end">${text}</text>`;
  });
  return (
    `<div class="plot"><svg class="area" role="img" aria-label="${escapeHtml(label)}" data-low="${x.range[0]}" data-high="${x.range[1]}">` +
    `<rect class="ground" width="100%" height="100%"/>${across.join('')}${up.join('')}` +
    `<text class="name" x="0" y="0" dy="-0.9em" ${nameAnchor(plot.yLabel)}>${escapeHtml(plot.yLabel)}</text>` +
    `<text class="name" x="50%" y="100%" dy="3em" text-anchor="middle">${escapeHtml(plot.xLabel)}</text>` +
    `<svg class="lines" width="100%" height="100%" viewBox="0 0 ${UNITS} ${UNITS}" preserveAspectRatio="none">${lines.join('')}</svg>` +
    '<line class="cursor" y1="0" y2="100%" visibility="hidden"/></svg></div>'
  );
}

/** A long name begins where the plot's margin does: in the middle over the axis it would reach out of it. */
const nameAnchor = (name: string): string => (name.length <= 12 ? 'text-anchor="middle"' : 'dx="-4.5em" text-anchor="start"');

/** One axis: where a value lies between its ends, and its numbers. */
interface Scale {
  readonly range: Range;
  /** 0 at the lower end, 1 at the upper one. */
  part(value: number): number;
  readonly ticks: readonly {readonly part: number; readonly text: string}[];
}

function linear(values: readonly number[], room: number, most: number): Scale {
  const found = rangeOf(values);
  const range = room > 0 || found[0] === found[1] ? withRoom(found, room) : found;
  const part = (value: number): number => (value - range[0]) / (range[1] - range[0]);
  return {range, part, ticks: labelled(niceTicks(range, most), tickLabels, part)};
}

function logarithmic(values: readonly number[], room: number, most: number): Scale {
  const found = rangeOf(values.map(Math.log10));
  const exponents = room > 0 || found[0] === found[1] ? withRoom(found, room) : found;
  const range: Range = [10 ** exponents[0], 10 ** exponents[1]];
  const part = (value: number): number => (Math.log10(value) - exponents[0]) / (exponents[1] - exponents[0]);
  return {range, part, ticks: labelled(logTicks(range, most), logLabels, part)};
}

function labelled(
  values: readonly number[],
  write: (values: readonly number[]) => string[],
  part: (value: number) => number,
): Scale['ticks'] {
  const texts = write(values);
  return values.map((value, i) => ({part: part(value), text: texts[i]}));
}

function percent(part: number): string {
  return `${Number((100 * part).toFixed(3))}%`;
}

function tenths(value: number): number {
  return Number(value.toFixed(1));
}
