// Curves and maps on a canvas, and what lies under the pointer or the keyboard's mark.

/** Stops of a colour map whose brightness rises evenly: violet, blue, green, yellow. */
const STOPS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

function colourOf(part) {
  const at = Math.min(1, Math.max(0, part)) * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(at));
  return STOPS[i].map((from, c) => Math.round(from + (at - i) * (STOPS[i + 1][c] - from)));
}

/** A number as people write it: four digits that matter. */
export function numberText(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** Round numbers in a range, about as many as asked for. */
function ticks(lower, upper, count) {
  const raw = (upper - lower) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw);
  const first = Math.ceil(lower / step - 1e-9);
  const last = Math.floor(upper / step + 1e-9);
  return Array.from({length: last - first + 1}, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The least and the largest value; a constant gets room around it. */
export function rangeOf(values) {
  let [lower, upper] = [Infinity, -Infinity];
  for (const value of values) {
    lower = Math.min(lower, value);
    upper = Math.max(upper, value);
  }
  return {lower, upper};
}

function padded({lower, upper}) {
  const room = upper > lower ? 0 : Math.abs(lower) || 1;
  return {lower: lower - room / 2, upper: upper + room / 2};
}

/**
 * Draws one array.
 *
 * @param canvas where.
 * @param shown `axes` (name, lower, upper, count), `values` row-major with the last axis fastest, `compared` likewise or undefined, `title`.
 * @param mark place of the mark, one index an axis, or undefined.
 * @returns what finds the indices under a place of the canvas.
 */
export function draw(canvas, shown, mark) {
  const scale = window.devicePixelRatio || 1;
  const {clientWidth: width, clientHeight: height} = canvas;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colours = {
    ink: style.getPropertyValue('--ink'),
    soft: style.getPropertyValue('--soft'),
    line: style.getPropertyValue('--line'),
    accent: style.getPropertyValue('--accent'),
    bad: style.getPropertyValue('--bad'),
    ground: style.getPropertyValue('--panel'),
  };
  context.font = '13px system-ui, sans-serif';
  return (shown.axes.length === 1 ? drawCurve : drawMap)({context, width, height, colours}, shown, mark);
}

/** Ticks and names along the bottom and the left of a frame. */
function drawFrame({context, colours}, frame, across, up) {
  const {left, top, wide, high} = frame;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, wide + 1, high + 1);
  context.fillStyle = colours.soft;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const tick of ticks(across.lower, across.upper, wide / 90)) {
    const x = left + ((tick - across.lower) / (across.upper - across.lower)) * wide;
    context.fillRect(x - 0.5, top + high, 1, 5);
    context.fillText(numberText(tick), x, top + high + 8);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of ticks(up.lower, up.upper, high / 50)) {
    const y = top + high - ((tick - up.lower) / (up.upper - up.lower)) * high;
    context.fillRect(left - 5, y - 0.5, 5, 1);
    context.fillText(numberText(tick), left - 8, y);
  }
  context.fillStyle = colours.ink;
  context.font = 'italic 14px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  context.fillText(across.name, left + wide / 2, top + high + 38);
  context.textAlign = 'left';
  context.fillText(up.name, left, top - 8);
  context.font = '13px system-ui, sans-serif';
}

function drawCurve(painter, {axes: [axis], values, compared, title}, mark) {
  const {context, width, height, colours} = painter;
  const all = rangeOf(compared === undefined ? values : [...values, ...compared]);
  const {lower, upper} = padded(all);
  const room = 0.04 * (upper - lower);
  const up = {name: title, lower: lower - room, upper: upper + room};
  const frame = {left: 64, top: 26, wide: width - 64 - 16, high: height - 26 - 48};
  drawFrame(painter, frame, axis, up);
  const x = (i) => frame.left + (i / (axis.count - 1)) * frame.wide;
  const y = (value) => frame.top + frame.high - ((value - up.lower) / (up.upper - up.lower)) * frame.high;
  const line = (numbers, colour, dashes, thick) => {
    context.beginPath();
    for (let i = 0; i < numbers.length; i++) context.lineTo(x(i), y(numbers[i]));
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.setLineDash(dashes);
    context.stroke();
    context.setLineDash([]);
  };
  line(values, colours.accent, [], 2.5);
  if (compared !== undefined) line(compared, colours.bad, [3, 6], 2);
  if (mark !== undefined) {
    context.beginPath();
    context.arc(x(mark[0]), y(values[mark[0]]), 5, 0, 2 * Math.PI);
    context.fillStyle = colours.ink;
    context.fill();
  }
  return (atX) => [indexAt((atX - frame.left) / frame.wide, axis.count)];
}

const indexAt = (part, count) => Math.min(count - 1, Math.max(0, Math.round(part * (count - 1))));

function drawMap(painter, {axes, values, title}, mark) {
  const {context, width, height} = painter;
  // x across where it is one of the two, else the last one: time goes up.
  const across = axes[0].name === 'x' ? 0 : 1;
  const [h, v] = [axes[across], axes[1 - across]];
  const range = padded(rangeOf(values));
  const room = {left: 56, top: 26, right: 92, bottom: 48};
  let frame = {left: room.left, top: room.top, wide: width - room.left - room.right, high: height - room.top - room.bottom};
  frame = shaped(frame, h, v);
  const pixels = new ImageData(h.count, v.count);
  for (let row = 0; row < v.count; row++) {
    for (let column = 0; column < h.count; column++) {
      const value = across === 1 ? values[row * h.count + column] : values[column * v.count + row];
      const [r, g, b] = colourOf((value - range.lower) / (range.upper - range.lower));
      pixels.data.set([r, g, b, 255], 4 * ((v.count - 1 - row) * h.count + column));
    }
  }
  const small = new OffscreenCanvas(h.count, v.count);
  small.getContext('2d').putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, frame.left, frame.top, frame.wide, frame.high);
  drawFrame(painter, frame, h, v);
  drawBar(painter, frame, range, title);
  if (mark !== undefined) {
    const [column, row] = [mark[across], mark[1 - across]];
    const x = frame.left + (column / (h.count - 1)) * frame.wide;
    const y = frame.top + frame.high - (row / (v.count - 1)) * frame.high;
    for (const [colour, thick] of [
      ['#000000', 4],
      ['#ffffff', 2],
    ]) {
      context.beginPath();
      context.arc(x, y, 6, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.stroke();
    }
  }
  return (atX, atY) => {
    const column = indexAt((atX - frame.left) / frame.wide, h.count);
    const row = indexAt((frame.top + frame.high - atY) / frame.high, v.count);
    return across === 1 ? [row, column] : [column, row];
  };
}

/** Both axes at one scale where they are lengths of about one size; otherwise all of the room. */
function shaped(frame, h, v) {
  const ratio = (h.upper - h.lower) / (v.upper - v.lower);
  const lengths = [h.name, v.name].every((name) => /^[xyz]$/.test(name));
  if (!lengths || ratio > 4 || ratio < 1 / 4) return frame;
  const wide = Math.min(frame.wide, frame.high * ratio);
  return {...frame, left: frame.left + (frame.wide - wide) / 2, wide, high: wide / ratio};
}

function drawBar({context, colours}, frame, range, title) {
  const left = frame.left + frame.wide + 16;
  for (let y = 0; y < frame.high; y++) {
    const [r, g, b] = colourOf(1 - y / frame.high);
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(left, frame.top + y, 14, 1.5);
  }
  context.fillStyle = colours.soft;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const tick of ticks(range.lower, range.upper, frame.high / 50)) {
    const y = frame.top + frame.high - ((tick - range.lower) / (range.upper - range.lower)) * frame.high;
    context.fillText(numberText(tick), left + 19, y);
  }
  context.fillStyle = colours.ink;
  context.font = 'italic 14px system-ui, sans-serif';
  context.textBaseline = 'alphabetic';
  context.fillText(title, left, frame.top - 8);
  context.font = '13px system-ui, sans-serif';
}
