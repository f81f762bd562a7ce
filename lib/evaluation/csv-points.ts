/** Points from a table of text: comma, semicolon, tab or spaces between the columns, with or without a header. */
import type {InfoRecord} from 'csv-parse';
import {CsvError, parse} from 'csv-parse';
import {DinfError} from '../base/errors';
import {openRegular, unreadableFile} from '../files/read-file';
import type {Batch, PointSource} from './source';
import {BATCH} from './source';

/** The columns of the coordinates. */
interface Layout {
  /** Column of each coordinate. */
  readonly columns: readonly number[];
  /** Columns that every row must have. */
  readonly width: number;
}

/**
 * A text file of points. A header names the coordinates in any order, and other columns are passed over; without one the columns are the
 * coordinates in the order of the domain. Empty lines and those that begin with # do not count.
 *
 * @param coordinates names, in the order of the domain.
 * @throws FILE_NOT_FOUND; FILE_UNREADABLE, also while it is read, naming line and column of what is no number.
 */
export async function csvPoints(file: string, coordinates: readonly string[]): Promise<PointSource> {
  const {delimiter, size} = await inspect(file, coordinates.length);
  return {
    name: file,
    batches: (onProgress) => read(file, coordinates, delimiter, size, onProgress),
  };
}

async function* read(
  file: string,
  coordinates: readonly string[],
  delimiter: Delimiter,
  size: number,
  onProgress?: (part: number) => void,
): AsyncGenerator<Batch> {
  const d = coordinates.length;
  let layout: Layout | undefined;
  let points = new Float64Array(BATCH * d);
  let lines = new Float64Array(BATCH);
  let count = 0;
  let first = 0;
  let bytes = 0;
  const full = (): Batch & {part: number} => {
    const [own, at, before, part] = [points.subarray(0, count * d), lines, first, bytes / size];
    first += count;
    count = 0;
    points = new Float64Array(BATCH * d);
    lines = new Float64Array(BATCH);
    return {
      points: own,
      count: own.length / d,
      first: before,
      part,
      place: (i) => `row ${before + i + 1} (line ${at[i]})`,
    };
  };
  // Cells become numbers inside the parser; what leaves it are whole batches, so that rows cost no objects in a queue.
  const take = (given: string[], {lines: line, bytes: consumed}: InfoRecord): ReturnType<typeof full> | null => {
    bytes = consumed;
    const cells = delimiter === ' ' ? given.filter((cell) => cell !== '') : given;
    if (layout === undefined) {
      const header = headerOf(cells, coordinates, file, line);
      layout = header ?? {columns: coordinates.map((_, k) => k), width: d};
      if (header !== undefined) return null;
    }
    if (cells.length !== layout.width) {
      throw malformed(
        file,
        `line ${line} has ${cells.length} columns instead of ${layout.width}${cells.length > d ? `: name the coordinates ${coordinates.join(', ')} in a header` : ''}`,
      );
    }
    for (let k = 0; k < d; k++) {
      const cell = cells[layout.columns[k]];
      const value = numberOf(cell);
      if (value === undefined) {
        const comma = /^\s*[+-]?\d+,\d+\s*$/.test(cell) ? '; write decimals with a point' : '';
        throw malformed(
          file,
          `line ${line}, column ${layout.columns[k] + 1} (${coordinates[k]}): '${cell.trim()}' is no finite number${comma}`,
        );
      }
      points[count * d + k] = value;
    }
    lines[count] = line;
    count += 1;
    return count === BATCH ? full() : null;
  };
  const {handle} = await openRegular(file, 'a file of points');
  const stream = handle.createReadStream({highWaterMark: 1 << 18});
  const parser = parse({
    bom: true,
    comment: '#',
    comment_no_infix: true,
    delimiter,
    relax_column_count: true, // reported above, in our words
    skip_empty_lines: true,
    max_record_size: 1 << 16, // a binary file has no ends of lines
    on_record: take as never,
  });
  stream.on('error', (error) => parser.destroy(error));
  try {
    for await (const batch of stream.pipe(parser)) {
      yield batch as Batch;
      onProgress?.((batch as ReturnType<typeof full>).part);
    }
    if (count > 0) yield full();
    if (first === 0) throw malformed(file, 'it holds no points');
    onProgress?.(1);
  } catch (cause) {
    if (cause instanceof DinfError) throw cause;
    if (cause instanceof CsvError) throw malformed(file, cause.message, cause);
    throw unreadableFile(file, cause);
  } finally {
    stream.destroy();
  }
}

/** A header's layout; undefined where the first row is a point. */
function headerOf(cells: readonly string[], coordinates: readonly string[], file: string, line: number): Layout | undefined {
  const numbers = cells.map(numberOf);
  if (numbers.every((value) => value !== undefined)) return undefined;
  const names = cells.map((cell) => cell.trim());
  const find = (name: string): number[] => {
    const exact = [...names.keys()].filter((k) => names[k] === name);
    return exact.length > 0 ? exact : [...names.keys()].filter((k) => names[k].toLowerCase() === name.toLowerCase());
  };
  const columns = coordinates.map((name) => {
    const found = find(name);
    if (found.length === 1) return found[0];
    const wrong = numbers.findIndex((value) => value === undefined);
    if (numbers.some((value) => value !== undefined)) {
      throw malformed(file, `line ${line}, column ${wrong + 1}: '${names[wrong]}' is no finite number`);
    }
    throw malformed(
      file,
      `line ${line}, the header ${names.join(', ')}, names ${found.length === 0 ? 'no' : 'more than one'} ${name}: the coordinates are ${coordinates.join(', ')}`,
    );
  });
  return {columns, width: cells.length};
}

function numberOf(cell: string): number | undefined {
  const value = Number(cell);
  return Number.isFinite(value) && cell.trim() !== '' ? value : undefined;
}

type Delimiter = ',' | ';' | '\t' | ' ';

/** The separator of the columns, by the first line that counts. */
async function inspect(file: string, dimensions: number): Promise<{delimiter: Delimiter; size: number}> {
  const {handle, size} = await openRegular(file, 'a file of points');
  try {
    if (size === 0) throw malformed(file, 'it is empty');
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(1 << 16), 0, 1 << 16, 0);
    const start = buffer.subarray(0, bytesRead);
    if (start.includes(0)) throw malformed(file, 'it is no text');
    const line =
      start
        .toString('utf8')
        .replace(/^\uFEFF/, '')
        .split(/\r\n|\n|\r/)
        .find((text) => text.trim() !== '' && !text.startsWith('#')) ?? '';
    const bare = line.replace(/"[^"]*"/g, '');
    const delimiter = ([';', '\t', ','] as const).find((mark) => bare.includes(mark)) ?? (dimensions > 1 ? ' ' : ',');
    return {delimiter: delimiter === ',' && !bare.includes(',') && /\S\s+\S/.test(bare) ? ' ' : delimiter, size};
  } catch (cause) {
    throw cause instanceof DinfError ? cause : unreadableFile(file, cause);
  } finally {
    await handle.close();
  }
}

function malformed(file: string, reason: string, cause?: unknown): DinfError {
  return new DinfError('FILE_UNREADABLE', `Cannot read the points of ${file}: ${reason}.`, {cause});
}
