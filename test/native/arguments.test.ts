/** Nothing in the native layer can crash the host process on bad arguments: every call works or fails with a code. */
import * as fc from 'fast-check';
import type {NativeGrid, NativeProblem, NativeProgram, NativeSolver} from '../../lib/native';
import {addon} from '../../lib/native';
import {
  adamStage,
  compiled,
  construct,
  evaluation,
  exercise,
  failure,
  isCoded,
  lbfgsStage,
  newtonStage,
  places,
  replacements,
  withReplacement,
} from './mutations';

async function prepared(): Promise<NativeSolver> {
  const solver = construct(compiled());
  await solver.prepare();
  return solver;
}

/** The code of what a call throws at once. */
function thrown(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

const PROGRAMS = ['value', 'gradient', 'linearise', 'tangent', 'adjoint', 'squares'] as const;

describe('a compiled problem', () => {
  it('works as it is', async () => {
    expect(await exercise(construct(compiled()))).toBe(10);
  });

  it.each([undefined, null, 3, 'text', [], () => 0])('is not %p', (given) => {
    expect(thrown(() => construct(given as unknown as NativeProblem))).toBe('INTERNAL');
  });

  it('may be wrong in any one place', async () => {
    const problem = compiled(1);
    const survivors: [string, NativeSolver][] = [];
    let refused = 0;
    for (const place of places(problem))
      for (const replacement of replacements(place)) {
        const what = `${place.path}: ${replacement[0]}`;
        withReplacement(place, replacement, () => {
          try {
            survivors.push([what, construct(problem)]);
          } catch (error) {
            if (!isCoded(error)) throw new Error(`${what} fails without a code`, {cause: error});
            refused++;
          }
        });
      }
    expect(refused).toBeGreaterThan(3000);
    // Every other one: a solver takes as long as all that is refused in a place.
    for (const [what, solver] of survivors.filter((_, at) => at % 2 === 0)) {
      await exercise(solver).catch((error: unknown) => {
        throw new Error(`${what} fails without a code`, {cause: error});
      });
    }
  });

  it('may name sizes whose products no integer holds', async () => {
    const cells = compiled();
    (cells.fields[0] as NativeGrid).cells = [2 ** 20, 2 ** 20];
    expect(await failure(() => construct(cells).prepare())).toBe('OUT_OF_MEMORY');
    const boxes = compiled();
    boxes.samples[0].boxes = [2 ** 20, 2 ** 20];
    boxes.terms[0].channels = [];
    expect(await failure(() => construct(boxes).prepare())).toBe('OUT_OF_MEMORY');
    const axes = compiled();
    axes.samples[1].axes = [new Float64Array(2 ** 21), new Float64Array(2 ** 20)];
    axes.terms[1].channels = [];
    expect(await failure(() => construct(axes).prepare())).toBe('OUT_OF_MEMORY');
  });

  it('may hold any program', async () => {
    const program = fc.constantFrom(...PROGRAMS);
    const word = fc.oneof(fc.nat(40), fc.nat(65535));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3),
        program,
        fc.array(fc.tuple(fc.nat(), word), {minLength: 1, maxLength: 6}),
        fc.array(fc.tuple(fc.nat(), fc.nat(10)), {maxLength: 2}),
        async (index, name, words, inputs) => {
          const problem = compiled(1);
          const target: NativeProgram | null = problem.terms[index][name];
          if (target === null) return;
          target.code = target.code.slice();
          for (const [at, changed] of words) target.code[at % target.code.length] = changed;
          if (target.inputs.length > 0) for (const [at, changed] of inputs) target.inputs[at % target.inputs.length] = changed;
          await failure(async () => {
            await exercise(construct(problem));
          });
        },
      ),
      {numRuns: 200, seed: 11},
    );
  });

  it('may hold programs of other terms, shorter counts and repeated entries', async () => {
    const changes: ((problem: NativeProblem) => void)[] = [];
    for (const name of PROGRAMS) {
      for (const other of PROGRAMS) changes.push(({terms}) => Object.assign(terms[0], {[name]: terms[0][other]}));
      for (const key of ['stores', 'sums', 'registers'] as const)
        for (const count of [0, 1, 65535]) changes.push(({terms}) => Object.assign(terms[0][name] ?? {}, {[key]: count}));
      changes.push(({terms}) => Object.assign(terms[0], {[name]: {...terms[0][name], code: new Uint16Array(0)}}));
      changes.push(({terms}) => Object.assign(terms[0], {[name]: null}));
    }
    // More entries for a residual than there are planes: the addon keeps them in an array of fixed size.
    changes.push(({terms}) => (terms[0].pattern = new Array<number[]>(500).fill([0, 0, 0]).flat()));
    changes.push(({terms}) => (terms[0].jets = new Array<number[]>(500).fill([0, 0, 0]).flat()));
    changes.push(({terms}) => (terms[0].scalars = new Array<number>(500).fill(0)));
    for (const change of changes) {
      const problem = compiled();
      change(problem);
      await failure(async () => {
        await exercise(construct(problem));
      });
    }
  });
});

describe('a call', () => {
  it('before its turn is refused', async () => {
    const solver = construct(compiled());
    expect(thrown(() => solver.run([adamStage(1)]))).toBe('DISPOSED');
    expect(thrown(() => solver.loss())).toBe('DISPOSED');
    expect(thrown(() => solver.evaluate(evaluation()))).toBe('DISPOSED');
    expect(thrown(() => solver.state())).toBe('INVALID_ARGUMENT');
    solver.cancel();
    const preparing = solver.prepare();
    expect(thrown(() => solver.prepare())).toBeDefined();
    await preparing;
    expect(thrown(() => solver.prepare())).toBe('INTERNAL');
    expect(await failure(() => solver.tangent(new Float64Array(solver.state().parameters)))).toBe('INVALID_ARGUMENT');
    expect(await failure(() => solver.adjoint(new Float64Array(solver.state().rows)))).toBe('INVALID_ARGUMENT');
    expect(await failure(() => solver.columnSquares())).toBe('INVALID_ARGUMENT');
    // A solve leaves no linearisation behind that points at what is gone.
    await solver.run([newtonStage(2)]);
    expect(await failure(() => solver.adjoint(new Float64Array(solver.state().rows)))).toBe('INVALID_ARGUMENT');
    await solver.linearise();
    expect(await failure(() => solver.columnSquares())).toBeUndefined();
  });

  it('on a busy solver is refused', async () => {
    const solver = await prepared();
    const running = solver.run([adamStage(1e9)]);
    const calls = [
      () => solver.run([]),
      () => solver.loss(),
      () => solver.gradient(),
      () => solver.parameters(),
      () => solver.setParameters(new Float64Array(3), false),
      () => solver.setUniforms(new Float64Array(3)),
      () => solver.draw(1),
      () => solver.sampleWeights(0),
      () => solver.evaluate(evaluation()),
      () => solver.linearise(),
      () => solver.state(),
    ];
    for (const call of calls) expect(thrown(call)).toBe('INVALID_ARGUMENT');
    solver.cancel();
    expect((await running).stopReason).toBe('aborted');
    expect(await failure(() => solver.loss())).toBeUndefined();
  });

  it('with vectors of the wrong length or kind is refused', async () => {
    const solver = await prepared();
    await solver.linearise();
    const {parameters, rows} = solver.state();
    const wrong = [0, 1, parameters - 1, parameters + 1, rows - 1, rows + 1, 1e6];
    for (const length of wrong) {
      const values = new Float64Array(length);
      expect(await failure(() => solver.setParameters(values, false))).toBe('INVALID_ARGUMENT');
      expect(await failure(() => solver.tangent(values))).toBe('INVALID_ARGUMENT');
      expect(await failure(() => solver.adjoint(values))).toBe('INVALID_ARGUMENT');
      expect(await failure(() => solver.setUniforms(values))).toBe('INVALID_ARGUMENT');
    }
    for (const values of [
      undefined,
      null,
      3,
      'text',
      [1, 2],
      new Float32Array(parameters),
      Float64Array.of(NaN),
      {},
      Symbol('x'),
    ]) {
      const given = values as Float64Array;
      expect(await failure(() => solver.setParameters(given, false))).toBe('INTERNAL');
      expect(await failure(() => solver.tangent(given))).toBe('INTERNAL');
      expect(await failure(() => solver.adjoint(given))).toBe('INTERNAL');
      expect(await failure(() => solver.setUniforms(given))).toBe('INTERNAL');
    }
    for (const number of [-1, NaN, 1e300, 4, undefined, null, 'text', {}, Symbol('x'), 10n]) {
      const given = number as number;
      await failure(() => solver.sampleWeights(given));
      await failure(() => solver.draw(given));
    }
    expect(await failure(() => solver.sampleWeights(4))).toBe('INVALID_ARGUMENT');
    expect(await failure(() => solver.loss())).toBeUndefined();
  });

  it('may replace data only by as many finite numbers', async () => {
    const solver = await prepared();
    const given = (term: unknown, channels: unknown): Promise<string | undefined> =>
      failure(() => solver.setChannels(term as number, channels as Float64Array[]));
    const {terms} = compiled();
    for (const [index, {channels}] of terms.entries()) {
      expect(await given(index, channels)).toBeUndefined();
      expect(await given(index, [...channels, new Float64Array(1)])).toBeDefined();
      if (channels.length === 0) continue;
      expect(await given(index, [])).toBe('INVALID_ARGUMENT');
      expect(await given(index, [new Float64Array(channels[0].length + 1), ...channels.slice(1)])).toBeDefined();
      expect(await given(index, [channels[0].map(() => NaN), ...channels.slice(1)])).toBe('INTERNAL');
    }
    for (const term of [-1, terms.length, NaN, 1e300, undefined, null, {}, Symbol('x'), 10n]) await given(term, []);
    expect(await given(terms.length, [])).toBe('INVALID_ARGUMENT');
    for (const channels of [undefined, null, 3, 'text', {}, [undefined], [new Float32Array(4)], [Symbol('x')]]) {
      expect(await given(0, channels)).toBeDefined();
    }
    expect(await failure(() => solver.loss())).toBeUndefined();
  });

  it('may be given any stages', async () => {
    const solver = await prepared();
    const stages = [adamStage(3), newtonStage(3), lbfgsStage(3)];
    for (const place of places(stages))
      for (const replacement of replacements(place)) {
        await failure(() =>
          withReplacement(place, replacement, () => {
            const running = solver.run(stages);
            setTimeout(() => solver.cancel(), 5).unref(); // a number of iterations may be large now
            return running;
          }),
        );
      }
    for (const given of [undefined, null, 3, {}, [null], [[]]]) expect(thrown(() => solver.run(given as []))).toBe('INTERNAL');
    for (const callback of [null, 3, {}]) {
      await solver.run([adamStage(1)], callback as unknown as () => void);
    }
  });

  it('may be given any evaluation', async () => {
    const solver = await prepared();
    const good = evaluation();
    expect(await solver.evaluate(good)).toHaveLength(4);
    for (const place of places(good))
      for (const replacement of replacements(place)) {
        await failure(() => withReplacement(place, replacement, () => solver.evaluate(good)));
      }
    for (const given of [undefined, null, 3, {}, []])
      expect(await failure(() => solver.evaluate(given as typeof good))).toBe('INTERNAL');
    // Programs of an evaluation see no linearisation, no rows and no tangents.
    for (const kind of [2, 6, 8, 9, 10, 255]) {
      const {program} = good;
      const inputs = program.inputs.map((word, i) => (i === 0 ? kind : i < 4 ? 0 : word));
      expect(await failure(() => solver.evaluate({...good, program: {...program, inputs}}))).toBe('INTERNAL');
    }
    expect(await solver.evaluate(good)).toHaveLength(4);
  });

  it('needs the right receiver', async () => {
    const {Solver} = addon();
    const solver = await prepared();
    for (const name of Object.getOwnPropertyNames(Solver.prototype) as (keyof NativeSolver)[]) {
      if (typeof solver[name] !== 'function') continue;
      for (const receiver of [undefined, null, {}, [], Object.create(Solver.prototype), new Proxy(solver, {})])
        expect(() => Reflect.apply(solver[name], receiver, [])).toThrow();
    }
    expect(() => Reflect.apply(Solver as unknown as () => void, undefined, [compiled()])).toThrow();
    expect(() => Reflect.apply(Solver as unknown as () => void, solver, [compiled()])).toThrow();
    expect(() => Reflect.construct(Solver, [compiled()], Object)).not.toThrow();
    expect(await failure(() => solver.loss())).toBeUndefined();
  });

  it('outlives the object it was made on', async () => {
    const results = Array.from({length: 8}, async () => (await prepared()).run([adamStage(5)]));
    for (const result of await Promise.all(results)) expect(result.iterations).toBe(5);
  });
});
