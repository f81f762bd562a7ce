/** `--grid "x=0..1:101,y=0..1:51"`: the points of a lattice. */
import {readNumber, splitRange} from '../equation/ranges';
import {DinfError} from '../base/errors';
import type {ProblemSpec} from '../pose/problem-spec';
import type {Volume} from '../files/vti';
import {lattice, linspace} from '../pose/sampling';
import type {Batch, PointSource} from './source';
import {BATCH} from './source';

/** A lattice, its axes in the order of the domain. */
export interface GridSource extends PointSource {
  readonly shape: readonly number[];
  readonly axes: Volume['axes'];
}

const EXAMPLE = 'write COORDINATE=LOWER..UPPER:POINTS, COORDINATE:POINTS for the whole domain, or COORDINATE=VALUE';

/**
 * Reads the axes of a lattice; each coordinate once, in any order.
 *
 * @throws SYNTAX, INVALID_ARGUMENT, OUT_OF_DOMAIN
 */
export function gridPoints(text: string, domain: ProblemSpec['domain']): GridSource {
  const names = domain.map(({name}) => name);
  const given = new Map<string, Volume['axes'][number]>();
  for (const part of text.split(',')) {
    const axis = readAxis(part.trim(), domain);
    if (given.has(axis.name)) throw new DinfError('INVALID_ARGUMENT', `--grid names ${axis.name} twice`);
    given.set(axis.name, axis);
  }
  const missing = names.filter((name) => !given.has(name));
  if (missing.length > 0) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--grid says nothing about ${missing.join(', ')}: ${EXAMPLE}, for each of ${names.join(', ')}`,
    );
  }
  const axes = names.map((name) => given.get(name)!);
  const shape = axes.map(({count}) => count);
  return {name: '--grid', shape, axes, batches: (onProgress) => batches(axes, onProgress)};
}

function readAxis(part: string, domain: ProblemSpec['domain']): Volume['axes'][number] {
  const range = splitRange(part);
  if (range === undefined || (range.ends.length === 0 && range.points === undefined))
    throw new DinfError('SYNTAX', `in --grid, "${part}" is no axis: ${EXAMPLE}`);
  const {name, points} = range;
  const bounds = domain.find((axis) => axis.name === name);
  if (bounds === undefined) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--grid names ${name}, which is no coordinate; they are ${domain.map((axis) => axis.name).join(', ')}`,
    );
  }
  const given = range.ends.map((end) => readNumber(end, `--grid: ${name}`));
  const ends = given.length === 0 ? [bounds.lower, bounds.upper] : given;
  const [lower, upper = lower] = ends;
  const count = points ?? 1;
  checkEnds(ends, count, part);
  for (const end of ends) {
    if (end < bounds.lower || end > bounds.upper) {
      throw new DinfError('OUT_OF_DOMAIN', `--grid: ${name} = ${end} is outside the domain [${bounds.lower}, ${bounds.upper}]`);
    }
  }
  return {name, lower, upper, count};
}

/** Refuses what is neither one value nor two ends, in order and apart, with two points at least. */
function checkEnds(ends: readonly number[], count: number, part: string): void {
  const [lower, upper = lower] = ends;
  if (ends.length > 2 || (ends.length === 1) !== (count === 1) || upper < lower || !Number.isSafeInteger(count) || count < 1) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `in --grid, "${part}" must be a range with 2 points at least, or one value: ${EXAMPLE}`,
    );
  }
  if (ends.length === 2 && lower === upper) throw new DinfError('INVALID_ARGUMENT', `in --grid, "${part}" is an empty range`);
}

/** Blocks of whole rows, in row-major order, that are lattices themselves. */
async function* batches(axes: Volume['axes'], onProgress?: (part: number) => void): AsyncGenerator<Batch> {
  const d = axes.length;
  const shape = axes.map(({count}) => count);
  const places = axes.map(({lower, upper, count}) => (count === 1 ? Float64Array.of(lower) : linspace(lower, upper, count)));
  const total = shape.reduce((product, n) => product * n, 1);
  // Axes after `cut` are taken whole, `cut` itself in pieces, those before it one value at a time.
  let cut = d - 1;
  let inner = 1;
  while (cut > 0 && inner * shape[cut] <= BATCH) inner *= shape[cut--];
  const piece = Math.max(1, Math.floor(BATCH / inner));
  let first = 0;
  while (first < total) {
    const index = new Array<number>(d);
    let rest = first;
    for (let k = d - 1; k >= 0; k--) {
      index[k] = rest % shape[k];
      rest = Math.floor(rest / shape[k]);
    }
    const block = places.map((axis, k) =>
      k < cut ? axis.subarray(index[k], index[k] + 1) : k === cut ? axis.subarray(index[k], index[k] + piece) : axis,
    );
    const extent = block.map((axis) => axis.length);
    const count = extent.reduce((product, n) => product * n, 1);
    const points = new Float64Array(count * d);
    for (let i = 0; i < count; i++) {
      let left = i;
      for (let k = d - 1; k >= 0; k--) {
        points[i * d + k] = block[k][left % extent[k]];
        left = Math.floor(left / extent[k]);
      }
    }
    const before = first;
    yield {points, count, first, samples: lattice(block), place: (i) => `point ${before + i + 1}`};
    first += count;
    onProgress?.(first / total);
  }
}
