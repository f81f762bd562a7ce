import type {BytePicture} from '../files/image';
import {scalarToRgb} from './colormap';
import type {Colours, Range} from './ranges';
import {Sheet} from './sheet';
import {capHeight, textSizeFor, textWidth} from './text';
import {logLabels, logTicks, tickLabels} from './ticks';

/** Part of the range by which values may pass its ends before the bar says so: a hair is not worth a sign. */
const HAIR = 0.005;

/** A number beside the bar. */
interface Label {
  /** 0 on top, 1 at the bottom. */
  readonly part: number;
  readonly text: string;
}

/**
 * A picture with its colour bar on the right: numbers at the ends and between them, ≤ or ≥ where values were clipped.
 *
 * @param found the least and the largest value of the picture
 */
export function withColourBar(picture: BytePicture, colours: Colours, found: Range): BytePicture {
  const {height} = picture;
  const size = textSizeFor(height);
  const capital = capHeight(size);
  const gap = Math.round(size / 2);
  const labels = apart(labelsOf(colours, found), height / (2 * capital));
  const room = Math.max(...labels.map(({text}) => textWidth(text, size)));
  const sheet = new Sheet(picture.width + gap + size + gap + room + gap, height);
  sheet.put(picture, 0, 0);
  const left = picture.width + gap;
  const rows = scalarToRgb(
    Float64Array.from({length: height}, (_, row) => -row),
    colours.map,
    [1 - height, 0],
  );
  for (let row = 0; row < height; row++) {
    sheet.rectangle(left, row, size, 1, [rows[3 * row], rows[3 * row + 1], rows[3 * row + 2]]);
  }
  for (const {part, text} of labels) {
    sheet.text(text, left + size + gap, 1 + Math.round(part * (height - capital - 2)), {size});
  }
  return sheet;
}

/** The numbers of both ends first. */
function labelsOf({range: [low, high], logarithmic}: Colours, found: Range): Label[] {
  if (!(high > low)) return [{part: 0.5, text: tickLabels([low])[0]}];
  const hair = HAIR * (high - low);
  const above = found[1] > high + hair ? '≥ ' : '';
  const below = found[0] < low - (logarithmic === true ? 0 : hair) ? '≤ ' : '';
  if (logarithmic !== true) {
    const [top, middle, bottom] = tickLabels([high, (low + high) / 2, low]);
    return [
      {part: 0, text: above + top},
      {part: 1, text: below + bottom},
      {part: 0.5, text: middle},
    ];
  }
  const powers = logTicks([low, high], 6);
  const ends = high < 10 * low ? [high, low] : [rounded(high), rounded(low)];
  const [top, bottom, ...between] = logLabels([...ends, ...powers]);
  return [
    {part: 0, text: above + top},
    {part: 1, text: below + bottom},
    ...powers.map((value, i) => ({part: Math.log(high / value) / Math.log(high / low), text: between[i]})),
  ];
}

/** Two digits are enough for the end of a logarithmic bar over a decade or more. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

/** Those that leave each other room and read differently, the first before the last. */
function apart(labels: readonly Label[], most: number): Label[] {
  const kept: Label[] = [];
  for (const label of labels) {
    if (kept.every(({part, text}) => text !== label.text && Math.abs(part - label.part) * most >= 1)) kept.push(label);
  }
  return kept;
}
