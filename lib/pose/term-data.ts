/** Per-sample numbers of a term: held as they are, or computed whenever they are wanted. */
import {createHash} from 'node:crypto';
import {endianness} from 'node:os';
import {DinfError} from '../base/errors';
import {checkFinite, checkNumbers} from '../base/options';

/** One value a sample, in the order of the samples. */
export type TermData = Float64Array | ComputedData;

/** What gives the values of {@link ComputedData}: the same ones each time. */
export type DataSource = () => ArrayLike<number>;

/** Values that nobody holds: what they come from, such as an image, takes less memory than they do. */
export class ComputedData {
  private known: string | undefined;

  /** @param name says in messages what they are. */
  constructor(
    private readonly name: string,
    readonly length: number,
    private readonly source: DataSource,
    /** Whether {@link values} can only throw. */
    readonly isAbsent = false,
  ) {}

  /**
   * Data of which a file holds no more than the digest, enough to tell whether a problem that is posed again has the same.
   *
   * @throws (later, {@link values}) INVALID_ARGUMENT
   */
  static absent(name: string, length: number, digest: string): ComputedData {
    const source = (): never => {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${name}: a saved field holds no values of data that were computed: pose the problem anew from what they came from, and give the file as resume`,
      );
    };
    const data = new ComputedData(name, length, source, true);
    data.known = digest;
    return data;
  }

  /**
   * Computes them.
   *
   * @throws DinfError INVALID_ARGUMENT, NON_FINITE for values that are not as many numbers
   */
  values(): Float64Array {
    const given = this.source();
    const values = given instanceof Float64Array ? given : checkNumbers(given, this.name);
    if (values.length !== this.length) {
      throw new DinfError('INVALID_ARGUMENT', `${this.name} has ${values.length} values for ${this.length} samples`);
    }
    checkFinite(values, this.name);
    return values;
  }

  /** Tells values apart: SHA-256 of them as little-endian float64, in hexadecimal digits. */
  get digest(): string {
    return (this.known ??= digestOf(this.values()));
  }
}

/** The values of a term's data, computed where nobody holds them. */
export function valuesOf(data: TermData): Float64Array {
  return data instanceof ComputedData ? data.values() : data;
}

/** See {@link ComputedData.digest}. */
export function digestOf(data: TermData): string {
  if (data instanceof ComputedData) return data.digest;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const hash = createHash('sha256');
  return hash.update(endianness() === 'LE' ? bytes : Buffer.from(bytes).swap64()).digest('hex');
}
