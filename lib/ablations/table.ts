/** An ablation's rows as an aligned text and as CSV. */
import type {Row} from './ablation';

/** Columns of what is varied, of our figures, and of the paper's. */
export function columnsOf(rows: readonly Row[], metrics: readonly string[]): string[][] {
  const names = (pick: (row: Row) => object): string[] => [...new Set(rows.flatMap((row) => Object.keys(pick(row))))];
  const shown = metrics.filter((metric) => rows.some((row) => Object.hasOwn(row.metrics, metric)));
  const varied = names((row) => row.labels);
  const paper = names((row) => row.paper);
  const head = [...varied, ...shown, 'seconds', ...paper.map((name) => `paper: ${name}`)];
  const body = rows.map((row) => [
    ...varied.map((name) => row.labels[name] ?? ''),
    ...shown.map((metric) => (Object.hasOwn(row.metrics, metric) ? metricText(metric, row.metrics[metric]) : '')),
    row.stopReason === 'diverged' ? 'diverged' : row.seconds.toFixed(row.seconds < 10 ? 2 : 1),
    ...paper.map((name) => row.paper[name] ?? ''),
  ]);
  return [head, ...body];
}

/** A metric as the table shows it. */
export function metricText(name: string, value: number): string {
  if (name.startsWith('psnr')) return value.toFixed(2);
  return name.startsWith('ssim') ? value.toFixed(3) : value.toPrecision(3);
}

/** Columns aligned: words to the left, numbers to the right. */
export function tableText(cells: readonly (readonly string[])[]): string {
  const [head, ...body] = cells;
  const widths = head.map((name, k) => Math.max(...cells.map((row) => [...row[k]].length), [...name].length));
  const numeric = head.map((_, k) => body.every((row) => row[k] === '' || /^[-+.\d]/.test(row[k])));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, k) => (numeric[k] ? cell.padStart(widths[k]) : cell.padEnd(widths[k])))
      .join('  ')
      .trimEnd();
  return `${[line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...body.map(line)].join('\n')}\n`;
}

/** Every figure in full, one line a row (RFC 4180). */
export function tableCsv(rows: readonly Row[]): string {
  const records = rows.map((row) => ({
    ...row.labels,
    ...row.metrics,
    seconds: row.seconds,
    optimizer: row.optimizer,
    iterations: row.iterations,
    unknowns: row.unknowns,
    loss: row.loss,
    stopReason: row.stopReason,
    ...Object.fromEntries(Object.entries(row.paper).map(([name, value]) => [`paper ${name}`, value])),
  })) as Record<string, string | number>[];
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const quoted = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = [names, ...records.map((record) => names.map((name) => String(record[name] ?? '')))];
  return lines.map((line) => `${line.map(quoted).join(',')}\r\n`).join('');
}
