/** Evaluated batches as the bytes of a file, one part after another. */
import {npyBytes, npyHeader} from '../files/npy';
import type {EvaluatedBatch} from './evaluate';

/**
 * A CSV table: a header, then a row a point, coordinates first. Numbers have as many digits as it takes to read the same ones again; what
 * is not finite is nan, inf or -inf.
 *
 * @param dtype of the field: values in float32 need nine digits.
 */
export async function* csvParts(
  batches: AsyncIterable<EvaluatedBatch>,
  names: readonly string[],
  dtype: 'float32' | 'float64',
): AsyncGenerator<Uint8Array> {
  const valueText = dtype === 'float32' ? (value: number) => numberText(Number(value.toPrecision(9))) : numberText;
  let header = `${names.map(quoted).join(',')}\n`;
  for await (const {points, count, values} of batches) {
    const d = points.length / count;
    const rows = new Array<string>(count);
    for (let i = 0; i < count; i++) {
      let row = '';
      for (let k = 0; k < d; k++) row += `${points[i * d + k]},`;
      rows[i] = `${row}${values.map((column) => valueText(column[i])).join(',')}\n`;
    }
    yield Buffer.from(header + rows.join(''));
    header = '';
  }
}

/** A `.npy` array of float64: the shape of the points, and one more axis for the expressions where there are several. */
export async function* npyParts(
  batches: AsyncIterable<EvaluatedBatch>,
  shape: readonly number[],
  expressions: number,
): AsyncGenerator<Uint8Array> {
  yield npyHeader(expressions === 1 ? shape : [...shape, expressions], 'float64');
  for await (const {count, values} of batches) {
    const rows = new Float64Array(count * expressions);
    values.forEach((column, e) => {
      for (let i = 0; i < count; i++) rows[i * expressions + e] = column[i];
    });
    yield npyBytes(rows);
  }
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

function quoted(name: string): string {
  return /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
