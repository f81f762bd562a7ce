/** One field with known parameters, evaluated by a backend and by the reference, derivative by derivative. */
import type {Edge} from '../../lib/pose/field';
import {rbfGrid} from '../../lib/pose/field';
import type {Kernel} from '../../lib/pose/kernel';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import type {Samples} from '../../lib/pose/sampling';
import {points} from '../../lib/pose/sampling';
import type {Backend, Dtype} from './backends';
import {withSession} from './backends';
import type {ReferenceGrid, ReferenceJet} from './reference';
import {parameterCount, Reference} from './reference';
import {COORDINATES, derivativeName, randomVector} from './support';

/** Largest error allowed in a derivative of an order, relative to Σ |∂^α w| |F|. */
export const tolerance = (dtype: Dtype, order: number): number => (dtype === 'float64' ? 1e-12 : order <= 2 ? 1e-5 : 1e-4);

export interface Shape {
  readonly cells: readonly number[];
  readonly levels: number;
  readonly kernel: Kernel;
  readonly edge: Edge | readonly Edge[];
  readonly channels: number;
  /** Default: bounds whose unit coordinates round to nothing, so that cell faces are hit exactly. */
  readonly bounds?: readonly (readonly [number, number])[];
}

const DYADIC: readonly (readonly [number, number])[] = [
  [-1, 3],
  [0.5, 1],
  [-2, -1],
];

export class EncoderCase {
  readonly grid: ReferenceGrid;
  readonly parameters: Float64Array;
  readonly reference: Reference;
  private readonly names: string[];

  constructor(
    readonly shape: Shape,
    readonly order: number,
    seed = 1,
    parameters?: Float64Array,
  ) {
    const bounds = (shape.bounds ?? DYADIC).slice(0, shape.cells.length);
    this.grid = {...shape, lower: bounds.map(([low]) => low), upper: bounds.map(([, high]) => high)};
    this.parameters = parameters ?? randomVector(parameterCount(this.grid), seed);
    this.reference = new Reference(this.grid, order, this.parameters);
    this.names = Array.from({length: shape.channels}, (_, i) => `u${i}`);
  }

  get dims(): number {
    return this.shape.cells.length;
  }

  /** From [0, 1] of each axis to the domain. */
  place(unit: readonly number[]): number[] {
    const {lower, upper} = this.grid;
    return unit.map((value, k) => lower[k] + value * (upper[k] - lower[k]));
  }

  expected(where: readonly (readonly number[])[]): ReferenceJet[] {
    return where.map((point) => this.reference.at(point));
  }

  /** [channel][multi-index][sample]. */
  async evaluate(backend: Backend, dtype: Dtype, samples: Samples): Promise<Float64Array[][]> {
    const {shape, grid} = this;
    const expressions = this.names.flatMap((name) => this.reference.indices.map((alpha) => derivativeName(name, alpha)));
    const field = problem({
      domain: Object.fromEntries(grid.lower.map((low, k) => [COORDINATES[k], [low, grid.upper[k]] as const])),
      unknowns: this.names,
      field: rbfGrid({resolution: shape.cells, levels: shape.levels, kernel: shape.kernel, edge: shape.edge}),
      terms: [term(points(this.place(grid.lower.map(() => 0.5))), this.names)],
    });
    const values = await withSession(backend, field, {dtype}, async (session) => {
      await session.setParameters(this.parameters, true);
      return session.evaluate(expressions, samples);
    });
    const count = this.reference.indices.length;
    return this.names.map((_, channel) => values.slice(channel * count, (channel + 1) * count));
  }

  /** Descriptions of the values that miss the tolerance; empty when all is well. */
  failures(
    values: Float64Array[][],
    expected: readonly ReferenceJet[],
    dtype: Dtype,
    where: readonly (readonly number[])[],
  ): string[] {
    const found: string[] = [];
    values.forEach((jets, channel) => {
      jets.forEach((plane, a) => {
        const alpha = this.reference.indices[a];
        const order = alpha.reduce((x, y) => x + y, 0);
        if (plane.length !== expected.length) found.push(`${plane.length} values for ${expected.length} samples`);
        expected.forEach((jet, i) => {
          const error = Math.abs(plane[i] - jet.value[channel][a]);
          const scale = jet.magnitude[channel][a];
          if (error <= tolerance(dtype, order) * scale) return;
          const name = derivativeName(this.names[channel], alpha);
          found.push(
            `${dtype} ${name} at (${where[i].join(', ')}): ${plane[i]} for ${jet.value[channel][a]}, relative ${error / scale}`,
          );
        });
      });
    });
    return found;
  }
}

/** The coordinates of a set of points, flat. */
export const flat = (where: readonly (readonly number[])[]): Float64Array => Float64Array.from(where.flat());
