/** Points as rows of three numbers, or of six with normals: `.xyz`, `.txt` and `.csv`. */
import {DinfError} from '../base/errors';
import type {TriangleMesh} from '../mesh/mesh';
import {GrowingValues} from './growing-values';
import {readLines, splitLines} from './text-lines';

/**
 * Reads rows of x y z nx ny nz, or of x y z, split by blanks, commas or semicolons; a heading, empty lines and comments (#) are skipped.
 *
 * @throws DinfError FILE_NOT_FOUND, FILE_UNREADABLE, OUT_OF_MEMORY; NOT_A_MESH naming the line that is something else
 */
export async function readXyz(path: string): Promise<TriangleMesh> {
  const rows = new Rows(path);
  await readLines(path, 'a file of points', (line, number) => {
    rows.add(line, number);
  });
  return rows.points();
}

/** Parses the text of such a file; see {@link readXyz}. */
export function parseXyz(text: string, name: string): TriangleMesh {
  const rows = new Rows(name);
  splitLines(text, name, (line, number) => {
    rows.add(line, number);
  });
  return rows.points();
}

/** Numbers of a row with a normal, and without. */
const WIDTHS = [6, 3];

class Rows {
  private readonly positions: GrowingValues<Float64Array>;
  private readonly normals: GrowingValues<Float64Array>;
  private readonly row = new Float64Array(6);
  /** Numbers of each row, as the first one has them; 0 before it. */
  private width = 0;
  private headed = false;

  constructor(private readonly name: string) {
    this.positions = new GrowingValues(Float64Array, name);
    this.normals = new GrowingValues(Float64Array, name);
  }

  add(line: string, number: number): void {
    const end = line.indexOf('#');
    const content = (end < 0 ? line : line.slice(0, end)).trim();
    if (content === '') return;
    const count = readRow(content, this.row);
    if (count === undefined) {
      if (this.positions.length === 0 && !this.headed) {
        this.headed = true;
        return;
      }
      throw new DinfError(
        'NOT_A_MESH',
        `Cannot read ${this.name}: line ${number} is '${content.slice(0, 60)}', and not numbers.`,
      );
    }
    if (count === 0) return; // separators alone, as spreadsheets write empty rows
    if (this.width === 0 && WIDTHS.includes(count)) this.width = count;
    if (count !== this.width) {
      const before = this.width === 0 ? '' : `, and the lines before it ${this.width}`;
      throw notPoints(this.name, `line ${number} has ${count} numbers${before}`, 'Give x y z nx ny nz in each row, or x y z.');
    }
    for (let k = 0; k < 3; k++) this.positions.push(this.row[k]);
    for (let k = 3; k < count; k++) this.normals.push(this.row[k]);
  }

  points(): TriangleMesh {
    const positions = this.positions.take();
    return {positions, triangles: new Uint32Array(), ...(this.width !== 3 && {normals: this.normals.take()})};
  }
}

/**
 * Reads the numbers of a line, split by blanks, commas or semicolons; written without regular expressions, since files have millions of lines.
 *
 * @param row takes the first ones
 * @returns how many there are; undefined where a word is no number
 */
function readRow(line: string, row: Float64Array): number | undefined {
  let count = 0;
  let at = 0;
  while (at < line.length) {
    while (at < line.length && isSeparator(line.charCodeAt(at))) at++;
    if (at === line.length) break;
    const begin = at;
    while (at < line.length && !isSeparator(line.charCodeAt(at))) at++;
    const word = line.slice(begin, at);
    const value = Number(word);
    if (Number.isNaN(value) && !/^[+-]?nan$/i.test(word)) return undefined;
    if (count < row.length) row[count] = value;
    count++;
  }
  return count;
}

/** A blank, whatever its kind in Latin-1, a comma or a semicolon. */
function isSeparator(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x2c || code === 0x3b || code === 0xa0;
}

/** The error of a file that should hold points, and holds something else. */
export function notPoints(name: string, what: string, fix: string): DinfError {
  return new DinfError('NOT_A_MESH', `${name} has no points: ${what}. ${fix}`);
}
