/** Signals that ask a command to stop and keep what it has; asked twice, to end at once. */
import type {DinfError} from '../base/errors';

/** The signals, and the exit code of a process that each of them ended: 128 and the signal's number. */
const CODES = {SIGHUP: 129, SIGINT: 130, SIGTERM: 143} as const;

/** A listener for these signals. */
export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** The exit code of a command that was interrupted: that of the signal which did it. */
  readonly code: number;
  /** Gives the signals back to the process. */
  stop(): void;
}

/** Takes the signals from the process until it is stopped. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let code: number = CODES.SIGINT;
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(CODES[name as keyof typeof CODES]);
    code = CODES[name as keyof typeof CODES];
    controller.abort(new Interrupted(code));
  };
  for (const name of Object.keys(CODES)) process.on(name, interrupt);
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    stop: () => {
      for (const name of Object.keys(CODES)) process.off(name, interrupt);
    },
  };
}

/** The reason of an abortion by a signal. */
class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super('interrupted by a signal');
  }
}

/** The exit code that an error asks for where a signal is behind it. */
export function interruptedCode(error: DinfError): number {
  return error.cause instanceof Interrupted ? error.cause.exitCode : CODES.SIGINT;
}
