import {DinfError} from '../errors';
import {closest} from '../expression/spelling';
import {readFileChecked} from '../report/read-file';
import type {EquationOptions} from './equation';

/** A problem file: what `--equation`, `--domain` and the like say, and any of the flags that all problems share. */
export interface ProblemFile {
  /** What the file says of the equation; the command line may add what is missing. */
  readonly equation: Partial<EquationOptions>;
  /** Shared flags by commander's names, as they would be written on the command line. */
  readonly shared: Readonly<Record<string, string>>;
}

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
};
const SHARED_KEYS: Readonly<Record<string, Check>> = {
  preset: isText,
  kernel: isText,
  edge: either(isText, listOf(isText)),
  decoder: isText,
  resolution: isNumber,
  levels: isNumber,
  features: isNumber,
  optimizer: either(isText, listOf(isText)),
  iterations: either(isNumber, listOf(isNumber)),
  tolerance: isNumber,
  learningRate: isNumber,
  dtype: isText,
  seed: isNumber,
  out: isText,
};

/**
 * Reads a problem file.
 *
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE; SYNTAX for what is no JSON, with line and column; UNKNOWN_OPTION for a key that nobody reads;
 *   INVALID_ARGUMENT for a value of the wrong kind
 */
export async function readProblemFile(path: string): Promise<ProblemFile> {
  const bytes = await readFileChecked(path, 'a problem file (JSON)', () => undefined);
  return parseProblemFile(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), path);
}

/** The contents of a problem file; see {@link readProblemFile}. */
export function parseProblemFile(text: string, path: string): ProblemFile {
  const json = parseJson(text.replace(/^\uFEFF/, ''), path);
  if (!isRecord(json))
    throw new DinfError('INVALID_ARGUMENT', `${path} is no problem: it must hold one object, {"equation": ...}`);
  const known = {...EQUATION_KEYS, ...SHARED_KEYS};
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
      throw new DinfError('INVALID_ARGUMENT', `${path}: '${key}' must be ${wanted}, and is ${JSON.stringify(value)}`);
    }
  }
  const {equation, where, unknowns, domain, uniform, exact, constraints, boundaryWeight, periodic} = json;
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
  };
  return {
    equation: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    shared: Object.fromEntries(
      Object.keys(SHARED_KEYS)
        .filter((key) => Object.hasOwn(json, key))
        .map((key) => [key, String(json[key])]), // a list joins with commas, as on the command line
    ),
  };
}

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
