import {readFile} from 'node:fs/promises';
import {DinfError} from '../errors';
import {writeFileAtomic} from './atomic-write';
import type {Curve, PlotData} from './curves';
import {plotData} from './curves';
import {REPORT_SCRIPT} from './html-script';
import {REPORT_STYLE} from './html-style';
import {shortNumber} from './numbers';

/** A key figure, such as psnr, seconds, parameters, device. */
export interface Figure {
  readonly label: string;
  /** A number is shown with up to six significant digits; text as it is. */
  readonly value: string | number;
  /** What it means, or what it is to be compared with. */
  readonly hint?: string;
}

/** A picture of a report. */
export interface ReportPicture {
  readonly title: string;
  /** The bytes of a PNG. */
  readonly png: Uint8Array;
  /** What is to be seen, for those who cannot; the title by default. */
  readonly alt?: string;
}

/** What {@link writeReport} shows, in this order. All text is plain and is escaped. */
export interface Report {
  readonly title: string;
  readonly subtitle?: string;
  /** The command that repeats the solve. */
  readonly command?: string;
  readonly figures: readonly Figure[];
  readonly pictures: readonly ReportPicture[];
  readonly curves: readonly Curve[];
  /** Settings, equations (as text or LaTeX source) and the like, in a fixed-width font with line breaks kept. */
  readonly sections?: readonly {readonly title: string; readonly text: string}[];
}

/**
 * Writes a report as one HTML file that needs nothing else: pictures, style and script are inside, and it may load nothing from anywhere.
 * Complete or not at all.
 * @throws DinfError FILE_UNWRITABLE; INVALID_ARGUMENT when a picture is no PNG or a series is not a pair of equally long lists
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  await writeFileAtomic(path, await renderReport(report));
}

/** The text of the file that {@link writeReport} writes. */
export async function renderReport(report: Report): Promise<string> {
  const plots = report.curves.map(plotData);
  const body = [
    `<header><h1>${escapeHtml(report.title)}</h1>`,
    report.subtitle ? `<p class="subtitle">${escapeHtml(report.subtitle)}</p>` : '',
    '</header>',
    figuresTable(report.figures),
    picturesSection(report.pictures),
    plots.length > 0 ? `<section><h2>Curves</h2><div class="curves">${plots.map(plotFigure).join('')}</div></section>` : '',
    ...(report.sections ?? []).map(({title, text}) => block(title, text)),
    report.command ? block('Run it again', report.command, 'command') : '',
    '<footer>Written by dinf-grid. Everything is inside this file.</footer>',
  ];
  const [style, script] = plots.length > 0 ? await plotAssets(plots) : ['', ''];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(report.title)}</title>
<style>${style}${REPORT_STYLE}</style>
</head>
<body>
<main>
${body.filter(Boolean).join('\n')}
</main>
${script}</body>
</html>
`;
}

function figuresTable(figures: readonly Figure[]): string {
  if (figures.length === 0) return '';
  const hints = figures.some(({hint}) => hint);
  const rows = figures.map(({label, value, hint}) => {
    const shown = typeof value === 'number' ? shortNumber(value, 6) : value;
    const last = hints ? `<td class="hint">${escapeHtml(hint ?? '')}</td>` : '';
    return `<tr><th scope="row">${escapeHtml(label)}</th><td class="value">${escapeHtml(shown)}</td>${last}</tr>`;
  });
  const head = `<tr><th scope="col">Quantity</th><th scope="col">Value</th>${hints ? '<th scope="col">Note</th>' : ''}</tr>`;
  return `<section><table><caption class="hidden">Key figures</caption><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></section>`;
}

function picturesSection(pictures: readonly ReportPicture[]): string {
  if (pictures.length === 0) return '';
  const figures = pictures.map(({title, png, alt}) => {
    const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
    if (bytes.length < 24 || bytes.readUInt32BE(0) !== 0x89504e47) {
      throw new DinfError('INVALID_ARGUMENT', `The picture "${title}" is no PNG: encode it first.`);
    }
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    const wide = width > 600 && width > 1.75 * height ? ' class="wide"' : '';
    const source = `data:image/png;base64,${bytes.toString('base64')}`;
    return (
      `<figure${wide}><figcaption>${escapeHtml(title)}</figcaption>` +
      `<img src="${source}" alt="${escapeHtml(alt ?? title)}" width="${width}" height="${height}"></figure>`
    );
  });
  return `<section><h2>Pictures</h2><div class="pictures">${figures.join('')}</div></section>`;
}

function plotFigure(plot: PlotData, index: number): string {
  return (
    `<figure><figcaption id="plot-title-${index}">${escapeHtml(plot.title)}</figcaption>` +
    `<div class="chart" id="plot-${index}" role="img" aria-label="${escapeHtml(described(plot))}"></div></figure>`
  );
}

/** A plot in words, for those who cannot see it. */
function described(plot: PlotData): string {
  const lines = plot.labels.map((label, line) => {
    const values = plot.columns[line + 1].filter((value) => value !== null);
    if (values.length === 0) return `${label}: no values`;
    return `${label}: from ${shortNumber(values[0])} to ${shortNumber(values[values.length - 1])}, lowest ${shortNumber(values.reduce((a, b) => Math.min(a, b)))}`;
  });
  return `${plot.title}, ${plot.yLabel} over ${plot.xLabel}${plot.log ? ', logarithmic' : ''}. ${lines.join('. ')}.`;
}

function block(title: string, text: string, kind = ''): string {
  // A block that scrolls must be reachable by keyboard, and say what it is.
  const attributes = `${kind ? ` class="${kind}"` : ''} tabindex="0" role="region" aria-label="${escapeHtml(title)}"`;
  return `<section><h2>${escapeHtml(title)}</h2><pre${attributes}>${escapeHtml(text)}</pre></section>`;
}

/** The plotting library with its licence, the data and the drawing, as text for the head and for the end of the body. */
async function plotAssets(plots: readonly PlotData[]): Promise<[style: string, script: string]> {
  const [style, library] = await Promise.all(
    ['uplot/dist/uPlot.min.css', 'uplot/dist/uPlot.iife.min.js'].map((name) => readFile(require.resolve(name), 'utf8')),
  );
  // Inside a script element, only a less-than sign can end or confuse it.
  const data = JSON.stringify(plots).replaceAll('<', '\\u003c');
  const scripts = [
    `<script type="application/json" id="plots">${data}</script>`,
    `<script>/* uPlot, MIT licence, copyright Leon Sorokin */\n${escapeScript(library)}</script>`,
    `<script>${escapeScript(REPORT_SCRIPT)}</script>`,
    '<noscript><p>The curves need scripts to be allowed for this file.</p></noscript>',
  ];
  return [style, `${scripts.join('\n')}\n`];
}

/** Script source that cannot end its element: the sequence is only found in strings and comments, where the backslash changes nothing. */
function escapeScript(source: string): string {
  return source.replaceAll(/<\/(script)/gi, '<\\/$1').replaceAll('<!--', '<\\!--');
}

/** Text for HTML content and for quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'};
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]);
}
