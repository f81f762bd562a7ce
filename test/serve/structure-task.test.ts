/** What a thread makes of a structure, and another one takes over. */
import {solveMany} from '../../lib';
import {adoptExpressions} from '../../lib/compile/evaluation';
import {adoptTerms} from '../../lib/compile/terms';
import {problemOfTexts, textsOf} from '../../lib/pose/problem-texts';
import {lattice, linspace} from '../../lib/pose/sampling';
import type {StructureBody} from '../../lib/serve/structure-task';
import {poseStructure} from '../../lib/serve/structure-task';
import {STRUCTURE} from './support';

const LIMITS = {unknowns: 1e6, samples: 1e6, values: 1e6};
const BODY: StructureBody = {
  ...STRUCTURE,
  domain: {x: [0, 1]},
  uniforms: {k: 2},
  lift: {u: 'x*(1 - x)*u'},
  terms: [{samples: {gauss: 3}, equations: ['k*u_xx = f', '0.001*u = 0'], data: ['f'], name: 'inside'}],
  expressions: ['u', 'u_x + k'],
};
const at = lattice([linspace(0, 1, 9)]);
const f = Array.from({length: 48}, (_, i) => Math.sin(i));

describe('a structure that another thread has posed', () => {
  it('is solved without one of its texts being read again', async () => {
    const posed = structuredClone(await poseStructure(BODY, LIMITS, new AbortController().signal));
    const {texts, terms, compiled, expressions} = posed;
    expect(terms.terms[0].channels).toEqual([]);
    const solved = async (break_: boolean): Promise<unknown> => {
      const given = break_
        ? {...texts, lift: {u: ')'}, terms: texts.terms.map((one) => ({...one, equations: one.equations.map(() => ')')}))}
        : texts;
      const problem = problemOfTexts(given);
      if (break_) {
        adoptTerms(problem.spec, terms);
        adoptExpressions(problem.spec, expressions, compiled);
      }
      const found: unknown[] = [];
      const variations = [{data: {inside: {f}}}, {uniforms: {k: 3}, data: {inside: {f}}}];
      const options = {evaluate: {at, expressions}, device: 'cpu', threads: 1} as const;
      for await (const {values, index} of solveMany(problem, variations, options)) found[index] = values;
      if (break_) expect(() => problem.spec.terms[0].equations[0].residual).toThrow();
      return found;
    };
    const both = await solved(true);
    expect(both).toHaveLength(2);
    expect(both).toEqual(await solved(false));
  });

  it('says the same as one that was posed here', async () => {
    const {texts} = await poseStructure(BODY, LIMITS, new AbortController().signal);
    const problem = problemOfTexts(structuredClone(texts));
    expect(textsOf(problem)).toEqual(texts);
    const [{equations}] = problem.spec.terms;
    expect(equations.map(({text}) => text)).toEqual(BODY.terms[0].equations);
    expect(equations[0].sides).toBe(equations[0].sides);
    expect(problem.spec.lift.u.expression).toMatchObject({kind: 'operation'});
    expect(problem.spec.terms[0].data.f).toHaveLength(48);
  });
});
