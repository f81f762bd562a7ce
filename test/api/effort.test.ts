/**
 * What a legal text may cost: every reader is linear in it, what is large is refused before anything is made of it, and a problem that takes a
 * while to compile leaves the event loop to others and can be called off. Times are those of the processor: a busy machine fails nothing.
 */
import * as a from '../../lib';
import {compileTerms, prepareTerms} from '../../lib/compile/terms';
import {closest} from '../../lib/base/spelling';
import type {Steps} from '../../lib/base/steps';
import {finished, limited, unhurried} from '../../lib/base/steps';
import {readCondition} from '../../lib/equation/conditions';
import {findUnknowns, readDomain, readExact} from '../../lib/equation/domain-and-names';
import {splitRange} from '../../lib/equation/ranges';
import {MOST_TOKENS} from '../../lib/expression/tokenize';

const {problem, rbfGrid, bspline, term, gauss, parse, DinfError} = a;

/** Milliseconds of the processor that something takes; what it throws of ours is passed over. */
function cost(work: () => unknown): number {
  const began = process.cpuUsage();
  try {
    work();
  } catch (error) {
    if (!(error instanceof DinfError)) throw error;
    expect(error.message.length).toBeLessThan(3000);
  }
  const {user, system} = process.cpuUsage(began);
  return (user + system) / 1000;
}

const posing = (equation: a.EquationSource, unknowns: readonly string[] = ['u']): a.Problem =>
  problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns,
    field: rbfGrid({resolution: 4, kernel: bspline(5)}),
    uniforms: {a: 0.5},
    terms: [term(gauss(1), equation)],
  });

describe('texts of a stranger', () => {
  const n = 20_000;
  const blanks = ' '.repeat(n);
  const box = [{name: 'x', lower: 0, upper: 1}];
  it.each<[string, () => unknown]>([
    ['a range of blanks', () => splitRange(`x${blanks}?`)],
    ['a range of blanks and a colon', () => splitRange(`x=${blanks}:${blanks}?`)],
    ['a domain of blanks', () => readDomain(`x${blanks}=0..1${blanks}?`)],
    ['a domain of many coordinates', () => readDomain('x=0..1,'.repeat(n))],
    ['a condition of blanks', () => readCondition(`x${blanks}=${blanks}0?: u=0`, box)],
    ['a condition of many faces', () => readCondition(`${'x=0|'.repeat(n)}x=1: u=0`, box)],
    ['an answer of many parts', () => readExact(Array.from({length: n}, (_, i) => `u${i}=1`).join(';'), ['u'])],
    ['unknowns in many brackets', () => findUnknowns([`${'('.repeat(n)}u_x${')'.repeat(n)}=${'d('.repeat(n)}v`], [], ['x'])],
    ['many unknowns', () => findUnknowns([Array.from({length: n}, (_, i) => `u${i}_x`).join('+')], [], ['x'])],
    ['a long word without a name near it', () => closest('a'.repeat(n), ['b'.repeat(n), 'a'.repeat(n - 1)])],
    ['a long name', () => posing('u=0', ['u', 'b'.repeat(n)])],
    ['a long symbol', () => posing(`${'b'.repeat(n)}=0`)],
    ['a long number', () => posing(`${'9'.repeat(300_000)}=u`)],
    ['a derivative of a high order', () => posing(`u_${'x'.repeat(n)}=0`)],
    ['derivatives one in another', () => posing(`${'d('.repeat(2000)}u${',x,64)'.repeat(2000)}=0`)],
    ['one long line with a mistake', () => posing(`${'u+'.repeat(n)}!`)],
    ['many brackets', () => posing(`${'('.repeat(n)}u${')'.repeat(n)}=0`)],
    ['many signs', () => posing(`${'-'.repeat(n)}u=0`)],
    ['many components', () => posing(`norm(${'u,'.repeat(n)}u)=0`)],
    ['many comparisons', () => posing(`max(${'u,'.repeat(n)}u)=0`)],
  ])('%s', (_, work) => {
    expect(cost(work)).toBeLessThan(1000);
  });

  it.each(['(', '-', 'u+', 'sin(', 'norm(u,', 'u_xx*', 'where(u<x,'])(
    'too much of %s is refused before a node is made',
    (piece) => {
      const text = piece.repeat(MOST_TOKENS + 1);
      expect(() => parse(text, {coordinates: ['x'], unknowns: ['u']})).toThrow(
        expect.objectContaining({code: 'EXPRESSION_TOO_LARGE', message: expect.stringMatching(/at most \d+/) as string}) as Error,
      );
      expect(cost(() => parse(text, {coordinates: ['x'], unknowns: ['u']}))).toBeLessThan(1000);
    },
  );

  it('a range reads as it did', () => {
    expect(splitRange(' x = -pi .. 2*pi : 5 ')).toEqual({name: 'x', ends: ['-pi', '2*pi'], points: 5});
    expect(splitRange('x=0..1:a')).toEqual({name: 'x', ends: ['0', '1:a'], points: undefined});
    expect(splitRange('x:7')).toEqual({name: 'x', ends: [], points: 7});
    expect(splitRange('y=3')).toEqual({name: 'y', ends: ['3'], points: undefined});
    expect([splitRange('x='), splitRange('x 3'), splitRange('3'), splitRange('')]).toEqual(Array(4).fill(undefined));
  });

  it('an expression of code whose text could not be read again is refused', () => {
    const u = a.derivative('u');
    let sum: a.Expression = u;
    for (let i = 0; i < 15_000; i++) sum = a.add(sum, a.mul(i + 0.5, a.add(u, i)));
    expect(() => posing(sum)).toThrow(expect.objectContaining({code: 'EXPRESSION_TOO_LARGE'}) as Error);
  });
});

/** One equation in so many leaves, each in a product with all that comes before it. */
function chained(unknowns: number): a.Problem {
  const names = Array.from({length: unknowns}, (_, i) => `u${i}`);
  const leaves = names.flatMap((name) => ['', '_x', '_y', '_xx', '_xy', '_yy', '_xxx', '_yyy'].map((suffix) => name + suffix));
  const lets = leaves.map((leaf, i) => `let q${i + 1}=sin(${i ? `q${i}` : '0'}+${leaf})*cos(${i ? `q${i}` : '1'});`);
  return posing(`${lets.join('')}q${leaves.length}=0`, names);
}

describe('compiling', () => {
  it('costs as much as there are leaves, not their square', () => {
    compileTerms(chained(8).spec); // what is compiled for the first time is slow
    const [few, many] = [12, 96].map((count) => {
      const {spec} = chained(count);
      return cost(() => compileTerms(spec));
    });
    expect(many / few).toBeLessThan(25); // 8 times the leaves: 8 if linear, 64 if quadratic
  });

  it('leaves the event loop to others, and gives what it gives at once', async () => {
    const [one, other] = [chained(64), chained(64)];
    const at = cost(() => compileTerms(one.spec));
    let longest = 0;
    let last = process.cpuUsage();
    const timer = setInterval(() => {
      const {user, system} = process.cpuUsage(last);
      last = process.cpuUsage();
      longest = Math.max(longest, (user + system) / 1000);
    }, 0);
    const terms = await prepareTerms(other.spec);
    clearInterval(timer);
    expect(terms).toEqual(compileTerms(one.spec));
    expect(longest).toBeLessThan(at / 2); // all at once is `at`; a collection of garbage may lie in any piece
  });

  it('is ended by the signal of the solve', async () => {
    const controller = new AbortController();
    const posed = chained(96);
    const solving = a.solve(posed, {threads: 1, signal: controller.signal});
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 50);
    await expect(solving).rejects.toMatchObject({code: 'ABORTED', cause: expect.objectContaining({message: 'enough'}) as Error});
  });

  it('has a limit, beyond which nothing more is done', async () => {
    const done: number[] = [];
    function* work(): Steps<string> {
      for (let i = 0; i < 100; i++) {
        done.push(i);
        yield;
      }
      return 'all';
    }
    const error = (): Error => new DinfError('EXPRESSION_TOO_LARGE', 'the limit');
    expect(() => finished(limited(work(), 10, error))).toThrow('the limit');
    expect(done).toHaveLength(11);
    await expect(unhurried(limited(work(), 10, error), 'work')).rejects.toThrow('the limit');
    expect(finished(limited(work(), 100, error))).toBe('all');
  });
});
