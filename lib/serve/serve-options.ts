/** What a service is told, and its checks. */
import {DinfError} from '../base/errors';
import type {OptionChecks} from '../base/options';
import {checkChoice, checkFlag, checkInteger, checkList, checkName, checkNumber, checkOptions, checkPath} from '../base/options';
import {availableBytes} from '../compile/memory';
import {defaultThreads} from '../devices/cpu';

/** Levels of the log. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Options of {@link createServer}. */
export interface ServeOptions {
  /** Solves that run at once, and threads that they share. Default one a core. */
  threads?: number | undefined;
  /** Bytes that running solves may hold together. Default half of the machine's memory, or of the control group's. */
  memory?: number | undefined;
  /** Bytes that one solve may hold, factorisation included. Default an equal part of `memory`. */
  maxMemory?: number | undefined;
  /** Most requests that wait for their solve. Default 256. */
  queue?: number | undefined;
  /** Most of one caller that wait. Default an eighth of `queue`, at least 4. */
  queuePerCaller?: number | undefined;
  /** Bytes of a body of numbers (npy). Default 64 MiB. */
  maxBody?: number | undefined;
  /** Bytes of a JSON body. Default 1 MiB. */
  maxJson?: number | undefined;
  /** Seconds that a solve may run; requests may ask for fewer. Default 60. */
  maxSeconds?: number | undefined;
  /** Seconds that reading and compiling a problem may take. Default 5. */
  maxPoseSeconds?: number | undefined;
  /** Unknowns of a problem's first grid. Default 2^20. */
  maxUnknowns?: number | undefined;
  /** Samples of a problem. Default 2^23. */
  maxSamples?: number | undefined;
  /** Values of an answer: points of the grid, for each expression. Default 2^22. */
  maxValues?: number | undefined;
  /** Variations of one request. Default 65 536. */
  maxVariations?: number | undefined;
  /** Structures that are kept. Default 64. */
  maxStructures?: number | undefined;
  /** Seconds after which a structure that nobody used is forgotten. Default 3600. */
  structureSeconds?: number | undefined;
  /** Open connections. Default 1024. */
  maxConnections?: number | undefined;
  /** Tokens, one of which a caller must show. Default none: everybody is answered, and told apart by address. */
  tokens?: readonly string[] | undefined;
  /** Whether addresses are taken from `X-Forwarded-For`, of a proxy in front. Default false. */
  trustProxy?: boolean | undefined;
  /** Seconds that running solves have at the end, before they are ended with what they have. Default 30. */
  drainSeconds?: number | undefined;
  /**
   * Folder for the checkpoints of solves that the end of the service cuts: of those that go on from a saved field, such as Adam and solves on a given grid.
   * The same request goes on from there. It is made where it is missing; checkpoints older than a day are deleted when a service begins. Default: none are saved.
   */
  checkpoints?: string | undefined;
  /** Default `info`. */
  logLevel?: (typeof LOG_LEVELS)[number] | undefined;
  /** Folder of the live page. Default: the package's own. */
  page?: string | undefined;
}

/** All options, decided. */
export type ServeSettings = {readonly [Name in Exclude<keyof ServeOptions, 'checkpoints'>]-?: NonNullable<ServeOptions[Name]>} & {
  readonly checkpoints?: string;
};

const bytes = (value: unknown, name: string): number => checkInteger(value, name, 1);

/** What stands after `Bearer` in a header. */
function checkToken(value: unknown, name: string): string {
  const token = checkName(value, name);
  // The token itself is not for messages.
  if (/^[\x21-\x7e]{1,1024}$/.test(token)) return token;
  throw new DinfError('INVALID_ARGUMENT', `${name} must have 1 to 1024 characters of ASCII, none of them a space`);
}

const CHECKS: OptionChecks<ServeOptions> = {
  threads: (value, name) => checkInteger(value, name, 1, 1024),
  memory: bytes,
  maxMemory: bytes,
  queue: (value, name) => checkInteger(value, name, 0, 1e6),
  queuePerCaller: (value, name) => checkInteger(value, name, 0, 1e6),
  maxBody: bytes,
  maxJson: bytes,
  maxSeconds: (value, name) => checkNumber(value, name, 0.01, 1e6),
  maxPoseSeconds: (value, name) => checkNumber(value, name, 0.01, 3600),
  maxUnknowns: bytes,
  maxSamples: bytes,
  maxValues: bytes,
  maxVariations: bytes,
  maxStructures: (value, name) => checkInteger(value, name, 0, 1e6),
  structureSeconds: (value, name) => checkNumber(value, name, 0.01),
  maxConnections: bytes,
  tokens: (value, name) => checkList(value, name, checkToken, 1),
  trustProxy: checkFlag,
  drainSeconds: (value, name) => checkNumber(value, name, 0, 1e6),
  logLevel: (value, name) => checkChoice(value, name, LOG_LEVELS),
  checkpoints: checkPath,
  page: checkPath,
};

/** @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION */
export function serveSettings(options: unknown, page: string): ServeSettings {
  const given = checkOptions<ServeOptions>(options, 'createServer', CHECKS);
  const {threads = defaultThreads(), memory = Math.floor(availableBytes() / 2), queue = 256} = given;
  const defaults: ServeSettings = {
    ...{threads, memory, queue},
    maxMemory: Math.floor(memory / threads),
    queuePerCaller: Math.max(4, Math.floor(queue / 8)),
    maxBody: 64 * 2 ** 20,
    maxJson: 2 ** 20,
    maxSeconds: 60,
    maxPoseSeconds: 5,
    maxUnknowns: 2 ** 20,
    maxSamples: 2 ** 23,
    maxValues: 2 ** 22,
    maxVariations: 65_536,
    maxStructures: 64,
    structureSeconds: 3600,
    maxConnections: 1024,
    tokens: [],
    trustProxy: false,
    drainSeconds: 30,
    logLevel: 'info',
    page,
  };
  return {...defaults, ...given};
}
