/** Problem files: equations, conditions and options as JSON. */
import {parseBytes} from '../base/bytes';
import {DinfError} from '../base/errors';
import {checkChoice} from '../base/options';
import {closest} from '../base/spelling';
import type {CaseOptions} from '../cases/case-options';
import {DECODER_NAMES, decoderOf, parseIterations, parseOptimizers, parseResolution} from '../cases/case-options';
import {FIELD_NAMES} from '../cases/definition';
import {isInside} from '../files/inside-folder';
import {readFileChecked} from '../files/read-file';
import {INNER_NAMES} from '../optimizers';
import {parseEdge} from '../pose/field';
import {parseKernel} from '../pose/kernel';
import type {SolveOptions} from '../solve/solve';
import type {EquationProblemOptions} from './equation';
import type {EquationOptions} from './equation-options';

/** The contents of a problem file as texts: `equation`, `domain` and the like, and any of the options that all problems share. */
export interface ProblemTexts {
  /** What the file says of the equation; the command line may add what is missing. */
  readonly equation: Partial<EquationOptions>;
  /** Shared options by name, as they would be written on the command line. */
  readonly shared: Readonly<Record<string, string>>;
}

/** A problem file as options: `equation(file.problem)` poses it, and `file.solve` goes into its solve. */
export interface ProblemFile {
  /** Options of {@link equation}. */
  readonly problem: EquationProblemOptions;
  /** Precision and seed, where the file names them. */
  readonly solve: Pick<SolveOptions, 'dtype' | 'seed'>;
  /** Folder for outputs in the working folder, where the file names one. */
  readonly out?: string | undefined;
}

/** The longest problem file that is read: equations of people have some thousand characters. */
const MOST_BYTES = 1 << 20;

type Check = (value: unknown) => string | undefined;

const isText: Check = (value) => (typeof value === 'string' && value.trim() !== '' ? undefined : 'a text');
const isNumber: Check = (value) => (typeof value === 'number' && Number.isFinite(value) ? undefined : 'a number');
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => check(one) === undefined)
      ? undefined
      : `a list of which each is ${check(undefined)}`;
const recordOf =
  (check: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every((one) => check(one) === undefined)
      ? undefined
      : `an object in which each value is ${check(undefined)}`;
const either =
  (...checks: readonly Check[]): Check =>
  (value) => {
    const wanted = checks.map((check) => check(value));
    return wanted.includes(undefined) ? undefined : wanted.join(', or ');
  };
const isBounds: Check = (value) =>
  Array.isArray(value) && value.length === 2 && value.every((bound) => either(isNumber, isText)(bound) === undefined)
    ? undefined
    : '[LOWER, UPPER]';

/** Every key with what its value must be. */
const EQUATION_KEYS: Readonly<Record<string, Check>> = {
  equation: either(isText, listOf(isText)),
  domain: either(isText, recordOf(isBounds)),
  where: either(isText, listOf(isText)),
  unknowns: either(isText, listOf(isText)),
  uniform: recordOf(isNumber),
  exact: either(isText, recordOf(isText)),
  constraints: isText,
  boundaryWeight: isNumber,
  periodic: either(isText, listOf(isText)),
  windows: either(isNumber, isText),
  grading: isText,
};
const SHARED_KEYS: Readonly<Record<string, Check>> = {
  preset: isText,
  field: isText,
  width: isNumber,
  hiddenLayers: isNumber,
  kernel: isText,
  edge: either(isText, listOf(isText)),
  decoder: isText,
  resolution: either(isNumber, listOf(isNumber)),
  levels: isNumber,
  features: isNumber,
  optimizer: either(isText, listOf(isText)),
  iterations: either(isNumber, listOf(isNumber)),
  tolerance: isNumber,
  maxSeconds: isNumber,
  maxMemory: either(isNumber, isText),
  learningRate: isNumber,
  inner: isText,
  dtype: isText,
  seed: isNumber,
  out: isText,
};

/**
 * Reads a problem file.
 *
 * @throws DinfError FILE_NOT_FOUND, FILE_UNREADABLE; SYNTAX for what is no JSON, with line and column; UNKNOWN_OPTION for a key that nobody
 *   reads; INVALID_ARGUMENT for a value of the wrong kind, a file without equation or domain, or an 'out' that leads
 *   out of the working folder (rejects)
 */
export async function readProblemFile(path: string): Promise<ProblemFile> {
  const texts = await readProblemTexts(path);
  const file = problemOf(texts, path);
  await checkOut(texts.shared.out, path);
  return file;
}

/**
 * A problem that is in memory, by the keys of a problem file: what a service or a queue is sent.
 *
 * @param what names it in messages.
 * @throws DinfError as {@link readProblemFile}, but for files; UNKNOWN_OPTION for `out`, since nothing is written
 */
export function problemFromKeys(keys: unknown, what: string): ProblemFile {
  const texts = problemTexts(keys, what);
  if (!Object.hasOwn(texts.shared, 'out')) return problemOf(texts, what);
  throw new DinfError('UNKNOWN_OPTION', `${what}: 'out' is of problem files alone: nothing is written to a folder here`);
}

/** What a run takes of the shared keys of a problem, from their texts. */
export interface SharedValues {
  /** Options of the problem. */
  readonly options: CaseOptions;
  /** Precision and seed. */
  readonly solve: ProblemFile['solve'];
}

/**
 * Options that all problems share, by the keys of a problem file, such as `"kernel": "gauss:3"`.
 *
 * @param what names them in messages.
 * @throws DinfError UNKNOWN_OPTION, INVALID_ARGUMENT
 */
export function sharedFromKeys(keys: Readonly<Record<string, unknown>>, what: string): SharedValues {
  checkKeys(keys, SHARED_KEYS, what);
  return sharedValues(sharedTexts(keys), what);
}

/** Whether an option is one that all problems share. */
export const isSharedKey = (key: string): boolean => Object.hasOwn(SHARED_KEYS, key) && key !== 'out';

/** Whether a problem file has such a key. */
export const isProblemKey = (key: string): boolean => Object.hasOwn(EQUATION_KEYS, key) || Object.hasOwn(SHARED_KEYS, key);

/**
 * The texts of a problem file as options.
 *
 * @param path says in messages what they come from.
 * @throws DinfError INVALID_ARGUMENT
 */
export function problemOf({equation, shared}: ProblemTexts, path: string): ProblemFile {
  const {equations, domain} = equation;
  if (equations === undefined || domain === undefined) {
    const missing = equations === undefined ? 'equation' : 'domain';
    throw new DinfError(
      'INVALID_ARGUMENT',
      `${path} has no '${missing}': a problem says at least {"equation": ..., "domain": ...}`,
    );
  }
  const {options, solve} = sharedValues(shared, path);
  return {problem: {...equation, equations, domain, ...options}, solve, out: shared.out};
}

/** The options that all problems share, from texts. */
export function sharedValues(shared: Readonly<Record<string, string>>, path: string): SharedValues {
  const read = <T>(name: string, parse: (text: string) => T): T | undefined => {
    const text = shared[name] as string | undefined;
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (cause) {
      throw new DinfError('INVALID_ARGUMENT', `${path}: '${name}' is ${text}: ${(cause as Error).message}`, {cause});
    }
  };
  const choice =
    <T extends string>(name: string, choices: readonly T[]) =>
    (text: string): T =>
      checkChoice(text, name, [...choices]);
  const options: CaseOptions = {
    preset: read('preset', choice('preset', ['fast', 'paper'] as const)),
    field: read('field', choice('field', FIELD_NAMES)),
    width: read('width', Number),
    hiddenLayers: read('hiddenLayers', Number),
    kernel: read('kernel', parseKernel),
    edge: read('edge', parseEdge),
    decoder: read('decoder', (text) => decoderOf(choice('decoder', DECODER_NAMES)(text))),
    resolution: read('resolution', parseResolution),
    levels: read('levels', Number),
    features: read('features', Number),
    optimizer: read('optimizer', parseOptimizers),
    iterations: read('iterations', parseIterations),
    tolerance: read('tolerance', Number),
    maxSeconds: read('maxSeconds', Number),
    maxMemory: read('maxMemory', parseBytes),
    learningRate: read('learningRate', Number),
    inner: read('inner', choice('inner', INNER_NAMES)),
  };
  return {
    options,
    solve: {dtype: read('dtype', choice('dtype', ['float32', 'float64'] as const)), seed: read('seed', Number)},
  };
}

/**
 * Refuses a folder for outputs that a problem file may not choose: whoever writes the file must not decide what is written elsewhere on the
 * machine of its reader.
 *
 * @param out what the file says, if anything
 * @param path of the file
 * @throws DinfError INVALID_ARGUMENT for a place outside of the working folder, also by a link (rejects)
 */
export async function checkOut(out: string | undefined, path: string): Promise<void> {
  if (out === undefined || (await isInside('.', out))) return;
  throw new DinfError(
    'INVALID_ARGUMENT',
    `${path}: 'out' is ${out}, outside of the working folder, which a problem file may not choose: leave it out, and give --out ${out} if that is what you want`,
  );
}

/**
 * Reads a problem file as texts, for a command line whose own options come before it.
 *
 * @throws DinfError as {@link readProblemFile}, but for what is missing (rejects)
 */
export async function readProblemTexts(path: string): Promise<ProblemTexts> {
  const bytes = await readFileChecked(path, 'a problem file (JSON)', () => undefined, MOST_BYTES);
  return parseProblemFile(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), path);
}

/** Reads the contents of a problem file; see {@link readProblemTexts}. */
export function parseProblemFile(text: string, path: string): ProblemTexts {
  return problemTexts(parseJson(text.replace(/^\uFEFF/, ''), path), path);
}

function checkKeys(json: Readonly<Record<string, unknown>>, known: Readonly<Record<string, Check>>, path: string): void {
  const names = Object.keys(known);
  for (const [key, value] of Object.entries(json)) {
    if (!Object.hasOwn(known, key)) {
      const near = closest(key, names);
      throw new DinfError(
        'UNKNOWN_OPTION',
        `${path}: a problem has no '${key}'${near === undefined ? '.' : `, did you mean '${near}'?`} It has: ${names.join(', ')}`,
      );
    }
    const wanted = known[key](value);
    if (wanted !== undefined) {
      throw new DinfError('INVALID_ARGUMENT', `${path}: '${key}' must be ${wanted}, and is ${shown(value)}`);
    }
  }
}

/** The options that all problems share, as texts. */
const sharedTexts = (json: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.keys(SHARED_KEYS)
      .filter((key) => Object.hasOwn(json, key))
      .map((key) => [key, String(json[key])]), // a list joins with commas, as on the command line
  );

export function problemTexts(json: unknown, path: string): ProblemTexts {
  if (!isRecord(json))
    throw new DinfError('INVALID_ARGUMENT', `${path} is no problem: it must hold one object, {"equation": ...}`);
  checkKeys(json, {...EQUATION_KEYS, ...SHARED_KEYS}, path);
  const {equation, where, unknowns, domain, uniform, exact, constraints, boundaryWeight, periodic, windows, grading} = json;
  const given = {
    equations: equation === undefined ? undefined : ([equation].flat() as string[]),
    domain: domain as EquationOptions['domain'] | undefined,
    where: where === undefined ? undefined : ([where].flat() as string[]),
    unknowns: namesOf(unknowns),
    uniforms: uniform as Record<string, number> | undefined,
    exact: exact as EquationOptions['exact'],
    constraints: constraints as EquationOptions['constraints'],
    boundaryWeight: boundaryWeight as number | undefined,
    periodic: namesOf(periodic),
    windows: windows as EquationOptions['windows'],
    grading: grading as EquationOptions['grading'],
  };
  return {
    equation: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    shared: sharedTexts(json),
  };
}

/** A value as JSON for a message, cut where it is long. */
function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return 'nested too deeply'; // deeper than the stack
  }
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text;
}

const MOST_SHOWN = 200;

/** `u, v` or a list of names. */
function namesOf(given: unknown): string[] | undefined {
  return typeof given === 'string' ? given.split(',').map((name) => name.trim()) : (given as string[] | undefined);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = (cause as Error).message;
    const position = /at position (\d+)/.exec(message)?.[1];
    // The end of a cut file is told without a position.
    const before = text.slice(0, position === undefined ? undefined : Number(position)).split('\n');
    const place = `line ${before.length}, column ${before[before.length - 1].length + 1}`;
    throw new DinfError('SYNTAX', `${path} is no JSON (${place}): ${message}`, {cause});
  }
}
