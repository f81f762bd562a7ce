/** Text files line by line, whatever their size. */
import {DinfError} from '../base/errors';
import {openRegular, unreadableFile} from './read-file';

/** Characters of the longest line: a face of a hundred thousand corners. */
const MOST_LINE = 1 << 20;
/** Bytes that become lines at once: what is done with them should not keep the event loop for long. */
const BLOCK = 1 << 17;

/**
 * Hands over every line of a text file, without its end (`\n`, `\r\n` or `\r`), counted from 1; bytes are taken for Latin-1.
 *
 * @param expected what it should be, for messages
 * @throws DinfError FILE_NOT_FOUND; FILE_UNREADABLE, also for a line that is too long; what `take` throws
 */
export async function readLines(path: string, expected: string, take: (line: string, number: number) => void): Promise<void> {
  const {handle} = await openRegular(path, expected);
  try {
    const splitter = new LineSplitter(path, take);
    const block = Buffer.alloc(BLOCK);
    for (;;) {
      const {bytesRead} = await handle.read(block, 0, BLOCK);
      if (bytesRead === 0) break;
      splitter.push(block.toString('latin1', 0, bytesRead));
    }
    splitter.end();
  } catch (cause) {
    throw cause instanceof DinfError ? cause : unreadableFile(path, cause);
  } finally {
    await handle.close();
  }
}

/** The same of a text that is there already; see {@link readLines}. */
export function splitLines(text: string, name: string, take: (line: string, number: number) => void): void {
  const splitter = new LineSplitter(name, take);
  for (let at = 0; at < text.length; at += BLOCK) splitter.push(text.slice(at, at + BLOCK));
  splitter.end();
}

class LineSplitter {
  private rest = '';
  private number = 0;

  constructor(
    private readonly name: string,
    private readonly take: (line: string, number: number) => void,
  ) {}

  push(text: string): void {
    const all = this.rest + text;
    // A return at the very end may be the first half of a line's end.
    const lines = all.includes('\r') ? (all.endsWith('\r') ? all.slice(0, -1) : all).split(/\r\n|\n|\r/) : all.split('\n');
    this.rest = lines.pop()! + (all.endsWith('\r') ? '\r' : '');
    for (const line of lines) this.take(line, ++this.number);
    if (this.rest.length > MOST_LINE) {
      throw new DinfError(
        'FILE_UNREADABLE',
        `Cannot read ${this.name}: line ${this.number + 1} has more than ${MOST_LINE} characters. Give a text file with shorter lines.`,
      );
    }
  }

  end(): void {
    this.take(this.rest.replace(/\r$/, ''), ++this.number);
  }
}
