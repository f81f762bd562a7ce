/** Errors as answers: a status, a stable code and a message that says nothing of the machine. */
import type {DinfErrorCode} from '../base/errors';
import {DinfError} from '../base/errors';
import {QueueFull} from '../pool/queue-full';

/** What is no error of the package: of HTTP itself. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retrySeconds?: number,
  ) {
    super(message);
  }
}

/** An answer to an error. */
export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Seconds after which to come again. */
  readonly retrySeconds?: number | undefined;
  /** Whether it is ours, and belongs in the log. */
  readonly ours: boolean;
}

/** Statuses of errors that are about what was asked for; the others are ours. */
const STATUS: Partial<Record<DinfErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  UNKNOWN_OPTION: 400,
  UNKNOWN_SYMBOL: 400,
  SYNTAX: 400,
  ORDER_TOO_HIGH: 400,
  EXPRESSION_TOO_LARGE: 422,
  OUT_OF_DOMAIN: 400,
  NON_FINITE: 400,
  FILE_UNREADABLE: 400,
  IMAGE_TOO_SMALL: 400,
  OUT_OF_MEMORY: 413,
  QUEUE_FULL: 429,
  TIME_LIMIT: 408,
  ABORTED: 503,
  DISPOSED: 503,
};

/** Of errors that fastify makes itself. */
const OWN: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHORIZED',
  404: 'NOT_FOUND',
  408: 'TIME_LIMIT',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'QUEUE_FULL',
  503: 'SHUTTING_DOWN',
};

export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) {
    const {status, code, message, retrySeconds} = error;
    return {status, code, message, retrySeconds, ours: false};
  }
  if (error instanceof QueueFull)
    return {status: 429, code: error.code, message: error.message, retrySeconds: error.retrySeconds, ours: false};
  if (error instanceof DinfError) {
    const status = STATUS[error.code];
    if (status === undefined) return internal(error.code);
    const ended = error.code === 'ABORTED' || error.code === 'DISPOSED';
    const message = ended ? 'the service is shutting down' : error.message;
    return {status, code: error.code, message, ours: false, ...(ended && {retrySeconds: 5})};
  }
  const {statusCode, message} = (error ?? {}) as {statusCode?: unknown; message?: unknown};
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 && typeof message === 'string')
    return {status: statusCode, code: OWN[statusCode] ?? 'INVALID_ARGUMENT', message, ours: false};
  return internal('INTERNAL');
}

const internal = (code: string): Failure => ({
  status: 500,
  code,
  message: 'something went wrong here: whoever runs this service finds it in the log, by the id of the request',
  ours: true,
});
