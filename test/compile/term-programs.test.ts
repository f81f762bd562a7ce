import fc from 'fast-check';
import {Arena} from '../../lib/expression/arena';
import {evaluateExpression, leafName} from '../../lib/expression/interpret';
import {evaluateProgram, inputKeys} from './interpret-program';
import type {Expression} from '../../lib/expression/node';
import {constant, input, operation} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import {bindLeaves} from '../../lib/expression/substitute';
import type {ProgramInput} from '../../lib/compile/program-inputs';
import type {Loss} from '../../lib/compile/loss';
import {DEFAULT_FLOOR} from '../../lib/compile/loss';
import type {TermPrograms} from '../../lib/compile/term-programs';
import {termPrograms} from '../../lib/compile/term-programs';
import {difference, expressions, isTame, Judged, scope, SEED, values as anyValues} from '../expression/generate';

const PREFIXES = {coordinate: 'coordinate', derivative: 'jet', data: 'channel', uniform: 'uniform', scalar: 'scalar'} as const;
const keys: Partial<Record<string, string>> = {};

/** Binds as the compiler does; jets carry a unit scale. */
function bind(expression: Expression, arena: Arena): Expression {
  return bindLeaves(
    expression,
    (leaf) => {
      const key = `${PREFIXES[leaf.kind]}:${leafName(leaf)}`;
      keys[leafName(leaf)] = key;
      const active = leaf.kind === 'derivative' || leaf.kind === 'scalar';
      const index = Object.keys(keys).length;
      const operand: ProgramInput =
        leaf.kind === 'derivative' ? {kind: 'jet', field: 0, output: index, alpha: []} : {kind: PREFIXES[leaf.kind], index};
      const node = input(key, active, operand);
      return leaf.kind === 'derivative' ? operation('mul', constant(2), node) : node;
    },
    arena,
  );
}

function compile(sources: readonly (string | Expression)[], loss: Loss): TermPrograms {
  const arena = new Arena();
  return termPrograms(
    sources.map((source) => bind(typeof source === 'string' ? parse(source, scope) : source, arena)),
    loss,
    arena,
  );
}

type Inputs = Record<string, number>;

/** Values by key, with weight and λ. */
function inputsOf(at: Readonly<Inputs>): Inputs {
  const result: Inputs = {weight: 0.3, lambda: 1.7};
  for (const [name, value] of Object.entries(at)) {
    const key = keys[name];
    if (key !== undefined) result[key] = value;
  }
  return result;
}

/** Whether finite differences can judge residuals at these values; jets carry their unit scale. */
function areTame(residuals: readonly Expression[], at: Readonly<Inputs>): boolean {
  const scaled = Object.fromEntries(
    Object.entries(at).map(([name, value]) => [name, keys[name]?.startsWith('jet:') ? 2 * value : value]),
  );
  return residuals.every((residual) => isTame(residual, scaled, 1e3));
}

const tangents = (direction: Readonly<Inputs>): Inputs =>
  Object.fromEntries(Object.entries(direction).map(([key, value]) => [`tangent:${key}`, value]));

const losses: readonly Loss[] = [{kind: 'square'}, {kind: 'abs'}, {kind: 'huber', delta: 0.8}, {kind: 'identity'}];

/** Linearisation of a term at inputs: rows, and the coefficient inputs of tangent and adjoint. */
function linearise({rows}: TermPrograms, at: Inputs, count: number): {rows: number[]; coefficients: Inputs} {
  const {stores} = evaluateProgram(rows!.linearise, at);
  const coefficients = Object.fromEntries(stores.slice(count).map((value, k) => [`coefficient:${k}`, value]));
  expect(Object.keys(coefficients)).toHaveLength(rows!.coefficients);
  return {rows: stores.slice(0, count), coefficients};
}

const close = (a: number, b: number, scale = 1, tolerance = 1e-9): void =>
  expect(Math.abs(a - b)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(a), scale));

const size = (list: readonly number[]): number => list.reduce((sum, value) => sum + Math.abs(value), 0);
const total = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0);

describe('termPrograms on random residuals', () => {
  const residuals = fc.array(expressions(), {minLength: 1, maxLength: 3});

  test.each(losses)('gradient is the slope of the value: %j', (loss) => {
    const judged = new Judged();
    fc.assert(
      fc.property(residuals, anyValues, (list, values) => {
        const term = compile(list, loss);
        const at = inputsOf(values);
        const {stores, sums} = evaluateProgram(term.gradient, at);
        const loss0 = evaluateProgram(term.value, at);
        expect(sums[0]).toBe(loss0.sums[0]);
        expect(loss0.stores).toHaveLength(list.length);
        const slopes = [
          ...term.jets.map(({key}, k) => [key, stores[k]]),
          ...term.scalars.map(({key}, i) => [key, sums[1 + i]]),
        ] as [string, number][];
        for (const [key, exact] of slopes) {
          const f = (h: number): number => evaluateProgram(term.value, {...at, [key]: at[key] + h}).sums[0];
          const numeric = areTame(list, values) ? difference(f) : undefined;
          if (!judged.record(numeric !== undefined && Number.isFinite(exact))) continue;
          close(exact, numeric!, 1, 1e-5);
        }
      }),
      {numRuns: 500, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.2);
  });

  test.each(losses.slice(0, 3))('rows, tangent, adjoint, squares and gradient belong together: %j', (loss) => {
    const judged = new Judged();
    const rowSeeds = [0.4, -1.1, 0.9];
    fc.assert(
      fc.property(residuals, anyValues, anyValues, (list, values, directions) => {
        const term = compile(list, loss);
        const at = inputsOf(values);
        const direction = Object.fromEntries(Object.entries(inputsOf(directions)).filter(([key]) => /^(jet|scalar):/.test(key)));
        const {rows, coefficients} = linearise(term, at, list.length);
        const context = {...at, ...coefficients};
        const forward = (along: Inputs): number[] => evaluateProgram(term.rows!.tangent, {...context, ...tangents(along)}).stores;
        const backward = (seeds: readonly number[]): {stores: number[]; sums: number[]} =>
          evaluateProgram(term.rows!.adjoint, {...context, ...Object.fromEntries(list.map((_, e) => [`row:${e}`, seeds[e]]))});

        const moved = forward(direction);
        const received = backward(rowSeeds);
        const gradient = evaluateProgram(term.gradient, at);
        const everything = [
          ...Object.values(coefficients),
          ...rows,
          ...moved,
          ...received.stores,
          ...received.sums,
          ...gradient.stores,
        ];
        if (!judged.record(everything.every((value) => Math.abs(value) < 1e5))) return;

        // ⟨row, J δ⟩ = ⟨Jᵀ row, δ⟩
        const left = moved.map((value, e) => value * rowSeeds[e]);
        const right = [
          ...term.jets.map(({key}, k) => received.stores[k] * direction[key]),
          ...term.scalars.map(({key}, i) => received.sums[i] * direction[key]),
        ];
        close(total(left), total(right), size([...left, ...right]));

        // Gauss–Newton's right-hand side is the gradient of the loss: 2 Jᵀ r, whatever the loss (beyond the floor of abs).
        const {stores: residual} = evaluateProgram(term.value, at);
        if (loss.kind !== 'abs' || residual.every((value) => Math.abs(value) > DEFAULT_FLOOR)) {
          const product = backward(rows.map((row) => 2 * row));
          const scale = size([...product.stores, ...rows]) * size(Object.values(coefficients));
          gradient.stores.forEach((value, k) => close(value, product.stores[k], scale));
          gradient.sums.slice(1).forEach((value, i) => close(value, product.sums[i], scale));
        }

        // One column after the other.
        const squares = evaluateProgram(term.rows!.squares, at);
        const zero = Object.fromEntries(Object.keys(direction).map((key) => [key, 0]));
        term.jets.forEach(({key}, jet) => {
          forward({...zero, [key]: 1}).forEach((value, residualIndex) => {
            const entry = term.rows!.pattern.find((place) => place.jet === jet && place.residual === residualIndex);
            if (entry === undefined) expect(value + 0).toBe(0);
            else close(squares.stores[entry.slot], value, Math.abs(value));
          });
        });
        term.scalars.forEach(({key}, i) => {
          const column = forward({...zero, [key]: 1});
          close(squares.sums[i], total(column.map((value) => value * value)), total(column.map((value) => value * value)));
        });
      }),
      {numRuns: 500, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.4);
  });

  test('rows are the residual times the scale', () => {
    fc.assert(
      fc.property(expressions(), anyValues, (expression, values) => {
        const at = inputsOf(values);
        for (const [loss, scale] of [
          [{kind: 'square'}, () => 1],
          [{kind: 'abs', floor: 0.1}, (r: number) => 0.5 / Math.max(Math.abs(r), 0.1)],
          [{kind: 'huber', delta: 0.8}, (r: number) => (Math.abs(r) <= 0.8 ? 0.5 : 0.4 / Math.abs(r))],
        ] as [Loss, (r: number) => number][]) {
          const term = compile([expression], loss);
          const inputs = {...at, ...inputsOf(values)};
          const [residual] = evaluateProgram(term.value, inputs).stores;
          if (!Number.isFinite(residual)) continue;
          const [row] = evaluateProgram(term.rows!.linearise, inputs).stores;
          const expected = Math.sqrt(1.7 * 0.3 * scale(residual)) * residual;
          close(row, expected, Math.abs(expected), 1e-12);
        }
      }),
      {numRuns: 500, seed: SEED},
    );
  });
});

describe('termPrograms on equations', () => {
  test('a Poisson term needs one plane and reads no jets for its coefficients', () => {
    const term = compile(['u_xx + u_yy = sin(pi*x)'], {kind: 'square'});
    expect(term.linear).toBe(true);
    expect(term.jets.map(({key}) => key)).toEqual(['jet:u_xx', 'jet:u_yy']);
    expect(term.scalars).toEqual([]);
    expect(term.rows!.coefficients).toBe(1);
    expect(inputKeys(term.rows!.tangent).toSorted()).toEqual(['coefficient:0', 'tangent:jet:u_xx', 'tangent:jet:u_yy']);
    expect(inputKeys(term.rows!.adjoint).toSorted()).toEqual(['coefficient:0', 'row:0']);
    expect(inputKeys(term.rows!.squares).toSorted()).toEqual(['lambda', 'weight']);
    expect(term.rows!.pattern).toEqual([
      {residual: 0, jet: 0, slot: 0},
      {residual: 0, jet: 1, slot: 1},
    ]);
  });

  test('uniforms multiply in the tangent, so that a new value needs no new linearisation', () => {
    const term = compile(['u_t = alpha*u_xx'], {kind: 'square'});
    expect(term.rows!.coefficients).toBe(1);
    expect(inputKeys(term.rows!.tangent)).toContain('uniform:alpha');
    expect(term.linear).toBe(true);
  });

  test('coefficients that vary become planes, shared ones once', () => {
    const variable = compile(['d((1 + x^2)*u_x, x)', 'g*u + u_y', '3*v'], {kind: 'square'});
    // √(λw) for constants, √(λw)·2(1 + x²), √(λw)·2·2x, √(λw)·2g
    expect(variable.rows!.coefficients).toBe(4);
    expect(variable.linear).toBe(true);
    expect(inputKeys(variable.rows!.tangent).some((key) => key.startsWith('coordinate') || key.startsWith('jet'))).toBe(false);
  });

  test('a nonlinear term is not linear, nor is a product with a trainable scalar', () => {
    expect(compile(['u*u_x - u_xx'], {kind: 'square'}).linear).toBe(false);
    expect(compile(['c*u_xx'], {kind: 'square'})).toMatchObject({linear: false, scalars: [{key: 'scalar:c'}]});
    expect(compile(['u_xx + c*x'], {kind: 'square'}).linear).toBe(true);
    expect(compile(['abs(u)'], {kind: 'square'}).linear).toBe(false);
    expect(compile(['u^2'], {kind: 'identity'}).linear).toBe(false);
    expect(compile(['2*u + x'], {kind: 'identity'})).toMatchObject({linear: true, rows: undefined});
  });

  test('a residual without unknowns has no jets and no rows to move', () => {
    const term = compile(['x - 1'], {kind: 'square'});
    expect(term).toMatchObject({jets: [], scalars: [], linear: true});
    expect(evaluateProgram(term.rows!.tangent, {}).stores).toEqual([0]);
    expect(evaluateProgram(term.gradient, {'coordinate:x': 3, weight: 1, lambda: 0.5}).sums).toEqual([2]);
  });

  test('a leaf whose derivative vanishes is read by the value but not listed', () => {
    const term = compile(['sign(u) + v'], {kind: 'square'});
    expect(term.jets.map(({key}) => key)).toEqual(['jet:v']);
    expect(inputKeys(term.value)).toContain('jet:u');
  });

  test('abs and huber at a vanishing residual stay finite', () => {
    for (const loss of losses.slice(0, 3)) {
      const term = compile(['u_x*norm(u, v)'], loss);
      const at = {weight: 1, lambda: 1, 'jet:u': 0, 'jet:v': 0, 'jet:u_x': 0};
      const {rows, coefficients} = linearise(term, at, 1);
      expect([...rows, ...Object.values(coefficients)].every(Number.isFinite)).toBe(true);
      expect(evaluateProgram(term.gradient, at).stores.map((value) => value + 0)).toEqual([0, 0, 0]);
    }
  });

  test('a sample of weight zero counts for nothing, whatever its residual', () => {
    const term = compile(['log(x)*u'], {kind: 'square'});
    const at = {weight: 0, lambda: 1, 'jet:u': 1, 'coordinate:x': 0};
    const {stores, sums} = evaluateProgram(term.gradient, at);
    expect([...stores, ...sums].map((value) => value + 0)).toEqual([0, 0]);
  });

  test('huber with a δ from a uniform', () => {
    const at = {weight: 1, lambda: 1, 'jet:u': 2, 'uniform:delta': 0.5};
    const term = compile(['u'], {kind: 'huber', delta: input('uniform:delta', false, {kind: 'uniform', index: 0})});
    expect(evaluateProgram(term.gradient, at)).toEqual({stores: [1], sums: [0.5 * (4 - 0.25)]});
  });

  test('an energy has the curvature along each jet alone, never below 0', () => {
    const term = compile(['u_x^2*v + 3*u*v - v^4 + exp(c) + c*u', '5*u^2'], {kind: 'identity'});
    const at: Inputs = {weight: 0.3, lambda: 1.7};
    for (const key of ['jet:u', 'jet:v', 'jet:u_x']) at[key] = 0.7;
    at['scalar:c'] = 0.2;
    const {squares, pattern} = term.diagonal!;
    const {stores, sums} = evaluateProgram(squares, at);
    const found = Object.fromEntries(
      pattern.map(({residual, jet, slot}) => [`${residual === jet} ${term.jets[jet].key}`, stores[slot]]),
    );
    // Jets carry a unit scale of 2, so that each second derivative counts 4 times; v is 1.4.
    const scale = 0.5 * 0.3 * 1.7;
    expect(found['true jet:u_x']).toBeCloseTo(Math.sqrt(scale * 4 * 2 * 1.4), 12);
    expect(found['true jet:u']).toBeCloseTo(Math.sqrt(scale * 4 * 10), 12);
    expect(found['true jet:v']).toBe(0); // −12 v²
    expect(sums[0]).toBeCloseTo(scale * Math.exp(0.2), 12);
    expect(compile(['u_x + 3*v*x'], {kind: 'identity'}).diagonal).toBeUndefined();
    expect(compile(['u^2'], {kind: 'square'}).diagonal).toBeUndefined();
  });

  test('bad losses and terms are rejected', () => {
    for (const delta of [0, -1, NaN, Infinity]) {
      expect(() => compile(['u'], {kind: 'huber', delta})).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    }
    expect(() => compile(['u'], {kind: 'abs', floor: 0})).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    expect(() => termPrograms([], {kind: 'square'})).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
    expect(() => termPrograms([input('other:1', true)], {kind: 'square'})).toThrow(expect.objectContaining({code: 'INTERNAL'}));
  });

  test('compiles a constrained plate of fourth order', () => {
    const arena = new Arena();
    const plane = {coordinates: ['x', 'y'], unknowns: ['u']};
    const residual = parse('biharmonic((x^2 - 1)^2*(y^2 - 1)^2*u) = exp(sin(pi*x)*y)', plane, arena);
    const term = termPrograms([bind(residual, arena)], {kind: 'square'}, arena);
    expect(term.linear).toBe(true);
    expect(term.jets.length).toBeLessThanOrEqual(15);
    expect(term.gradient.code.length / 5).toBeLessThan(1000);
    expect(term.gradient.registers).toBeLessThan(128);
    const at: Inputs = {weight: 1, lambda: 1, 'coordinate:x': 0, 'coordinate:y': 0};
    for (const key of inputKeys(term.value)) at[key] ??= 0;
    at['jet:u'] = 0.5; // u = 1 with the unit scale 2: Δ²((x²−1)²(y²−1)²) = 24 + 2·16 + 24 at the origin
    expect(evaluateProgram(term.value, at).stores[0]).toBeCloseTo(80 - 1, 10);
    expect(evaluateExpression(constant(80), {})).toBe(80);
  });
});
