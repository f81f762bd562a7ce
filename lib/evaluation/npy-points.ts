import {endianness} from 'node:os';
import {DinfError} from '../base/errors';
import {readNpyHeader} from '../files/npy';
import {fill, openRegular, unreadableFile} from '../files/read-file';
import type {Batch, PointSource} from './source';
import {BATCH} from './source';

/**
 * Points from a `.npy` file, shape (n, d), float32 or float64, row-major or Fortran order; with one coordinate (n) will do. Only a batch
 * of it is in memory. In float32 a bound of the domain such as π is rounded: values within that rounding of a bound are taken as the bound.
 *
 * @throws FILE_NOT_FOUND; FILE_UNREADABLE, also while it is read, naming the point that is not finite.
 */
export async function npyPoints(
  file: string,
  domain: readonly {readonly name: string; readonly lower: number; readonly upper: number}[],
): Promise<PointSource> {
  const d = domain.length;
  const {shape, size, offset, fortran} = await readNpyHeader(file);
  const flat = shape.length === 1 && d === 1;
  if (!flat && (shape.length !== 2 || shape[1] !== d)) {
    throw new DinfError(
      'FILE_UNREADABLE',
      `Cannot read the points of ${file}: its shape is (${shape.join(', ')}), and must be (n, ${d}) for the coordinates ${domain.map(({name}) => name).join(', ')}.`,
    );
  }
  const n = shape[0];
  if (n === 0) throw new DinfError('FILE_UNREADABLE', `Cannot read the points of ${file}: it holds no points.`);
  const columns = fortran && d > 1;

  async function* batches(onProgress?: (part: number) => void): AsyncGenerator<Batch> {
    const {handle} = await openRegular(file, 'a .npy file');
    try {
      const values = async (begin: number, count: number): Promise<Float32Array | Float64Array> => {
        const bytes = Buffer.from(new ArrayBuffer(count * size));
        const filled = await fill(handle, bytes, offset + begin * size);
        if (filled < bytes.length) throw new DinfError('FILE_UNREADABLE', `Cannot read the points of ${file}: it is cut off.`);
        if (endianness() === 'BE') (size === 4 ? bytes.swap32.bind(bytes) : bytes.swap64.bind(bytes))();
        return size === 4 ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
      };
      for (let first = 0; first < n; first += BATCH) {
        const count = Math.min(BATCH, n - first);
        const points = new Float64Array(count * d);
        if (!columns) points.set(await values(first * d, count * d));
        else {
          for (let k = 0; k < d; k++) (await values(k * n + first, count)).forEach((value, i) => (points[i * d + k] = value));
        }
        const place = (i: number): string => `points[${first + i}]`;
        points.forEach((value, i) => {
          const {name, lower, upper} = domain[i % d];
          if (!Number.isFinite(value)) {
            throw new DinfError(
              'FILE_UNREADABLE',
              `Cannot read the points of ${file}: ${place(Math.floor(i / d))} has ${name} = ${value}.`,
            );
          }
          if (size !== 4) return;
          if (value === Math.fround(lower)) points[i] = Math.max(value, lower);
          if (value === Math.fround(upper)) points[i] = Math.min(value, upper);
        });
        yield {points, count, first, place};
        onProgress?.((first + count) / n);
      }
    } catch (cause) {
      throw cause instanceof DinfError ? cause : unreadableFile(file, cause);
    } finally {
      await handle.close();
    }
  }
  return {name: file, shape: [n], batches};
}
