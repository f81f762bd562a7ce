/** Parameters of a folded grid of one level, as slices along one of its axes. */
import type {TimeSlices} from './window-axis';

/** Nodes of a grid along each axis, and how many unknowns it has. */
export interface NodeShape {
  readonly nodes: readonly number[];
  readonly unknowns: number;
}

/** The slices along an axis of each unknown: `[unknown][node along the axis]`, other axes row-major. */
export function slicesOf(parameters: Float64Array, {nodes, unknowns}: NodeShape, axis: number): Float64Array[][] {
  const {before, along, after, plane} = strides(nodes, axis);
  return Array.from({length: unknowns}, (_, unknown) =>
    Array.from({length: along}, (__, at) => {
      const slice = new Float64Array(before * after);
      for (let b = 0; b < before; b++) {
        const from = unknown * plane + (b * along + at) * after;
        slice.set(parameters.subarray(from, from + after), b * after);
      }
      return slice;
    }),
  );
}

/** The parameters that have these slices. */
export function joined(slices: readonly TimeSlices[], {nodes, unknowns}: NodeShape, axis: number): Float64Array {
  const {before, along, after, plane} = strides(nodes, axis);
  const parameters = new Float64Array(plane * unknowns);
  slices.forEach((list, unknown) => {
    list.forEach((slice, at) => {
      for (let b = 0; b < before; b++) {
        parameters.set(slice.subarray(b * after, (b + 1) * after), unknown * plane + (b * along + at) * after);
      }
    });
  });
  return parameters;
}

function strides(nodes: readonly number[], axis: number): {before: number; along: number; after: number; plane: number} {
  const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
  return {
    before: product(nodes.slice(0, axis)),
    along: nodes[axis],
    after: product(nodes.slice(axis + 1)),
    plane: product(nodes),
  };
}
