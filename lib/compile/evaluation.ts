import {finished} from '../base/steps';
import {Arena} from '../expression/arena';
import type {EquationSource} from '../expression/equation';
import {equationText} from '../expression/equation';
import type {NativeEvaluation} from '../native';
import {readLifted} from '../pose/lift';
import type {ProblemSpec} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';
import {LeafBinder} from './leaf-binder';
import {nativeProgram} from './native-program';
import {lower} from './program';
import {compileSamples} from './samples';

/** What does not hang on the samples. */
export type CompiledExpressions = Pick<NativeEvaluation, 'jetSets' | 'program'>;

/** Expressions that were compiled elsewhere, by their texts. */
const adopted = new WeakMap<ProblemSpec, Map<string, CompiledExpressions>>();

const keyOf = (expressions: readonly EquationSource[]): string => JSON.stringify(expressions.map(equationText));

/** Takes over what expressions on a solution of the same problem were compiled to elsewhere, such as in another thread. */
export function adoptExpressions(spec: ProblemSpec, expressions: readonly string[], known: CompiledExpressions): void {
  const all = adopted.get(spec) ?? new Map<string, CompiledExpressions>();
  all.set(keyOf(expressions), known);
  adopted.set(spec, all);
}

/** Expressions on a solution, the lift applied, at samples. */
export function compileEvaluation(
  spec: ProblemSpec,
  expressions: readonly EquationSource[],
  samples: Samples,
  data: Readonly<Record<string, Float64Array>> = {},
): NativeEvaluation {
  const known = adopted.get(spec)?.get(keyOf(expressions));
  if (known !== undefined && Object.keys(data).length === 0)
    return {...known, samples: compileSamples(spec, samples), channels: []};
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
