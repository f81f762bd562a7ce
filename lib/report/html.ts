import {DinfError} from '../base/errors';
import {writeFileAtomic} from '../files/atomic-write';
import type {Curve, PlotData} from './curves';
import {plotData} from './curves';
import {curveSvg, SERIES_COLOURS} from './curve-svg';
import {escapeHtml} from './escape';
import {REPORT_SCRIPT} from './html-script';
import {REPORT_STYLE} from './html-style';
import type {ReportTable} from './tables';
import {tableSection} from './tables';
import {shortNumber} from '../pictures/numbers';

/** Characters of an equation's text that are shown. */
const LONGEST_TEXT = 2000;

/** A key figure, such as psnr, seconds, parameters, device. */
export interface Figure {
  readonly label: string;
  /** A number is shown with up to six significant digits; text as it is. */
  readonly value: string | number;
  /** Its meaning, or a number to compare it with. Default: none. */
  readonly hint?: string;
}

/** A picture of a report. */
export interface ReportPicture {
  readonly title: string;
  /** The bytes of a PNG. */
  readonly png: Uint8Array;
  /** A description for those who cannot see it. Default: the title. */
  readonly alt?: string;
}

/** An equation of a report. */
export interface ReportEquation {
  /** Name of the term that it belongs to. */
  readonly label: string;
  /** As text, in the language it is written in. */
  readonly text: string;
  /** As a `math` element, made by `equationMath`; it is not escaped. Default: the text is shown. */
  readonly math?: string;
}

/** The contents of a report, in this order. All text is plain and is escaped. */
export interface Report {
  readonly title: string;
  readonly subtitle?: string;
  /** The command that repeats the solve. */
  readonly command?: string;
  readonly figures: readonly Figure[];
  /** Default: none. */
  readonly tables?: readonly ReportTable[];
  readonly pictures: readonly ReportPicture[];
  readonly curves: readonly Curve[];
  /** Whether the curves stand before the pictures. Default false. */
  readonly curvesFirst?: boolean;
  /** Tables below curves and pictures. Default: none. */
  readonly details?: readonly ReportTable[];
  /** The equations that are solved. Default: none. */
  readonly equations?: readonly ReportEquation[];
  /** Settings and the like, in a fixed-width font with line breaks kept. */
  readonly sections?: readonly {readonly title: string; readonly text: string}[];
}

/**
 * Writes a report as one HTML file that needs nothing else: pictures, style and script are inside, and it may load nothing from anywhere.
 * Complete or not at all.
 * @throws DinfError FILE_UNWRITABLE; INVALID_ARGUMENT when a picture is no PNG or a series is not a pair of equally long lists
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  await writeFileAtomic(path, renderReport(report));
}

/** The text of the file that {@link writeReport} writes. */
export function renderReport(report: Report): string {
  const plots = report.curves.map(plotData);
  const pictures = picturesSection(report.pictures);
  const curves =
    plots.length > 0 ? `<section><h2>Curves</h2><div class="curves">${plots.map(plotFigure).join('')}</div></section>` : '';
  const body = [
    `<header><h1>${escapeHtml(report.title)}</h1>`,
    report.subtitle ? `<p class="subtitle">${unbroken(report.subtitle)}</p>` : '',
    '</header>',
    figuresTable(report.figures),
    ...(report.tables ?? []).map(tableSection),
    ...(report.curvesFirst === true ? [curves, pictures] : [pictures, curves]),
    ...(report.details ?? []).map(tableSection),
    equationsSection(report.equations ?? []),
    ...(report.sections ?? []).map(({title, text}) => block(title, text)),
    report.command ? block('Run it again', report.command, 'command') : '',
    '<footer>Written by dinf-grid. Everything is inside this file.</footer>',
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(report.title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
${body.filter(Boolean).join('\n')}
</main>
${plots.length > 0 ? plotScripts(plots) : ''}</body>
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
  const last = plot.columns[0].length - 1;
  const values = plot.columns.map((column) => {
    // A line that ends before others shows its last point.
    const value = last < 0 ? null : (column.findLast((one) => one !== null) ?? null);
    return `<b>${value === null ? '–' : escapeHtml(shortNumber(value, 4))}</b>`;
  });
  const series = plot.labels.map(
    (label, i) => `<li class="series-${i % SERIES_COLOURS}"><i></i>${escapeHtml(label)}: ${values[i + 1]}</li>`,
  );
  return (
    `<figure id="plot-${index}"><figcaption>${escapeHtml(plot.title)}</figcaption>${curveSvg(plot, described(plot))}` +
    `<ul class="legend"><li>${escapeHtml(plot.xLabel)}: ${values[0]}</li>${series.join('')}</ul></figure>`
  );
}

/** A plot in words, for those who cannot see it. */
function described(plot: PlotData): string {
  const lines = plot.labels.map((label, line) => {
    const values = plot.columns[line + 1].filter((value) => value !== null);
    if (values.length === 0) return `${label}: no values`;
    return `${label}: from ${shortNumber(values[0])} to ${shortNumber(values[values.length - 1])}, lowest ${shortNumber(values.reduce((a, b) => Math.min(a, b)))}`;
  });
  return `${plot.title}, ${plot.yLabel} over ${plot.xLabel}${scaleText(plot)}. ${lines.join('. ')}.`;
}

const scaleText = ({log, logX}: PlotData): string =>
  logX ? (log ? ', both logarithmic' : ' (logarithmic)') : log ? ', logarithmic' : '';

function block(title: string, text: string, kind = ''): string {
  // A block that scrolls must be reachable by keyboard, and say what it is.
  const attributes = `${kind ? ` class="${kind}"` : ''} tabindex="0" role="region" aria-label="${escapeHtml(title)}"`;
  const shown = kind === 'command' ? withWholeFlags(text) : escapeHtml(text);
  return `<section><h2>${escapeHtml(title)}</h2><pre${attributes}>${shown}</pre></section>`;
}

/** Text whose lines do not end between a name and its number, as in `x = 0.5`. */
function unbroken(text: string): string {
  return escapeHtml(text).replaceAll(/(?<=\w) = (?=[-\d])/g, '\u00a0=\u00a0');
}

/** A command whose lines do not end behind the hyphens of a flag. */
function withWholeFlags(command: string): string {
  return escapeHtml(command).replaceAll(/(?<= )--?\w[\w-]*/g, '<span>$&</span>');
}

function equationsSection(equations: readonly ReportEquation[]): string {
  if (equations.length === 0) return '';
  const rows = equations.map(({label, text, math}) => {
    const shown = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
    const body = math ?? `<code>${escapeHtml(shown)}</code>`;
    // What scrolls must be reachable by keyboard, and say what it is.
    const attributes = `tabindex="0" role="group" aria-label="${escapeHtml(label)}" title="${escapeHtml(shown)}"`;
    return `<div ${attributes}><dt>${escapeHtml(label)}</dt><dd>${body}</dd></div>`;
  });
  return `<section><h2>Equations</h2><dl class="equations">${rows.join('')}</dl></section>`;
}

/** The data of the plots, and what tells them under the pointer. */
function plotScripts(plots: readonly PlotData[]): string {
  // Inside a script element, only a less-than sign can end or confuse it.
  const data = JSON.stringify(plots).replaceAll('<', '\\u003c');
  return `<script type="application/json" id="plots">${data}</script>\n<script>${REPORT_SCRIPT}</script>\n`;
}
