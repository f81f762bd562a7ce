// Draws docs/factorisation.svg from benchmarks/results/factorisation.jsonl: how the time of a factorisation grows with the cells of a square,
// beside SuperLU's in the same run. Both axes are logarithmic.
//   node scripts/factorisation-figure.mjs
import {readFileSync, writeFileSync} from 'node:fs';

const rows = readFileSync(new URL('../benchmarks/results/factorisation.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter(({setting}) => setting.dims === 2 && setting.degree === 5);
const series = [
  {name: 'this solver, warm', colour: '#1b6ca8', points: rows.map((row) => [row.setting.cells, row.seconds.median])},
  {
    name: 'SuperLU (SciPy), the same pattern',
    colour: '#c0561f',
    points: rows.flatMap((row) => (row.peer?.superluSeconds === undefined ? [] : [[row.setting.cells, row.peer.superluSeconds]])),
  },
];

const [width, height, left, right, top, bottom] = [640, 416, 70, 20, 36, 50];
const all = series.flatMap(({points}) => points);
const span = (values) => [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
const cells = rows.map(({setting}) => setting.cells);
const [low, high] = span(all.map(([, seconds]) => seconds));
const first = Math.log2(Math.min(...cells));
const x = (n) => left + ((Math.log2(n) - first) / (Math.log2(Math.max(...cells)) - first)) * (width - left - right);
const y = (seconds) => top + ((high - Math.log10(seconds)) / (high - low)) * (height - top - bottom);
const text = (content, place, more = '') => `<text x="${place[0]}" y="${place[1]}" ${more}>${content}</text>`;
const line = (from, to, more) => `<line x1="${from[0]}" y1="${from[1]}" x2="${to[0]}" y2="${to[1]}" ${more}/>`;

const parts = [];
for (const n of cells) {
  parts.push(line([x(n), top], [x(n), height - bottom], 'stroke="#ddd"'));
  parts.push(text(`${n}²`, [x(n), height - bottom + 18], 'text-anchor="middle"'));
}
for (let power = low; power <= high; power++) {
  const at = y(10 ** power);
  parts.push(line([left, at], [width - right, at], 'stroke="#ddd"'));
  parts.push(text(power < 0 ? (10 ** power).toFixed(-power) : String(10 ** power), [left - 8, at + 4], 'text-anchor="end"'));
}
for (const [i, {name, colour, points}] of series.entries()) {
  if (points.length === 0) continue;
  const path = points.map(([n, seconds]) => `${x(n).toFixed(1)},${y(seconds).toFixed(1)}`).join(' ');
  parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2.5"/>`);
  for (const [n, seconds] of points)
    parts.push(`<circle cx="${x(n).toFixed(1)}" cy="${y(seconds).toFixed(1)}" r="4" fill="${colour}"/>`);
  parts.push(text(name, [left + 14, top + 22 + 20 * i], `fill="${colour}"`));
}
parts.push(text('seconds', [left - 8, 16], 'text-anchor="end"'));
parts.push(text('cells of a square, degree 5', [(left + width - right) / 2, height - 10], 'text-anchor="middle"'));
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#333">
<rect width="${width}" height="${height}" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
writeFileSync(new URL('../docs/factorisation.svg', import.meta.url), svg);
