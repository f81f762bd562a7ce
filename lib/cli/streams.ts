/**
 * Standard output and error as the readers at their other ends leave them. A reader that has seen enough, such as `head`, or a terminal that was
 * closed, is no reason to lose a solve: what is written then goes nowhere. A disk that is full is a failure like any other.
 */
import {fstatSync, writeFileSync} from 'node:fs';
import {DinfError} from '../base/errors';
import {errorCode, errorMessage} from '../files/system-error';

/** What says that nobody reads any more: a closed pipe, a terminal that is gone, and what follows from it. */
const LEFT: ReadonlySet<string> = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'ENXIO', 'ERR_STREAM_DESTROYED']);

/** Watches both streams of the process. */
export class Streams {
  private failure: unknown;

  constructor() {
    for (const stream of [process.stdout, process.stderr]) {
      if (isFile(stream)) writeWhole(stream);
      stream.on('error', (error) => {
        if (!LEFT.has(errorCode(error))) this.failure ??= error;
      });
    }
  }

  /** What went wrong with what was written so far, if anything did; waits until it has been. */
  async failed(): Promise<DinfError | undefined> {
    await Promise.all([process.stdout, process.stderr].map(flushed));
    if (this.failure === undefined) return undefined;
    const {failure} = this;
    return new DinfError('FILE_UNWRITABLE', `cannot write to stdout or stderr: ${errorMessage(failure)}`, {cause: failure});
  }
}

/** A stream of the process; the types of Node leave out what it writes to. */
type ProcessStream = NodeJS.WriteStream & {readonly fd: number};

function isFile({fd}: ProcessStream): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false; // closed before the process began
  }
}

/**
 * Node asks once to have a text written to a file, and does not look how much of it was: on a disk that it fills the rest would be lost,
 * and nobody told.
 */
function writeWhole(stream: ProcessStream): void {
  stream._write = (chunk: Uint8Array, _, done) => {
    try {
      writeFileSync(stream.fd, chunk); // at where the file stands, until all is written
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else
      stream.write('', () => {
        setImmediate(resolve); // an error is told after the callback
      });
  });
}
