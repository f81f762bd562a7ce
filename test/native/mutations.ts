/** A small problem that uses every part of the addon's arguments, every place in it, and what may be put there instead. */
import {isNativeError} from 'node:util/types';
import {compileProblem, withData} from '../../lib/compile/compile';
import {compileEvaluation} from '../../lib/compile/evaluation';
import {linearDecoder, mlpDecoder, rbfGrid} from '../../lib/pose/field';
import {bspline} from '../../lib/pose/kernel';
import type {NativeEvaluation, NativeProblem, NativeSolver, NativeStage} from '../../lib/native';
import {addon} from '../../lib/native';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {gauss, lattice, points, stratified} from '../../lib/pose/sampling';

/** Two fields, a trainable scalar, a uniform, data, every kind of sample set, and an energy without rows. */
function example(): Problem {
  return problem({
    domain: {x: [0, 1], y: [-1, 1]},
    fields: [
      {unknowns: ['u', 'p'], field: rbfGrid({resolution: 4, levels: 2, features: 2}), decoder: linearDecoder()},
      {unknowns: ['k'], field: rbfGrid({resolution: 2, kernel: bspline(3), edge: 'clamp'}), decoder: mlpDecoder({hidden: [3]})},
    ],
    uniforms: {nu: 0.1},
    scalars: {c: 1.2},
    terms: [
      term(stratified(3), ['nu*u_xx + u_y = c*p', 'k_x - u*p']),
      term(
        lattice(
          [
            [0, 0.5, 1],
            [-1, 0.3],
          ],
          {draws: 4},
        ),
        'u*c - g',
        {data: {g: Float64Array.of(1, 2, 3, 4, 5, 6)}},
      ),
      term(points([0, 0, 1, 1, 0.5, -0.5]), 'u*k - x', {loss: 'abs'}),
      term(gauss(1), '0.5*u_x^2', {loss: 'identity'}),
    ],
  });
}

export const compiled = (threads = 2): NativeProblem =>
  withData(compileProblem(example().spec, {dtype: 'float32', threads, seed: 3}));

export const evaluation = (): NativeEvaluation =>
  compileEvaluation(example().spec, ['u_x*g + nu', 'k'], points([0, 0, 1, 1]), {g: Float64Array.of(1, 2)});

export const adamStage = (iterations: number): NativeStage => ({
  kind: 0,
  iterations,
  tolerance: 0,
  learningRate: 1e-3,
  decaySteps: 100,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  uniforms: new Float64Array(),
});
export const newtonStage = (iterations: number): NativeStage => ({
  kind: 1,
  iterations,
  tolerance: 0,
  steps: 1,
  damping: 1e-3,
  uniforms: new Float64Array(),
});

export const lbfgsStage = (iterations: number): NativeStage => ({
  kind: 2,
  iterations,
  tolerance: 0,
  history: 3,
  resample: 2,
  scaling: 0,
  uniforms: new Float64Array(),
});

type Holder = Record<string, unknown>;

/** Where a value lies. */
export interface Place {
  path: string;
  holder: Holder;
  key: string;
}

/** Every key of every object, and the first and last element of every list. */
export function places(node: unknown, path = ''): Place[] {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return [];
  const holder = node as Holder;
  const keys = Array.isArray(node) && node.length > 2 ? ['0', String(node.length - 1)] : Object.keys(node);
  return keys.flatMap((key) => [{path: `${path}.${key}`, holder, key}, ...places(holder[key], `${path}.${key}`)]);
}

type Replacement = readonly [name: string, apply: (holder: Holder, key: string) => void];

const value = (name: string, make: () => unknown): Replacement => [name, (holder, key) => (holder[key] = make())];

/** Never right anywhere, or harmless. Large numbers are beyond every limit: within them they would be honest, slow work. */
const ANYTHING: readonly Replacement[] = [
  ['missing', (holder, key) => Reflect.deleteProperty(holder, key)],
  [
    'a getter that throws',
    (holder, key) =>
      Object.defineProperty(holder, key, {
        configurable: true,
        get: () => {
          throw new Error('on purpose');
        },
      }),
  ],
  [
    'a getter that throws no error',
    (holder, key) =>
      Object.defineProperty(holder, key, {
        configurable: true,
        get: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- the addon must survive that, too
          throw null;
        },
      }),
  ],
  ...[undefined, null, true, 'text', NaN, -1, 0.5, -0, 2 ** 32 + 1, 2 ** 53, 1e300, -Infinity, 10n].map((x) =>
    value(String(x), () => x),
  ),
  value('symbol', () => Symbol('x')),
  value('object', () => ({})),
  value('list', () => []),
  value('list of lists', () => [[]]),
  value('list of text', () => ['a', 'b', 'c', 'd', 'e', 'f']),
  value('sparse list', () => new Array<number>(6)),
  value('long list', () => new Array<number>(300).fill(0)),
  value('function', () => () => 0),
  value('proxy', () => new Proxy([1], {})),
  value('revoked proxy', () => {
    const {proxy, revoke} = Proxy.revocable({}, {});
    revoke();
    return proxy;
  }),
  value('an object that is no number', () => ({
    valueOf: () => {
      throw new Error('on purpose');
    },
  })),
  value('empty typed array', () => new Float64Array(0)),
  value('view', () => new DataView(new ArrayBuffer(8))),
];

const NUMBERS = [(x: number): number => x + 1, (x: number): number => x - 1, (): number => 2 ** 12];

type Words = Float64Array | Uint16Array;

const ARRAYS: readonly (readonly [string, (array: Words) => unknown])[] = [
  ['shorter', (array) => array.slice(0, -1)],
  ['longer', (array) => Float64Array.of(...array, 0)],
  ['other class', (array) => Float32Array.from(array)],
  ['bytes', (array) => new Uint8Array(array.buffer)],
  ['big integers', (array) => new BigInt64Array(array.length)],
  ['plain list', (array) => [...array]],
  ['not a number inside', (array) => array.map((x, i) => (i === 0 ? NaN : x))],
  ['infinity inside', (array) => array.map((x, i) => (i === array.length - 1 ? Infinity : x))],
  ['huge inside', (array) => array.map(() => 1e300)],
  ['negative inside', (array) => array.map((x) => -x - 1)],
  [
    'detached',
    (array) => {
      const copy = array.slice();
      structuredClone(copy, {transfer: [copy.buffer]});
      return copy;
    },
  ],
  [
    'shared',
    (array) => {
      const Class = array.constructor as new (buffer: SharedArrayBuffer) => Words;
      const shared = new Class(new SharedArrayBuffer(array.byteLength));
      shared.set(array);
      return shared;
    },
  ],
  [
    'part of a larger buffer',
    (array) => {
      const large = new Float64Array(array.length + 2).fill(NaN);
      large.set(array, 1);
      return large.subarray(1, array.length + 1);
    },
  ],
];

export function replacements(place: Place): Replacement[] {
  const old = place.holder[place.key];
  const own: Replacement[] = [];
  if (typeof old === 'number') own.push(...NUMBERS.map((change) => value(`${old} -> ${change(old)}`, () => change(old))));
  if (old instanceof Float64Array || old instanceof Uint16Array)
    own.push(...ARRAYS.map(([name, change]) => value(name, () => change(old))));
  if (Array.isArray(old) && old.length > 0)
    own.push(
      value('without its last', () => old.slice(0, -1)),
      value('its last twice', () => [...(old as unknown[]), old.at(-1)]),
    );
  return [...ANYTHING, ...own];
}

/** Puts something else at a place while `use` runs; the addon copies what it reads. */
export function withReplacement<T>(place: Place, [, apply]: Replacement, use: () => T): T {
  const {holder, key} = place;
  const old = Object.getOwnPropertyDescriptor(holder, key)!;
  apply(holder, key);
  try {
    return use();
  } finally {
    Object.defineProperty(holder, key, old);
  }
}

/** Errors of the addon come from outside Jest's realm, so `instanceof` says nothing. */
export function isCoded(error: unknown): error is Error & {code: string} {
  return isNativeError(error) && typeof (error as {code?: unknown}).code === 'string' && error.message.length > 0;
}

/** What went wrong, or undefined; anything but a coded error is thrown on. */
export async function failure(work: () => unknown): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

/** Calls everything a solver has, each of which may fail with a code. Returns how many did not. */
export async function exercise(solver: NativeSolver): Promise<number> {
  let worked = 0;
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    let result: T | undefined;
    const code = await failure(async () => {
      result = await work();
    });
    if (code === undefined) worked++;
    return result;
  };
  await attempt(() => solver.prepare());
  await attempt(() => solver.run([adamStage(2)]));
  await attempt(() => solver.loss());
  await attempt(() => solver.run([newtonStage(2)])); // folds linear decoders: another number of parameters from here on
  const parameters = await attempt(() => solver.parameters());
  await attempt(() => solver.gradient());
  const rows = await attempt(() => solver.linearise());
  await attempt(() => solver.tangent(parameters ?? new Float64Array(1)));
  await attempt(() => solver.adjoint(rows ?? new Float64Array(1)));
  await attempt(() => solver.columnSquares());
  return worked;
}

export const construct = (given: NativeProblem): NativeSolver => new (addon().Solver)(given);
