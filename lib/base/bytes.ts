/** Numbers of bytes as people write and read them. */
import {DinfError} from './errors';

const UNITS: Readonly<Record<string, number>> = {'': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30};

/**
 * Reads a number of bytes, such as `2GB`, `500 MB`, `1.5GiB` or `1e9`.
 *
 * @throws DinfError INVALID_ARGUMENT
 */
export function parseBytes(text: string): number {
  const [, number, unit] = /^\s*([\d.]+(?:e\d+)?)\s*([kMG]i?|)B?\s*$/.exec(text) ?? [];
  const bytes = Math.round(Number(number) * UNITS[unit]);
  if (!(bytes >= 1 && Number.isSafeInteger(bytes)))
    throw new DinfError('INVALID_ARGUMENT', `'${text}' is no number of bytes: write 2GB, 500MB or 1.5GiB`);
  return bytes;
}

/** As `1.5 GB`. */
export function bytesText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${(bytes / 1e9).toPrecision(3)} GB`;
}
