/** Tables of a report. */
import {shortNumber} from '../pictures/numbers';
import {escapeHtml} from './escape';

/** A table of a report. */
export interface ReportTable {
  readonly title: string;
  /** Heads of the columns; the first column names the rows. */
  readonly columns: readonly string[];
  /** A number is shown with up to three significant digits, text as it is, null as a dash. */
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Sentences below it. Default: none. */
  readonly notes?: readonly string[] | undefined;
}

/** A table as a section of the page. It scrolls by itself where it is wider than the page. */
export function tableSection({title, columns, rows, notes = []}: ReportTable): string {
  const head = columns.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell, i) => (i === 0 ? `<th scope="row">${cellText(cell)}</th>` : dataCell(cell))).join('')}</tr>`,
  );
  const below = notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('');
  return (
    `<section><h2>${escapeHtml(title)}</h2><div class="wide-table" tabindex="0" role="region" aria-label="${escapeHtml(title)}">` +
    `<table class="many"><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>${below}</section>`
  );
}

/** Texts longer than that many characters are sentences, which break into lines. */
const SENTENCE = 40;

function dataCell(cell: string | number | null): string {
  const kind = typeof cell === 'string' && cell.length > SENTENCE ? ' class="text"' : '';
  return `<td${kind}>${cellText(cell)}</td>`;
}

function cellText(cell: string | number | null): string {
  if (cell === null) return '–';
  return escapeHtml(typeof cell === 'number' ? shortNumber(cell) : cell);
}
