// Maps and curves on a canvas, with axes, and where a place of the canvas lies in the data.
import {colourTable, stepOf, themeColours} from './colours.mjs';
import {decadeTicks, niceTicks, numberText, rangeOf, tickTexts} from './numbers.mjs';

const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif';
const SERIF = '"STIX Two Text", "Latin Modern Roman", Georgia, "Liberation Serif", "DejaVu Serif", serif';
const NUMBERS = `12px ${SANS}`;
const NAMES = `italic 15px ${SERIF}`;

/** Pixels of the device that a CSS pixel is drawn with, at most. */
const MOST_PIXELS = 2;

/**
 * An axis: its coordinate, and equal steps from its lower to its upper end.
 *
 * @typedef {{name: string, lower: number, upper: number, count: number}} Axis
 *
 * The data's part of a canvas, in CSS pixels.
 * @typedef {{left: number, top: number, wide: number, high: number}} Frame
 */

/** A context whose unit is a CSS pixel, on a canvas that is cleared. */
function prepared(canvas) {
  const ratio = Math.min(MOST_PIXELS, window.devicePixelRatio || 1);
  const {clientWidth: width, clientHeight: height} = canvas;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  return {context, width, height, ratio, colours: themeColours()};
}

/** Whether both axes are lengths of about one size, which a map shows at one scale. */
function areLengths(across, up) {
  const ratio = (across.upper - across.lower) / (up.upper - up.lower);
  return [across, up].every(({name}) => /^[xyz]$/.test(name)) && ratio < 4 && ratio > 1 / 4;
}

/**
 * A field over two coordinates.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{across: Axis, up: Axis, valueAt: (column: number, row: number) => number, range: {lower: number, upper: number}, map: string, label: string}} shown
 * @returns {Frame | undefined} undefined where the canvas has no room
 */
export function drawMap(canvas, {across, up, valueAt, range, map, label}) {
  const painter = prepared(canvas);
  const {context, width, height, ratio} = painter;
  const narrow = width < 440;
  const room = {left: narrow ? 42 : 52, top: 30, right: narrow ? 70 : 84, bottom: 40};
  let frame = {left: room.left, top: room.top, wide: width - room.left - room.right, high: height - room.top - room.bottom};
  if (frame.wide < 20 || frame.high < 20) return undefined;
  if (areLengths(across, up)) {
    const shape = (across.upper - across.lower) / (up.upper - up.lower);
    const wide = Math.min(frame.wide, frame.high * shape);
    const high = wide / shape;
    frame = {left: frame.left + (frame.wide - wide) / 2, top: frame.top + (frame.high - high) / 2, wide, high};
  }
  // Whole pixels of the device, since that is what an image is put on.
  const at = {left: Math.round(frame.left * ratio), top: Math.round(frame.top * ratio)};
  const size = {wide: Math.max(1, Math.round(frame.wide * ratio)), high: Math.max(1, Math.round(frame.high * ratio))};
  context.putImageData(coloured(context, size, {across, up, valueAt, range, map}), at.left, at.top);
  frame = {left: at.left / ratio, top: at.top / ratio, wide: size.wide / ratio, high: size.high / ratio};
  drawAxes(painter, frame, across, up);
  drawBar(painter, frame, {range, map, label});
  return frame;
}

/** Values between nodes are joined linearly, and only then become colours. */
function coloured(context, {wide, high}, {across, up, valueAt, range, map}) {
  const image = context.createImageData(wide, high);
  const pixels = new Uint32Array(image.data.buffer);
  const table = colourTable(map);
  const columns = places(wide, across.count);
  const rows = places(high, up.count);
  for (let y = 0; y < high; y++) {
    const {below: row, part: v} = rows[high - 1 - y];
    const next = Math.min(up.count - 1, row + 1);
    for (let x = 0; x < wide; x++) {
      const {below: column, part: h} = columns[x];
      const right = Math.min(across.count - 1, column + 1);
      const lower = mixed(valueAt(column, row), valueAt(right, row), h);
      const upper = mixed(valueAt(column, next), valueAt(right, next), h);
      pixels[y * wide + x] = table[stepOf(mixed(lower, upper, v), range)];
    }
  }
  return image;
}

/** At the ends one of both is all: a value that is no number reaches no further than its cells. */
const mixed = (a, b, part) => (part === 0 ? a : part === 1 ? b : a + part * (b - a));

/** For each pixel the node below, and how far it is to the next. */
const places = (pixels, count) =>
  Array.from({length: pixels}, (_, i) => {
    const at = pixels > 1 ? (i / (pixels - 1)) * (count - 1) : 0;
    const below = Math.min(Math.max(0, count - 2), Math.floor(at));
    return {below, part: at - below};
  });

/** Ticks with their numbers, and the names of both coordinates. */
function drawAxes({context, colours}, frame, across, up) {
  const {left, top, wide, high} = frame;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, wide + 1, high + 1);
  context.font = NUMBERS;
  context.fillStyle = colours.faint;
  const below = niceTicks(across.lower, across.upper, Math.max(3, Math.floor(wide / 70)));
  const acrossTexts = tickTexts(below);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  below.forEach((tick, i) => {
    const x = left + ((tick - across.lower) / (across.upper - across.lower)) * wide;
    context.fillRect(Math.round(x) - 0.5, top + high + 1, 1, 4);
    context.fillText(acrossTexts.texts[i], x, top + high + 8);
  });
  const beside = niceTicks(up.lower, up.upper, Math.max(3, Math.floor(high / 44)));
  const upTexts = tickTexts(beside);
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  beside.forEach((tick, i) => {
    const y = top + high - ((tick - up.lower) / (up.upper - up.lower)) * high;
    context.fillRect(left - 5, Math.round(y) - 0.5, 4, 1);
    context.fillText(upTexts.texts[i], left - 8, y);
  });
  nameAt(context, colours, across.name, acrossTexts.power, left + wide / 2, top + high + 36, 'center');
  const isShort = up.name.length <= 2 && upTexts.power === '';
  nameAt(context, colours, up.name, upTexts.power, isShort ? left - 6 : 2, top - 11, isShort ? 'right' : 'left');
}

/** A name in italics, and the power of ten of its numbers. */
function nameAt(context, colours, name, power, x, y, align) {
  context.textAlign = align;
  context.textBaseline = 'alphabetic';
  context.fillStyle = colours.ink;
  context.font = NAMES;
  context.fillText(power === '' ? name : `${name}  ${power}`, x, y);
}

/** The colour bar: what value has which colour. */
function drawBar({context, colours, width}, frame, {range, map, label}) {
  const [left, thick] = [frame.left + frame.wide + 14, 12];
  const table = colourTable(map);
  for (let y = 0; y < frame.high; y++) {
    const pixel = table[Math.round((1 - y / frame.high) * (table.length - 2))];
    context.fillStyle = `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
    context.fillRect(left, frame.top + y, thick, Math.min(1.5, frame.high - y));
  }
  const ticks = niceTicks(range.lower, range.upper, Math.max(3, Math.floor(frame.high / 40)));
  const {texts, power} = tickTexts(ticks);
  context.font = NUMBERS;
  context.fillStyle = colours.faint;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  ticks.forEach((tick, i) => {
    const part = range.upper > range.lower ? (tick - range.lower) / (range.upper - range.lower) : 0.5;
    const y = frame.top + frame.high * (1 - part);
    context.fillRect(left + thick, Math.round(y) - 0.5, 4, 1);
    context.fillText(texts[i], left + thick + 7, y);
  });
  context.font = NAMES;
  const fits = left + context.measureText(power === '' ? label : `${label}  ${power}`).width < width;
  nameAt(context, colours, label, power, fits ? left : width - 1, frame.top - 11, fits ? 'left' : 'right');
}

/**
 * Curves over one coordinate.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{across: Axis, lines: {name: string, values: ArrayLike<number>}[], range?: {lower: number, upper: number}}} shown
 * @returns {{frame: Frame, yOf: (value: number) => number} | undefined} undefined where the canvas has no room
 */
export function drawCurves(canvas, {across, lines, range}) {
  const painter = prepared(canvas);
  const {context, width, height, colours} = painter;
  const all = range ?? joined(lines.map(({values}) => rangeOf(values)));
  const span = all.upper - all.lower || Math.abs(all.lower) || 1;
  const up = {name: lines.map(({name}) => name).join(', '), lower: all.lower - 0.05 * span, upper: all.upper + 0.05 * span};
  const frame = {left: 58, top: 30, wide: width - 58 - 18, high: height - 30 - 44};
  if (frame.wide < 20 || frame.high < 20) return undefined;
  drawGrid(painter, frame, across, up);
  drawAxes(painter, frame, across, {...up, name: lines.length > 1 ? '' : up.name});
  const yOf = (value) => frame.top + frame.high * (1 - (value - up.lower) / (up.upper - up.lower));
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.wide, frame.high);
  context.clip();
  lines.forEach(({values}, line) => {
    context.beginPath();
    let open = false;
    for (let i = 0; i < values.length; i++) {
      const x = frame.left + (i / Math.max(1, values.length - 1)) * frame.wide;
      if (Number.isFinite(values[i])) context[open ? 'lineTo' : 'moveTo'](x, yOf(values[i]));
      open = Number.isFinite(values[i]);
    }
    context.strokeStyle = colours.series[line % colours.series.length];
    context.setLineDash(line < colours.series.length ? [] : [6, 4]);
    context.lineWidth = 2;
    context.lineJoin = 'round';
    context.stroke();
  });
  context.restore();
  drawLegend(painter, frame, lines);
  return {frame, yOf};
}

/** Names of several curves, each in the colour of its own. */
function drawLegend({context, colours}, frame, lines) {
  if (lines.length < 2) return;
  let x = frame.left;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  lines.forEach(({name}, line) => {
    context.fillStyle = colours.series[line % colours.series.length];
    context.fillRect(x, frame.top - 16, 14, 3);
    context.fillStyle = colours.ink;
    context.font = NAMES;
    context.fillText(name, x + 19, frame.top - 11);
    x += 19 + context.measureText(name).width + 16;
  });
}

const joined = (ranges) => {
  const known = ranges.filter((range) => range !== undefined);
  if (known.length === 0) return {lower: 0, upper: 1};
  return {lower: Math.min(...known.map(({lower}) => lower)), upper: Math.max(...known.map(({upper}) => upper))};
};

function drawGrid({context, colours}, frame, across, up) {
  context.fillStyle = colours.line;
  context.globalAlpha = 0.6;
  for (const tick of niceTicks(up.lower, up.upper, Math.max(3, Math.floor(frame.high / 44)))) {
    const y = frame.top + frame.high * (1 - (tick - up.lower) / (up.upper - up.lower));
    context.fillRect(frame.left, Math.round(y), frame.wide, 1);
  }
  for (const tick of niceTicks(across.lower, across.upper, Math.max(3, Math.floor(frame.wide / 70)))) {
    const x = frame.left + ((tick - across.lower) / (across.upper - across.lower)) * frame.wide;
    context.fillRect(Math.round(x), frame.top, 1, frame.high);
  }
  context.globalAlpha = 1;
}

/**
 * The loss against seconds, on a logarithmic axis.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{seconds: number, loss: number, iterations?: number}[]} points a curve begins anew where more iterations are planned and the loss is larger
 */
export function drawLoss(canvas, points) {
  const painter = prepared(canvas);
  const {context, width, height, colours} = painter;
  const positive = points.filter(({loss}) => loss > 0 && Number.isFinite(loss));
  const frame = {left: 44, top: 12, wide: width - 44 - 12, high: height - 12 - 36};
  if (positive.length === 0 || frame.wide < 20) return;
  const logs = positive.map(({loss}) => Math.log10(loss));
  const [lower, upper] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs) + 1e-9)];
  const end = Math.max(...points.map(({seconds}) => seconds), 1e-3);
  const xOf = (seconds) => frame.left + (seconds / end) * frame.wide;
  const yOf = (log) => frame.top + frame.high * (1 - (log - lower) / Math.max(1, upper - lower));
  context.font = NUMBERS;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const {value, text} of decadeTicks(10 ** lower, 10 ** upper, Math.max(2, frame.high / 26))) {
    const y = yOf(Math.log10(value));
    context.fillStyle = colours.line;
    context.fillRect(frame.left, Math.round(y), frame.wide, 1);
    context.fillStyle = colours.faint;
    context.fillText(text, frame.left - 6, y);
  }
  const ticks = niceTicks(0, end, Math.max(2, Math.floor(frame.wide / 60)));
  const {texts, power} = tickTexts(ticks);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  ticks.forEach((tick, i) => context.fillText(texts[i], xOf(tick), frame.top + frame.high + 6));
  context.fillText(power === '' ? 'seconds' : `${power} seconds`, frame.left + frame.wide / 2, frame.top + frame.high + 21);
  context.beginPath();
  positive.forEach(({seconds, iterations}, i) => {
    const anew = i === 0 || (iterations !== positive[i - 1].iterations && logs[i] > logs[i - 1] + 1);
    context[anew ? 'moveTo' : 'lineTo'](xOf(seconds), yOf(logs[i]));
  });
  context.strokeStyle = colours.series[0];
  context.lineWidth = 1.75;
  context.lineJoin = 'round';
  context.stroke();
  const last = positive.length - 1;
  context.beginPath();
  context.arc(xOf(positive[last].seconds), yOf(logs[last]), 2.5, 0, 2 * Math.PI);
  context.fillStyle = colours.series[0];
  context.fill();
}

/** The loss in words, for those who cannot see the curve. */
export function lossText(points) {
  const known = points.filter(({loss}) => Number.isFinite(loss));
  if (known.length === 0) return 'loss: no values yet';
  return `loss from ${numberText(known[0].loss, 3)} to ${numberText(known[known.length - 1].loss, 3)}`;
}

/** The mark on a map or on curves: where the numbers beneath are from. */
export function drawMark(canvas, frame, {x, ys}) {
  const {context, colours} = prepared(canvas);
  if (x === undefined) return;
  // Of a map both lines, dark on light, so that they are seen on any colour; of curves the one across.
  const {left, top, wide, high} = frame;
  const isMap = ys.length === 1 && ys[0].colour === undefined;
  for (const [stroke, dashes] of isMap
    ? [
        ['rgb(255 255 255 / 55%)', []],
        ['#000', [3, 3]],
      ]
    : [[colours.ink, [3, 3]]]) {
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + high);
    if (isMap) {
      context.moveTo(left, ys[0].y);
      context.lineTo(left + wide, ys[0].y);
    }
    context.lineWidth = 1;
    context.strokeStyle = stroke;
    context.setLineDash(dashes);
    context.stroke();
  }
  context.setLineDash([]);
  for (const {y, colour} of ys) {
    for (const [stroke, thick] of [
      ['#000', 4],
      [colour ?? '#fff', 2],
    ]) {
      context.beginPath();
      context.arc(x, y, 5.5, 0, 2 * Math.PI);
      context.strokeStyle = stroke;
      context.lineWidth = thick;
      context.stroke();
    }
  }
}
