/** Things that are dear to make and hold native memory, kept for whoever asks next: as many as their bytes allow, the latest used ones. */

/** What is kept. */
export interface Kept {
  /** Bytes that it holds. They may grow while it is in use. */
  readonly bytes: number;
  dispose(): void;
}

/** What is to be known of a cache. */
export interface CacheCounts {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
}

interface Entry<T> {
  readonly value: T;
  /** As it was when somebody last had it. */
  bytes: number;
  users: number;
  /** No longer found by its key: goes with its last user. */
  dropped: boolean;
}

/** A bounded cache whose entries are not disposed while somebody uses them. */
export class SolverCache<T extends Kept> {
  private readonly entries = new Map<string, Entry<T>>();
  private hits = 0;
  private misses = 0;

  constructor(private readonly most: number) {}

  get counts(): CacheCounts {
    return {entries: this.entries.size, bytes: this.bytes, hits: this.hits, misses: this.misses};
  }

  /** The value of a key, made where there is none, for as long as `use` runs. */
  async using<R>(key: string, make: () => T, use: (value: T) => Promise<R>): Promise<R> {
    const {value, release} = this.lease(key, make);
    let failed = true;
    try {
      const result = await use(value);
      failed = false;
      return result;
    } finally {
      release(failed);
    }
  }

  /**
   * Takes a value until it is released.
   *
   * @returns `release(failed)`: one that has failed is not given to others.
   */
  lease(key: string, make: () => T): {readonly value: T; readonly release: (failed?: boolean) => void} {
    let entry = this.entries.get(key);
    if (entry === undefined) this.misses += 1;
    else this.hits += 1;
    entry ??= {value: make(), bytes: 0, users: 0, dropped: false};
    this.entries.delete(key); // the latest used stand last
    this.entries.set(key, entry);
    const taken = entry;
    taken.users += 1;
    let released = false;
    return {
      value: taken.value,
      release: (failed = false) => {
        if (released) return;
        released = true;
        taken.users -= 1;
        if (failed && this.entries.get(key) === taken) this.drop(key);
        if (taken.dropped && taken.users === 0) taken.value.dispose();
        else taken.bytes = taken.value.bytes;
        this.evict();
      },
    };
  }

  /** Drops everything; what is in use goes with its last user. */
  clear(): void {
    for (const key of Array.from(this.entries.keys())) this.drop(key);
  }

  private get bytes(): number {
    let sum = 0;
    for (const {bytes} of this.entries.values()) sum += bytes;
    return sum;
  }

  private evict(): void {
    for (const key of Array.from(this.entries.keys())) {
      if (this.bytes <= this.most) return;
      this.drop(key);
    }
  }

  private drop(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    entry.dropped = true;
    if (entry.users === 0) entry.value.dispose();
  }
}
