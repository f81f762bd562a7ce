import type {NativeStage} from '../native';
import type {Optimizer} from '../optimizers';
import {kindOf} from '../optimizers';
import type {ProblemSpec} from '../pose/problem-spec';
import {isLinear} from '../pose/problem-spec';
import {uniformValues} from './uniforms';

/**
 * The stages of a schedule in their native form.
 *
 * @param before the values of all uniforms before the first stage, default those of the problem; see {@link uniformValues}.
 * @param room bytes that a stage may hold beyond what is estimated; default: no limit.
 * @throws DinfError UNKNOWN_SYMBOL for a uniform or term that the problem does not have
 */
export function compileStages(
  spec: ProblemSpec,
  optimizers: readonly Optimizer[],
  before?: Float64Array,
  room = 0,
): NativeStage[] {
  const linear = spec.fields.every(isLinear);
  let values = before ?? uniformValues(spec);
  return optimizers.map((stage) => {
    const {uniforms: set, weights} = stage;
    values = uniformValues(spec, values, set, weights);
    const uniforms = set === undefined && weights === undefined ? new Float64Array() : values;
    return kindOf(stage).native(stage, {linear, uniforms, room});
  });
}
