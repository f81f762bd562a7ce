// Writes docs/benchmarks.html, which opens from disk, and the tables of benchmarks/README.md, from the raw lines in benchmarks/results alone:
// no figure is typed by hand.
//   node benchmarks/page.mjs
// A file in page/ makes one section of it. What was not measured is not there; what failed is.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import * as prettier from 'prettier';
import {curveSvg, SERIES_COLOURS} from '../dist/report/curve-svg.js';
import {plotData} from '../dist/report/curves.js';
import {escapeHtml} from '../dist/report/escape.js';
import {REPORT_STYLE} from '../dist/report/html-style.js';
import {SECTIONS} from './page/sections.mjs';

/**
 * @typedef {string | number | null} Cell null is shown as a dash.
 * @typedef {{text: string}
 *   | {table: {caption: string, columns: string[], rows: Cell[][]}}
 *   | {plot: {caption: string, curve: import('../dist/report/curves.js').Curve}}} Part `text` is a paragraph, with code in backticks.
 * @typedef {{id: string, title: string, command: string, results: string[], parts(lines: Record<string, any>[]): Part[]}} Section
 * `results`: names of files in benchmarks/results; `parts` is given their lines, oldest first.
 */

const place = (name) => new URL(name, import.meta.url);

/** @param {string} name @returns {Record<string, any>[]} */
function linesOf(name) {
  const file = place(`results/${name}.jsonl`);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

const built = SECTIONS.map((section) => {
  const lines = section.results.flatMap(linesOf);
  return {...section, parts: lines.length === 0 ? [] : section.parts(lines)};
}).filter(({parts}) => parts.length > 0);

const shown = (cell) => (cell === null || cell === undefined ? '–' : String(cell));

// The page.

const withCode = (text) => escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

function tableHtml({caption, columns, rows}) {
  const head = columns.map((name) => `<th scope="col">${withCode(name)}</th>`).join('');
  const body = rows.map((cells) => {
    const [first, ...rest] = cells.map(shown);
    return `<tr><th scope="row">${withCode(first)}</th>${rest.map((cell) => `<td>${withCode(cell)}</td>`).join('')}</tr>`;
  });
  // What scrolls must be reachable by keyboard, and say what it is.
  return (
    `<div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table class="many"><caption>${withCode(caption)}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
  );
}

function plotHtml({caption, curve}) {
  const plot = plotData(curve);
  const legend = plot.labels.map((label, i) => `<li class="series-${i % SERIES_COLOURS}"><i></i>${escapeHtml(label)}</li>`);
  return (
    `<figure><figcaption>${withCode(caption)}</figcaption>${curveSvg(plot, `${caption}: ${curve.yLabel} over ${curve.xLabel}`)}` +
    `<ul class="legend">${legend.join('')}</ul></figure>`
  );
}

const partHtml = (part) => {
  if ('text' in part) return `<p>${withCode(part.text)}</p>`;
  return 'table' in part ? tableHtml(part.table) : plotHtml(part.plot);
};

/** Plots that follow each other stand side by side where there is room. */
function partsHtml(parts) {
  const groups = parts.reduce((list, part) => {
    const last = list.at(-1);
    if (last !== undefined && 'plot' in part && 'plot' in last[0]) last.push(part);
    else list.push([part]);
    return list;
  }, /** @type {Part[][]} */ ([]));
  return groups
    .map((group) =>
      'plot' in group[0] ? `<div class="plots">${group.map(partHtml).join('\n')}</div>` : group.map(partHtml).join('\n'),
    )
    .join('\n');
}

const STYLE = `${REPORT_STYLE}
main { max-width: 84rem; }
p { max-width: 60rem; }
code { font: 0.9em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; list-style: none; padding: 0; margin: 1.2rem 0 0; }
a { color: var(--accent); }
.wide { overflow-x: auto; margin: 1rem 0 1.6rem; }
.wide table { max-width: none; font-size: 0.9rem; }
.wide caption { text-align: left; font-weight: 600; padding-bottom: 0.5rem; }
.wide th, .wide td { padding: 0.35rem 1rem 0.35rem 0; min-width: 4rem; }
.wide td code, .wide th code { white-space: nowrap; }
.wide td:last-child { min-width: 14rem; }
.wide table.many td, .wide table.many tbody th { white-space: normal; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1.2rem; margin: 1rem 0 1.6rem; }
.legend { row-gap: 0.1rem; }
`;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>dinf-grid: benchmarks</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>dinf-grid: benchmarks</h1>
<p class="subtitle">Who gets how accurate how fast, on problems that others chose, measured side by side. Every figure comes from raw lines in
benchmarks/results; each section says the command that repeats it. Comparisons are at equal error or at equal time. Losses and failures stay here.</p>
<nav aria-label="Sections"><ul>${built.map(({id, title}) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`).join('')}</ul></nav>
</header>
${built
  .map(
    ({id, title, command, parts}) =>
      `<section id="${id}"><h2>${escapeHtml(title)}</h2>\n<p>Repeat it: <code>${escapeHtml(command)}</code></p>\n${partsHtml(parts)}</section>`,
  )
  .join('\n')}
<footer>Written by <code>node benchmarks/page.mjs</code>. Everything is inside this file.</footer>
</main>
</body>
</html>
`;
writeFileSync(place('../docs/benchmarks.html'), page);

// The tables of the README.

const inCell = (cell) => shown(cell).replaceAll('|', '\\|');
const partMarkdown = (part) => {
  if ('text' in part) return part.text;
  if ('plot' in part) return '';
  const {caption, columns, rows} = part.table;
  const line = (cells) => `| ${cells.map(inCell).join(' | ')} |`;
  return [`**${caption}**`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
};
const tables = built
  .map(({title, command, parts}) => [`## ${title}`, `\`${command}\``, ...parts.map(partMarkdown).filter(Boolean)].join('\n\n'))
  .join('\n\n');

const readme = place('README.md');
const [BEGIN, END] = ['<!-- written by page.mjs -->', '<!-- end of what page.mjs writes -->'];
const text = readFileSync(readme, 'utf8');
if (!text.includes(BEGIN) || !text.includes(END)) throw new Error(`benchmarks/README.md lacks its markers ${BEGIN} and ${END}`);
const before = text.slice(0, text.indexOf(BEGIN));
const after = text.slice(text.indexOf(END) + END.length);
const options = await prettier.resolveConfig(readme);
writeFileSync(
  readme,
  await prettier.format(`${before}${BEGIN}\n\n${tables}\n\n${END}${after}`, {...options, parser: 'markdown'}),
);
console.log(`docs/benchmarks.html and benchmarks/README.md: ${built.map(({id}) => id).join(', ')}`);
