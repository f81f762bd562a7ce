import fc from 'fast-check';
import {adjoints} from '../../lib/compile/adjoint';
import {Arena} from '../../lib/expression/arena';
import {tangent} from '../../lib/expression/differentiate';
import {evaluateExpression, leafName} from '../../lib/expression/interpret';
import type {Expression, LeafNode} from '../../lib/expression/node';
import {constant, derivative, input, operation} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import {difference, expressions, isTame, Judged, scope, SEED, values} from '../expression/generate';

const everything = (leaf: LeafNode): boolean => leaf.kind !== 'constant';
// + 0 turns −0 into 0.
const named = (map: Map<LeafNode, Expression>, at: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    [...map].map(([leaf, value]) => [leafName(leaf as Exclude<LeafNode, {kind: 'constant'}>), evaluateExpression(value, at) + 0]),
  );

/** ∂ of one expression with respect to its leaves, by name. */
function gradient(source: string, at: Readonly<Record<string, number>>): Record<string, number> {
  return named(adjoints([{node: parse(source, scope), seed: constant(1)}], everything), at);
}

describe('adjoints', () => {
  test('agree with differences on random expressions', () => {
    const judged = new Judged();
    fc.assert(
      fc.property(expressions(), values, (expression, at) => {
        const bars = named(adjoints([{node: expression, seed: input('seed')}], everything), {...at, seed: 1.5});
        for (const [name, exact] of Object.entries(bars)) {
          const moved = (h: number): Record<string, number> => ({...at, [name]: at[name] + h});
          const tame = [-2e-3, 0, 2e-3].every((h) => isTame(expression, moved(h), 1e4));
          const numeric = tame ? difference((h) => 1.5 * evaluateExpression(expression, moved(h))) : undefined;
          if (!judged.record(numeric !== undefined && Number.isFinite(exact))) continue;
          expect(Math.abs(exact - numeric!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(exact)));
        }
      }),
      {numRuns: 2000, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.4);
  });

  test('are the transpose of the tangent', () => {
    const judged = new Judged();
    fc.assert(
      fc.property(fc.tuple(expressions(), expressions()), values, values, ([first, second], at, direction) => {
        const arena = new Arena();
        const seeds = [0.7, -1.3];
        const outputs = [first, second].map((node, i) => ({node, seed: constant(seeds[i])}));
        const bars = named(adjoints(outputs, everything, arena), at);
        const inputs = {...at, ...Object.fromEntries(Object.entries(direction).map(([name, value]) => [`d:${name}`, value]))};
        const along = outputs.map(({node}) =>
          tangent(node, (leaf) => (leaf.kind === 'constant' ? undefined : input(`d:${leafName(leaf)}`)), arena),
        );
        const terms = along.map((node, i) => seeds[i] * evaluateExpression(node, inputs));
        const products = Object.entries(bars).map(([name, bar]) => bar * direction[name]);
        const size = [...terms, ...products].reduce((sum, term) => sum + Math.abs(term), 0);
        if (!judged.record(along.every((node) => isTame(node, inputs, 1e5)) && size < 1e6)) return;
        const total = (list: number[]): number => list.reduce((sum, term) => sum + term, 0);
        expect(Math.abs(total(terms) - total(products))).toBeLessThanOrEqual(1e-9 * Math.max(1, size));
      }),
      {numRuns: 1000, seed: SEED},
    );
    expect(judged.share).toBeGreaterThan(0.3);
  });

  test('second derivatives: the adjoint of the adjoint is symmetric', () => {
    const arena = new Arena();
    const node = parse('norm(u, v)*exp(u*v) + atan2(u, v)^3 - u^2.5/v', scope);
    const [u, v] = [arena.leaf(derivative('u')), arena.leaf(derivative('v'))];
    const first = adjoints([{node, seed: constant(1)}], everything, arena);
    const second = (by: LeafNode, then: LeafNode): number =>
      evaluateExpression(adjoints([{node: first.get(by)!, seed: constant(1)}], everything, arena).get(then)!, {u: 0.7, v: 1.9});
    expect(second(u, v)).toBeCloseTo(second(v, u), 10);
  });

  test('a branch that was not taken leaves no NaN', () => {
    expect(gradient('where(x > 0, u*log(x), u)', {x: 0, u: 2})).toEqual({x: 0, u: 1});
    expect(gradient('where(u > 0, v/u, v)', {u: 0, v: 3})).toEqual({u: 0, v: 1});
    expect(gradient('where(u < 1, u, sqrt(u - 1) + u^1.5 + exp(u*1e5) + asin(u))', {u: 0.5})).toEqual({u: 1});
    expect(gradient('where(x < 0, c*exp(1000*x), c)', {x: 1, c: 1})).toEqual({x: 0, c: 1});
    expect(gradient('where(u > 0, v^u, v)', {u: -1, v: 0})).toEqual({u: 0, v: 1});
  });

  test('norm, hypot and atan2 have finite adjoints at 0', () => {
    expect(gradient('norm(u, v)', {u: 0, v: 0})).toEqual({u: 0, v: 0});
    expect(gradient('norm(u, v)*c', {u: 3, v: 4, c: 10})).toEqual({c: 5, u: 6, v: 8});
    expect(gradient('hypot(u, v)', {u: 0, v: 0})).toEqual({u: 0, v: 0});
    expect(gradient('atan2(u, v)', {u: 0, v: 0})).toEqual({u: 0, v: 0});
    expect(gradient('abs(u) + norm(v)', {u: 0, v: 0})).toEqual({u: 0, v: 0});
  });

  test('ties go to the first, sign is flat', () => {
    expect(gradient('min(u, v)', {u: 1, v: 1})).toEqual({u: 1, v: 0});
    expect(gradient('max(u, v)', {u: 1, v: 1})).toEqual({u: 1, v: 0});
    expect(gradient('sign(u) + (u < v)', {u: 1, v: 1})).toEqual({});
  });

  test('only wanted leaves, in the order of evaluation, without structural zeros', () => {
    const map = adjoints([{node: parse('v*x + u + 0*u_x', scope), seed: constant(1)}], (leaf) => leaf.kind === 'derivative');
    expect([...map.keys()]).toEqual([derivative('v'), derivative('u')]);
  });

  test('a chain of 100 000 operations does not overflow the stack', () => {
    let chain: Expression = derivative('u');
    for (let i = 0; i < 100_000; i++) chain = operation('add', operation('mul', chain, constant(1 - 1e-9)), constant(i));
    const [bar] = adjoints([{node: chain, seed: input('s')}], everything, new Arena({limit: 2_000_000})).values();
    expect(evaluateExpression(bar, {s: 1})).toBeCloseTo(Math.exp(-1e-4), 10);
  });
});
