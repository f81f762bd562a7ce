/**
 * Fuzzing inside Jest. A target takes bytes of a stranger; whatever they are, it may use them or refuse them by a DinfError, and it may not
 * throw anything else, nor take more than four seconds or a quarter of a gibibyte. Inputs are valid ones, mutated.
 *
 * `npx jest test/fuzz` gives each target a few seconds and always the same inputs; DINF_FUZZ_SECONDS=600 gives it more time and, unless
 * FAST_CHECK_SEED says otherwise, inputs never seen. An input that fails is made small and kept in `corpus/TARGET/`: commit it with
 * what mends it, since all that lies there is tried first.
 */
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import {Worker} from 'node:worker_threads';
import fc from 'fast-check';
import {DinfError} from '../../lib/base/errors';

/** What is fuzzed. */
export interface FuzzTarget {
  /** Valid inputs: each must be taken, so that a fuzzer whose every input is refused at the door does not pass. */
  seeds: readonly Uint8Array[];
  /** What is tried; {@link mutations} of the seeds by default. */
  inputs?: fc.Arbitrary<Uint8Array>;
  /** Words of the language of the inputs, which mutations put in. */
  words?: readonly string[];
  /** Uses the bytes. */
  attempt: (bytes: Uint8Array) => unknown;
}

/** An input that did harm. */
export interface Failure {
  readonly bytes: Uint8Array;
  readonly reason: string;
}

const SECONDS = Number(process.env.DINF_FUZZ_SECONDS || 2);
/** What an input may take; time is that of the processor, so that a busy machine fails nothing. */
// The language's own limit of effort takes 1.5 s of a fast machine and 2.2 s of a slow one; what has no limit takes minutes.
const LIMITS = {seconds: 4, mebibytes: 256};
/** Longest input; mutations that would be longer are cut. */
const MOST_BYTES = 1 << 16;
/** Wall-clock time after which an input is said to hang, and the process is ended. */
const SECONDS_TO_DEATH = 30;

/**
 * Two tests of a target: of the inputs that once failed, and of new ones.
 *
 * @param name of the target and of its folder in the corpus
 * @param prepare makes it, once, as its first test begins
 */
export function fuzz(name: string, prepare: () => FuzzTarget | Promise<FuzzTarget>): void {
  describe(`fuzzing ${name}`, () => {
    const folder = path.join(__dirname, 'corpus', name);
    let target: FuzzTarget;
    let guard: Guard;
    beforeAll(async () => {
      target = await prepare();
      guard = new Guard(folder);
    });
    afterAll(() => guard.stop());

    it('takes its seeds, and takes or refuses what is kept', async () => {
      for (const seed of target.seeds) await target.attempt(seed);
      const kept = existsSync(folder) ? readdirSync(folder) : [];
      for (const file of kept) {
        const failure = await guard.tryOut(target, readFileSync(path.join(folder, file)));
        if (failure !== undefined) throw new Error(`${path.join('corpus', name, file)}: ${failure}`);
      }
    });

    it(
      'takes or refuses what was mutated',
      async () => {
        const failure = await explore(target, guard, SECONDS);
        if (failure === undefined) return;
        mkdirSync(folder, {recursive: true});
        const file = path.join(folder, createHash('sha256').update(failure.bytes).digest('hex').slice(0, 12));
        writeFileSync(file, failure.bytes);
        throw new Error(`${failure.reason}\nthe input is kept as ${file}:\n${excerpt(failure.bytes)}`);
      },
      1000 * (4 * SECONDS + 60),
    );
  });
}

/** Tries new inputs for some seconds. @returns the first one that does harm, made small. */
export async function explore(target: FuzzTarget, guard: Guard, seconds: number): Promise<Failure | undefined> {
  const inputs = target.inputs ?? mutations(target.seeds, target.words);
  let latest: Failure | undefined;
  const property = fc.asyncProperty(inputs, async (bytes) => {
    const reason = await guard.tryOut(target, bytes);
    if (reason === undefined) return;
    latest = {bytes, reason}; // shrinking ends with the smallest
    throw new Error(reason);
  });
  const random = process.env.DINF_FUZZ_SECONDS && !process.env.FAST_CHECK_SEED;
  const milliseconds = 1000 * seconds;
  await fc.check(property, {
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: milliseconds,
    skipAllAfterTimeLimit: 2 * milliseconds, // of which the second half is for shrinking
    ...(random ? {seed: Date.now() & 0x7fffffff} : {}),
  });
  return latest;
}

/** Runs inputs under the eyes of a thread that outlives a hang. */
export class Guard {
  private readonly control = new Int32Array(new SharedArrayBuffer(16));
  private readonly bytes = new Uint8Array(new SharedArrayBuffer(MOST_BYTES));
  private readonly thread: Worker;

  /**
   * @param folder where an input that hangs is kept
   * @param limits of an input
   */
  constructor(
    folder: string,
    private readonly limits = LIMITS,
  ) {
    this.thread = new Worker(path.join(__dirname, 'watchdog.js'), {
      workerData: {control: this.control, bytes: this.bytes, folder, secondsToDeath: SECONDS_TO_DEATH},
    });
    this.thread.unref();
  }

  /** @returns what is wrong with how the target took these bytes, if anything. */
  async tryOut({attempt}: FuzzTarget, bytes: Uint8Array): Promise<string | undefined> {
    const [TRIES, RUNNING, LENGTH, PEAK] = [0, 1, 2, 3]; // as in watchdog.js
    const mebibytes = (): number => Math.round(process.memoryUsage.rss() / 2 ** 20);
    const before = mebibytes();
    this.bytes.set(bytes.subarray(0, MOST_BYTES));
    Atomics.store(this.control, LENGTH, Math.min(bytes.length, MOST_BYTES));
    Atomics.store(this.control, PEAK, before);
    Atomics.add(this.control, TRIES, 1);
    Atomics.store(this.control, RUNNING, 1);
    const began = process.cpuUsage();
    let wrong: string | undefined;
    try {
      await attempt(bytes);
    } catch (error) {
      if (!(error instanceof DinfError)) wrong = `a raw error: ${(error as Error | undefined)?.stack ?? String(error)}`;
    }
    const {user, system} = process.cpuUsage(began);
    Atomics.store(this.control, RUNNING, 0);
    const seconds = (user + system) / 1e6;
    const grown = Math.max(mebibytes(), Atomics.load(this.control, PEAK)) - before;
    if (seconds > this.limits.seconds) wrong ??= `it took ${seconds.toFixed(1)} s`;
    if (grown > this.limits.mebibytes) wrong ??= `it took ${grown} MiB for ${bytes.length} bytes`;
    return wrong;
  }

  async stop(): Promise<void> {
    await this.thread.terminate();
  }
}

/** Values that code has gone wrong with where it expected another. */
const ODD_VALUES = [
  null,
  true,
  '',
  'u',
  '__proto__',
  'constructor',
  [],
  {},
  [[]],
  0,
  -1,
  0.5,
  1e9,
  2 ** 31,
  2 ** 53,
  1e308,
  -1e-320,
];

/** JSON values with some of their parts replaced, left out, doubled, or named otherwise. */
export function jsonMutations(values: readonly unknown[]): fc.Arbitrary<unknown> {
  const change = fc.record({
    kind: fc.nat({max: 5}),
    at: fc.noBias(fc.nat({max: 0xffff})),
    value: fc.oneof(fc.constantFrom(...ODD_VALUES), fc.jsonValue({maxDepth: 2})),
  });
  return fc.tuple(fc.constantFrom(...values), fc.array(change, {minLength: 1, maxLength: 4})).map(([value, changes]) => {
    const root = {value: structuredClone(value)};
    for (const {kind, at, value: other} of changes) changeJson(root, kind, at, structuredClone(other));
    return root.value;
  });
}

function changeJson(root: object, kind: number, at: number, other: unknown): void {
  const places: {holder: Record<string, unknown>; key: string}[] = [];
  const visit = (holder: object): void => {
    for (const [key, part] of Object.entries(holder)) {
      places.push({holder: holder as Record<string, unknown>, key});
      if (typeof part === 'object' && part !== null) visit(part as object);
    }
  };
  visit(root);
  const {holder, key} = places[at % places.length];
  const isList = Array.isArray(holder);
  if (kind === 0 && holder !== root) {
    if (isList) (holder as unknown[]).splice(Number(key), 1);
    else Reflect.deleteProperty(holder, key);
  } else if (kind === 1 && isList) (holder as unknown[]).push(holder[key]);
  else if (kind === 1 && holder !== root) holder[typeof other === 'string' ? other : `${key}2`] = holder[key];
  else if (kind === 2 && typeof holder[key] === 'number') holder[key] = -holder[key] * 1e3;
  else holder[key] = other;
}

/** Numbers that code has gone wrong with, as text and as 32 bits. */
const NUMBERS = [
  ...['0', '-1', '1.5', '1e308', '-0', 'nan', 'inf', '1e-320', '255', '256', '65536'],
  ...['2147483647', '2147483648', '4294967295', '4294967296', '9007199254740991', '9007199254740993', '18446744073709551615'],
];
const WORDS_OF_32_BITS = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x7ff80000];

/** One change: what, where (modulo the length), and with what. */
interface Mutation {
  readonly kind: number;
  readonly at: number;
  readonly value: number;
}

/** Seeds with some changes: bits, bytes and numbers replaced, ranges left out, doubled, or joined from another seed, and words put in. */
export function mutations(seeds: readonly Uint8Array[], words: readonly string[] = []): fc.Arbitrary<Uint8Array> {
  const place = fc.noBias(fc.nat({max: 0xffffffff})); // small numbers would spoil the first bytes, and nothing behind them would be read
  const mutation: fc.Arbitrary<Mutation> = fc.record({kind: fc.nat({max: 11}), at: place, value: place});
  const parts = [...words, ' ', '\n', '"', '\\', '(', '{', '[', ',', ':', '-', '\0', '\u00ff'].map((word) => Buffer.from(word));
  return fc
    .tuple(fc.nat({max: seeds.length - 1}), fc.array(mutation, {minLength: 1, maxLength: 6}))
    .map(([seed, list]) =>
      list.reduce<Buffer>((bytes, one) => mutated(bytes, one, parts, seeds).subarray(0, MOST_BYTES), Buffer.from(seeds[seed])),
    );
}

function mutated(bytes: Buffer, {kind, at, value}: Mutation, parts: readonly Buffer[], seeds: readonly Uint8Array[]): Buffer {
  const place = at % (bytes.length + 1);
  const before = bytes.subarray(0, place);
  const after = bytes.subarray(place);
  const size = value % (1 + Math.min(64, after.length));
  switch (kind) {
    case 0:
      return changed(bytes, place, (byte) => byte ^ (1 << (value & 7)));
    case 1:
      return changed(bytes, place, () => value & 0xff);
    case 2:
      return Buffer.concat([before, after.subarray(size)]);
    case 3: // a range several times
      return Buffer.concat([before, ...Array<Buffer>(2 + (value & 15)).fill(after.subarray(0, size)), after.subarray(size)]);
    case 4:
      return before;
    case 5: {
      const other = seeds[value % seeds.length];
      return Buffer.concat([before, other.subarray(at % other.length)]);
    }
    case 6:
    case 7:
      return Buffer.concat([before, parts[value % parts.length], after]);
    case 8:
    case 9: // the next number as text
      return replacedNumber(bytes, place, NUMBERS[value % NUMBERS.length]);
    case 10:
      return replacedWord(bytes, place, WORDS_OF_32_BITS[value % WORDS_OF_32_BITS.length], (value & 0x1000) !== 0);
    default: {
      // a range moved
      const rest = Buffer.concat([before, after.subarray(size)]);
      const there = value % (rest.length + 1);
      return Buffer.concat([rest.subarray(0, there), after.subarray(0, size), rest.subarray(there)]);
    }
  }
}

function changed(bytes: Buffer, place: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  if (place < copy.length) copy[place] = change(copy[place]);
  return copy;
}

function replacedNumber(bytes: Buffer, place: number, number: string): Buffer {
  const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  let begin = place;
  while (begin < bytes.length && !isDigit(bytes[begin])) begin++;
  let end = begin;
  while (isDigit(bytes[end])) end++;
  return Buffer.concat([bytes.subarray(0, begin), Buffer.from(number), bytes.subarray(end)]);
}

function replacedWord(bytes: Buffer, place: number, word: number, little: boolean): Buffer {
  if (place + 4 > bytes.length) return bytes;
  const copy = Buffer.from(bytes);
  if (little) copy.writeUInt32LE(word, place);
  else copy.writeUInt32BE(word, place);
  return copy;
}

/** The beginning of an input for a message. */
function excerpt(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes.subarray(0, 400)).toString('latin1'));
}
