import {checkRoom} from './memory-left';

/** Values of one part; parts are joined at the end. */
const PART = 1 << 20;

/**
 * Numbers of a file that does not say how many there are, in typed memory: a plain array of a hundred million numbers ends the process.
 * Before more is taken, the memory that is left is looked at.
 */
export class GrowingValues<Values extends Float64Array | Uint32Array> {
  private readonly full: (Values | undefined)[] = [];
  private part: Values;
  private used = 0;

  /**
   * @param type of the values, `Float64Array` or `Uint32Array`
   * @param path of their file, for messages
   */
  constructor(
    private readonly type: new (count: number) => Values,
    private readonly path: string,
  ) {
    this.part = new type(64); // small files need no more
  }

  /** How many there are. */
  get length(): number {
    return this.full.length * PART + this.used;
  }

  /** @throws DinfError OUT_OF_MEMORY */
  push(value: number): void {
    if (this.used === this.part.length) this.grow();
    this.part[this.used++] = value;
  }

  /** All values; nothing can be added afterwards. */
  take(): Values {
    const {length} = this;
    this.full.push(this.part.subarray(0, this.used) as Values);
    this.part = new this.type(0);
    const all = new this.type(length);
    this.full.forEach((part, i) => {
      all.set(part!, i * PART);
      this.full[i] = undefined; // so that its memory can be used for what follows
    });
    return all;
  }

  private grow(): void {
    const {part} = this;
    if (part.length < PART) {
      this.part = new this.type(Math.min(PART, 4 * part.length));
      this.part.set(part);
      return;
    }
    // What is joined at the end takes as much again.
    checkRoom(this.path, (this.length + 2 * PART) * part.BYTES_PER_ELEMENT);
    this.full.push(part);
    this.part = new this.type(PART);
    this.used = 0;
  }
}
