/** Problems whose texts were read elsewhere, such as in another thread, which expressions do not leave. */
import {SymbolTable} from '../expression/scope';
import {readEquation, readLift} from './lift';
import {Problem} from './problem';
import type {EquationSpec, ExpressionSpec, ProblemSpec, TermSpec} from './problem-spec';
import {scopeOf} from './problem-spec';

/** A problem as values that can be copied from thread to thread: expressions as their texts, and of data their lengths. */
export interface ProblemTexts extends Omit<ProblemSpec, 'lift' | 'terms'> {
  readonly lift: Readonly<Record<string, string>>;
  readonly terms: readonly (Omit<TermSpec, 'equations' | 'data'> & {
    readonly equations: readonly string[];
    readonly data: Readonly<Record<string, number>>;
  })[];
}

export function textsOf({spec}: Problem): ProblemTexts {
  return {
    ...spec,
    lift: mapped(spec.lift, ({text}) => text),
    terms: spec.terms.map((one) => ({
      ...one,
      equations: one.equations.map(({text}) => text),
      data: mapped(one.data, ({length}) => length),
    })),
  };
}

/** The problem of such texts, its data 0. A text is read when somebody first asks what it says, and not before. */
export function problemOfTexts(texts: ProblemTexts): Problem {
  const lift = mapped(texts.lift, (text) => laterLift(text, new SymbolTable(scopeOf(texts))));
  const context = {...texts, lift};
  return new Problem({
    ...context,
    terms: texts.terms.map((one) => ({
      ...one,
      equations: one.equations.map((text) =>
        laterEquation(text, () => readEquation(context, text, new SymbolTable(scopeOf(texts, one.data)))),
      ),
      data: mapped(one.data, (length) => new Float64Array(length)),
    })),
  });
}

function laterLift(text: string, names: SymbolTable): ExpressionSpec {
  let known: ExpressionSpec | undefined;
  return {
    text,
    get expression() {
      return (known ??= readLift(text, names)).expression;
    },
  };
}

function laterEquation(text: string, read: () => EquationSpec): EquationSpec {
  let known: EquationSpec | undefined;
  return {
    text,
    get sides() {
      return (known ??= read()).sides;
    },
    get residual() {
      return (known ??= read()).residual;
    },
  };
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
