import {finished} from '../base/steps';
import {Arena} from '../expression/arena';
import type {EquationSource} from '../expression/equation';
import type {NativeEvaluation} from '../native';
import {readLifted} from '../pose/lift';
import type {ProblemSpec} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {LeafBinder} from './leaf-binder';
import {nativeProgram} from './native-program';
import {lower} from './program';
import {compileSamples} from './samples';

/** Expressions on a solution, the lift applied, at samples. */
export function compileEvaluation(
  spec: ProblemSpec,
  expressions: readonly EquationSource[],
  samples: Samples,
  data: Readonly<Record<string, Float64Array>> = {},
): NativeEvaluation {
  const arena = new Arena();
  const binder = new LeafBinder(spec, Object.keys(data));
  const nodes = expressions.map((source) => finished(binder.bind(readLifted(spec, source, data, arena), arena)));
  const jetSets = binder.jetSets();
  const program = lower(
    nodes.map((node, slot) => ({kind: 'store', slot, node})),
    arena,
  );
  return {
    samples: compileSamples(spec, samples),
    jetSets,
    channels: Object.values(data),
    program: nativeProgram(program, jetSets, -1),
  };
}
