/** Samples in pieces of bounded size, so that evaluating very many of them takes no more native memory than evaluating some. */
import type {Samples} from '../pose/sampling';

/** A list of points, or all combinations of some coordinates. */
type Points = Extract<Samples, {readonly kind: 'points'}>;
type Lattice = Extract<Samples, {readonly kind: 'tensor'}>;

/** A part of some samples. */
export interface SamplePiece {
  readonly samples: Samples;
  /** Puts the part's values, in the order of its samples, where they belong among all values. */
  place(values: Float64Array, all: Float64Array): void;
}

/** Samples that are lanes of one vector natively: fewer coordinates of the first axis cost as much. */
const LANES = 16;

/** How many points or lattice nodes there are; other sets, which solves alone read, count as one. */
export function countOf(samples: Samples, dimensions: number): number {
  if (samples.kind === 'points') return samples.points.length / dimensions;
  return samples.kind === 'tensor' ? samples.axes.reduce((product, axis) => product * axis.length, 1) : 1;
}

/**
 * Cuts samples into pieces.
 *
 * @param dimensions coordinates of a sample.
 * @param most samples of a piece; exceeded only where a lattice has longer rows than that along its last axes.
 */
export function samplePieces(samples: Samples, dimensions: number, most: number): SamplePiece[] {
  if (countOf(samples, dimensions) > most) {
    if (samples.kind === 'points') return pointPieces(samples, dimensions, most);
    if (samples.kind === 'tensor') return latticePieces(samples, most);
  }
  return [{samples, place: (values, all) => all.set(values)}];
}

function pointPieces(samples: Points, dimensions: number, most: number): SamplePiece[] {
  const count = samples.points.length / dimensions;
  return ranges(count, most).map(([first, end]) => ({
    samples: {...samples, points: samples.points.subarray(first * dimensions, end * dimensions)},
    place: (values, all) => all.set(values, first),
  }));
}

/** Boxes of the first two axes, the others whole. */
function latticePieces(samples: Lattice, most: number): SamplePiece[] {
  const [first, second = Float64Array.of(0), ...others] = samples.axes;
  const rest = others.reduce((product, axis) => product * axis.length, 1);
  const columns = Math.min(second.length, Math.max(1, Math.floor(most / (LANES * rest))));
  const rows = Math.max(LANES, Math.floor(most / (columns * rest * LANES)) * LANES);
  return ranges(first.length, rows).flatMap(([row, rowEnd]) =>
    ranges(second.length, columns).map(([column, columnEnd]) => {
      const inner = [second.subarray(column, columnEnd), ...others].slice(0, samples.axes.length - 1);
      const length = (columnEnd - column) * rest;
      return {
        samples: {...samples, axes: [first.subarray(row, rowEnd), ...inner]},
        place: (values: Float64Array, all: Float64Array) => {
          for (let r = row; r < rowEnd; r++) {
            all.set(values.subarray((r - row) * length, (r - row + 1) * length), (r * second.length + column) * rest);
          }
        },
      };
    }),
  );
}

function ranges(count: number, most: number): [number, number][] {
  return Array.from({length: Math.ceil(count / most)}, (_, i) => [i * most, Math.min(count, (i + 1) * most)]);
}
