/** Values of options as the command line writes them. */
import {InvalidArgumentError} from 'commander';
import {DinfError} from '../base/errors';

/** Commander prints what an InvalidArgumentError says; ours say more than its own. */
export function usage<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof DinfError ? new InvalidArgumentError(error.message) : error;
    }
  };
}

/** A whole number of at least `least`. */
export function whole(name: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`${name} is a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** A number of at least `least`. */
export function numeric(name: string, least = 0): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least)
      throw new InvalidArgumentError(`${name} is a number of at least ${least}.`);
    return value;
  };
}

/** Every value of an option that may be repeated. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** The command that runs, as a shell would take it again. */
export function commandLine(): string {
  return ['dinf-grid', ...process.argv.slice(2).map(quoted)].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
