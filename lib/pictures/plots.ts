/** Curves over one coordinate, or through points of both. */
import {DinfError} from '../base/errors';
import type {BytePicture} from '../files/image';
import type {Samples} from '../imaging/image';
import type {LatticeAxis, Span} from './axes';
import {axesAround} from './axes';
import type {Rgb} from './palette';
import {FAINT, INK, REFERENCE, SERIES} from './palette';
import type {Range} from './ranges';
import {rangeOf, withRoom} from './ranges';
import type {Box} from './sheet';
import {Sheet} from './sheet';
import {capHeight, lineHeight, textWidth} from './text';

/** A curve over one coordinate. */
export interface Line {
  readonly label: string;
  /** One value for each point of the axis; what is not finite leaves a gap. */
  readonly values: Samples | readonly number[];
}

/** A single plot, and one of a strip: size in pixels, size of the text. */
const PLOT = {width: 560, height: 360, text: 15};
const FRAME = {width: 232, height: 184, text: 12};

/** More cannot be told apart in a small plot. */
const MOST_CURVES = 3;

/** Width of a line in a legend. */
const SAMPLE = 22;

/** Radius of a dot at a point. */
const DOT = 2.5;

/**
 * Curves over one coordinate with numbers, grid and a legend.
 *
 * @param range of the vertical axis; by default that of the values, with a little room
 * @throws DinfError INVALID_ARGUMENT when a curve has not one value a point
 */
export function linePicture(axis: LatticeAxis, lines: readonly Line[], range?: Range): BytePicture {
  for (const {label, values} of lines) {
    if (values.length !== axis.count) {
      throw new DinfError('INVALID_ARGUMENT', `The curve ${label} has ${values.length} values for ${axis.count} points.`);
    }
  }
  const found = range ?? rangeOf(...lines.map(({values}) => values));
  const [lower, upper] = range === undefined || !(found[1] > found[0]) ? withRoom(found, 0.05) : found;
  const {text} = PLOT;
  const axes = axesAround(PLOT, {across: axis, up: {lower, upper}}, {text, grid: true});
  const margin = text;
  const left = margin + axes.left;
  const top = margin + lineHeight(text) + axes.top;
  const sheet = new Sheet(left + PLOT.width + axes.right + margin, top + PLOT.height + axes.bottom + Math.round(margin / 2));
  const labels = lines.map(({label}) => label);
  const curves = lines.map(({values}) => values);
  const pens = pensOf(lines.length, lines.length > 1);
  drawLegend(sheet, labels, pens, {left, top: margin, size: text});
  axes.draw(sheet, left, top);
  drawCurves(sheet, curves, pens, [lower, upper], {left, top, ...PLOT});
  return sheet;
}

/**
 * Curves at several times in a row of plots with common axes; each plot's first curve lies broad below the others.
 * @param frames each with a title, and curves of `axis.count` values
 * @param labels of the curves, the same in every frame
 * @throws DinfError INVALID_ARGUMENT
 */
export function curveFrames(
  frames: readonly {readonly title: string; readonly curves: readonly Samples[]}[],
  axis: LatticeAxis,
  labels: readonly string[],
): BytePicture {
  checkFrames(frames, axis, labels);
  const [lower, upper] = withRoom(rangeOf(...frames.flatMap(({curves}) => curves)), 0.06);
  const {width, height, text} = FRAME;
  const [first, others] = [true, false].map((numbersUp) =>
    axesAround(FRAME, {across: axis, up: {lower, upper}}, {text, grid: true, numbersUp}),
  );
  const gap = text + others.left + others.right;
  const left = gap + first.left;
  const top = text + 2 * lineHeight(text) + first.top;
  const sheet = new Sheet(left + frames.length * (width + gap), top + height + first.bottom + (text >> 1));
  const pens = pensOf(labels.length, true);
  drawLegend(sheet, labels, pens, {left, top: text, size: text});
  frames.forEach(({title, curves}, i) => {
    const x = left + i * (width + gap);
    sheet.text(title, x, text + lineHeight(text), {size: text, room: width});
    (i === 0 ? first : others).draw(sheet, x, top);
    drawCurves(sheet, curves, pens, [lower, upper], {left: x, top, width, height});
  });
  return sheet;
}

function checkFrames(
  frames: readonly {readonly title: string; readonly curves: readonly Samples[]}[],
  axis: LatticeAxis,
  labels: readonly string[],
): void {
  if (frames.length === 0) throw new DinfError('INVALID_ARGUMENT', 'There is nothing to show: give one frame at least.');
  if (labels.length > MOST_CURVES) {
    throw new DinfError('INVALID_ARGUMENT', `${labels.length} curves a frame are too many: give at most ${MOST_CURVES}.`);
  }
  for (const {title, curves} of frames) {
    if (curves.length !== labels.length || curves.some((curve) => curve.length !== axis.count)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `The frame "${title}" needs ${labels.length} curves (${labels.join(', ')}) of ${axis.count} values each.`,
      );
    }
  }
}

/** A curve through points of its own. */
export interface PointLine {
  readonly label: string;
  /** Any order is kept; what is not finite, or not positive on a logarithmic axis, leaves a gap. */
  readonly x: readonly number[];
  /** As many as `x`. */
  readonly y: readonly number[];
}

/** What a {@link chartPicture} is called, and its axes. */
export interface ChartStyle {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Whether both axes are logarithmic. Default false. */
  readonly logarithmic?: boolean;
}

/**
 * Curves through points of their own, each with a dot at every point and its name in a legend below the title.
 *
 * @throws DinfError INVALID_ARGUMENT when x and y of a curve differ in length
 */
export function chartPicture(lines: readonly PointLine[], {title, xLabel, yLabel, logarithmic = false}: ChartStyle): BytePicture {
  for (const {label, x, y} of lines) {
    if (x.length !== y.length)
      throw new DinfError('INVALID_ARGUMENT', `The curve ${label} has ${x.length} x for ${y.length} y: give as many of both.`);
  }
  const scaled = (value: number): number => (logarithmic ? Math.log10(value) : value);
  const span = (values: readonly number[], name?: string): Span & {range: Range} => {
    const range = withRoom(rangeOf(values.map(scaled)), 0.04);
    const [lower, upper] = logarithmic ? range.map((exponent) => 10 ** exponent) : range;
    return {name, lower, upper, logarithmic, range};
  };
  const shown = lines.map(({label, x, y}) => ({
    label,
    x: [...x],
    y: y.map((value, i) => (Number.isFinite(scaled(x[i])) ? value : NaN)),
  }));
  const across = span(
    shown.flatMap(({x, y}) => x.filter((_, i) => Number.isFinite(scaled(y[i])))),
    xLabel,
  );
  const up = span(shown.flatMap(({y}) => y));
  const {text} = PLOT;
  const axes = axesAround(PLOT, {across, up}, {text, grid: true});
  const margin = text;
  const left = margin + axes.left;
  const legendRows = legendLines(
    lines.map(({label}) => label),
    text,
    PLOT.width,
  );
  const below = margin + lineHeight(text);
  const top = below + (legendRows.length + 1) * lineHeight(text) + axes.top;
  const sheet = new Sheet(left + PLOT.width + axes.right + margin, top + PLOT.height + axes.bottom + Math.round(margin / 2));
  sheet.text(title, left, margin, {size: text, weight: 'bold', room: PLOT.width});
  const pens = lines.map((_, i): Pen => ({colour: [...SERIES, INK][i % (SERIES.length + 1)], halfWidth: 1}));
  let first = 0;
  legendRows.forEach((labels, row) => {
    drawLegend(sheet, labels, pens.slice(first), {left, top: below + row * lineHeight(text), size: text});
    first += labels.length;
  });
  sheet.text(yLabel, left, below + legendRows.length * lineHeight(text), {size: text, colour: FAINT, room: PLOT.width});
  axes.draw(sheet, left, top);
  const box = {left, top, width: PLOT.width, height: PLOT.height};
  const place = (value: number, [low, high]: Range, length: number): number =>
    ((scaled(value) - low) / (high - low)) * (length - 1);
  shown.forEach(({x, y}, i) => {
    const points = x.map((value, k) => ({
      x: left + place(value, across.range, PLOT.width),
      y: top + PLOT.height - 1 - place(y[k], up.range, PLOT.height),
    }));
    sheet.stroke(points, pens[i].halfWidth, pens[i].colour, box);
    for (const point of points) sheet.stroke([point, point], DOT, pens[i].colour, box);
  });
  return sheet;
}

/** Names in rows of a legend that are no wider than a plot. */
function legendLines(labels: readonly string[], size: number, room: number): string[][] {
  const rows: string[][] = [];
  let taken = Infinity;
  for (const label of labels) {
    const width = SAMPLE + (size >> 1) + textWidth(label, size) + Math.round(1.5 * size);
    if (taken + width > room) {
      rows.push([]);
      taken = 0;
    }
    rows.at(-1)!.push(label);
    taken += width;
  }
  return rows;
}

/** Colour and half the width of a curve. */
interface Pen {
  readonly colour: Rgb;
  readonly halfWidth: number;
}

/** Pens of several curves. The first is what the others are compared with: broad beneath them, so that both are seen where they agree. */
function pensOf(count: number, compared: boolean): Pen[] {
  const reference: Pen = {colour: REFERENCE, halfWidth: 2.5};
  const others = Array.from({length: count}, (_, i): Pen => ({colour: SERIES[i % SERIES.length], halfWidth: 1}));
  return compared ? [reference, ...others] : others;
}

function drawCurves(
  sheet: Sheet,
  curves: readonly ArrayLike<number>[],
  pens: readonly Pen[],
  [low, high]: Range,
  box: Box,
): void {
  curves.forEach((values, i) => {
    const {colour, halfWidth} = pens[i];
    const points = Array.from(values, (value, k) => ({
      x: box.left + (k / Math.max(1, values.length - 1)) * (box.width - 1),
      y: box.top + ((high - value) / (high - low)) * (box.height - 1),
    }));
    sheet.stroke(points, halfWidth, colour, box);
  });
}

/** A sample of each curve with its name, from left to right. */
function drawLegend(
  sheet: Sheet,
  labels: readonly string[],
  pens: readonly Pen[],
  {left, top, size}: {readonly left: number; readonly top: number; readonly size: number},
): void {
  let place = left;
  const y = top + (capHeight(size) - 1) / 2;
  labels.forEach((label, i) => {
    const {colour, halfWidth} = pens[i];
    const box = {left: place, top: Math.max(0, top - size), width: SAMPLE, height: 3 * size};
    const ends = [place, place + SAMPLE].map((x) => ({x, y}));
    sheet.stroke(ends, halfWidth, colour, box);
    sheet.text(label, place + SAMPLE + (size >> 1), top, {size});
    place += SAMPLE + (size >> 1) + textWidth(label, size) + Math.round(1.5 * size);
  });
}
