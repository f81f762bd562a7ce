/** Sample sets in their native form: places in the unit box, quadrature weights in the user's units. */
import type {NativeSamples} from '../native';
import type {ProblemSpec} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {gaussRule} from '../pose/sampling';
import {SAMPLE_KINDS} from '../schema';

/** A coordinate in the unit box. */
export function unitPlace(value: number, {lower, upper}: ProblemSpec['domain'][number]): number {
  return Math.min(1, Math.max(0, (value - lower) / (upper - lower)));
}

/** The native form of a sample set. */
export function compileSamples(spec: ProblemSpec, samples: Samples): NativeSamples {
  const unit = (value: number, k: number): number => unitPlace(value, spec.domain[k]);
  const common = {weights: null, draws: 0, redraw: true};
  switch (samples.kind) {
    case 'stratified':
      return {...common, kind: SAMPLE_KINDS.stratified, boxes: [...(samples.boxes as readonly number[])]};
    case 'tensor':
      return {
        ...common,
        kind: SAMPLE_KINDS.tensor,
        axes: samples.axes.map((axis, k) => axis.map((value) => unit(value, k))),
        axisWeights: null,
        draws: samples.draws,
      };
    case 'points':
      return {
        ...common,
        kind: SAMPLE_KINDS.points,
        points: samples.points.map((value, i) => unit(value, i % spec.domain.length)),
        draws: samples.draws,
      };
    case 'gauss': {
      const {points: inCell} = samples;
      const cells = samples.cells as readonly number[];
      const axes = cells.map((count, k) => {
        const rule = gaussRule(typeof inCell === 'number' ? inCell : inCell[k]);
        const n = rule.points.length;
        // In units of the axis: where cell i begins, and how long it is.
        const ends = samples.breaks?.[k].map((end) => unit(end, k));
        const begin = (i: number): number => ends?.[i] ?? i;
        const length = (i: number): number => (ends === undefined ? 1 : ends[i + 1] - ends[i]);
        const whole = ends === undefined ? count : 1;
        const each = (value: (cell: number, point: number) => number): Float64Array =>
          Float64Array.from({length: count * n}, (_, i) => value(Math.floor(i / n), i % n) / whole);
        const extent = spec.domain[k].upper - spec.domain[k].lower;
        return {
          points: each((i, j) => begin(i) + rule.points[j] * length(i)),
          weights: each((i, j) => rule.weights[j] * length(i)).map((weight) => weight * extent),
        };
      });
      return {
        ...common,
        kind: SAMPLE_KINDS.tensor,
        axes: axes.map(({points}) => points),
        axisWeights: axes.map(({weights}) => weights),
      };
    }
  }
}
