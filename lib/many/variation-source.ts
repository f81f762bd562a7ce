/** Variations one after another, checked as they come. */
import type {Problem} from '../pose/problem';
import type {CheckedVariation, Variation} from './variation';
import {checkVariation} from './variation';

/** A variation and its place among all. */
export interface Numbered {
  readonly index: number;
  readonly variation: CheckedVariation;
}

/** Variations one after another, checked as they come. */
export class VariationSource {
  private readonly iterator: Iterator<Variation> | AsyncIterator<Variation>;
  private next = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private ended = false;

  constructor(
    variations: Iterable<Variation> | AsyncIterable<Variation>,
    private readonly problem: Problem,
  ) {
    const several = Symbol.asyncIterator in variations ? variations[Symbol.asyncIterator]() : undefined;
    this.iterator = several ?? (variations as Iterable<Variation>)[Symbol.iterator]();
  }

  /** At most so many, in their order. */
  take(count: number): Promise<Numbered[]> {
    const taken = this.turn.then(() => this.collect(count));
    this.turn = taken.catch(() => undefined);
    return taken;
  }

  /** Tells the source that no more are taken: a generator's `finally` runs. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.iterator.return?.();
  }

  private async collect(count: number): Promise<Numbered[]> {
    const batch: Numbered[] = [];
    while (batch.length < count && !this.ended) {
      const given = this.iterator.next();
      const result: IteratorResult<unknown> = given instanceof Promise ? await given : given;
      const {done, value} = result as {done?: boolean; value: unknown};
      if (done === true) {
        this.ended = true;
        break;
      }
      const index = this.next++;
      batch.push({index, variation: checkVariation(value, this.problem.spec, `variation ${index}`)});
    }
    return batch;
  }
}
