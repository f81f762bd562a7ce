/** Points at which a field is evaluated, in batches of bounded size, so that a file may be larger than the memory. */
import {DinfError} from '../base/errors';
import type {ProblemSpec} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';

/** Points of one batch; a native evaluation takes some hundred bytes a point. */
export const BATCH = 1 << 16;

/** Some points in the order of their source. */
export interface Batch {
  /** Shape (count, dimensions), row-major, in the order of the domain. */
  readonly points: Float64Array;
  readonly count: number;
  /** Points before this batch. */
  readonly first: number;
  /** The same points as they are evaluated fastest; undefined: as scattered points. */
  readonly samples?: Samples;
  /** The name of the i-th of them in a message, such as `row 3 (line 4)`. */
  place(i: number): string;
}

/** A set of points that can be gone through more than once. */
export interface PointSource {
  /** Name of the source in messages. */
  readonly name: string;
  /** Extents of the lattice of {@link Batch.points}, or one for a list; undefined until a list has been gone through. */
  readonly shape?: readonly number[];
  /** @param onProgress called with the part of the source that has been read, 0 to 1. */
  batches(onProgress?: (part: number) => void): AsyncIterable<Batch>;
}

type Domain = ProblemSpec['domain'];

/** The first coordinate of a batch that is outside the domain, or -1. */
export function firstOutside({points}: Batch, domain: Domain): number {
  const d = domain.length;
  for (let i = 0; i < points.length; i++) {
    const {lower, upper} = domain[i % d];
    if (points[i] < lower || points[i] > upper) return i;
  }
  return -1;
}

/** The error of a point outside the domain, by its row and coordinate. */
export function outsideError(source: PointSource, batch: Batch, index: number, domain: Domain): DinfError {
  const {name, lower, upper} = domain[index % domain.length];
  return new DinfError(
    'OUT_OF_DOMAIN',
    `${source.name}, ${batch.place(Math.floor(index / domain.length))}: ${name} = ${batch.points[index]} is outside the domain [${lower}, ${upper}]; leave the point out, or have NaN there with --outside nan`,
  );
}
