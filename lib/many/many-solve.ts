/** A running solve of many variations: their solutions as they finish, or all of them. */
import type {VariationSolution} from './variation-solution';

/**
 * A promise of all solutions in the order of the variations, and an async iterator of them in the order in which they finish. The iterator
 * takes variations from their source as it goes, and waits for its consumer: no more than a few batches are in memory. Leaving it early
 * stops what runs. One of the two, once.
 */
export class ManySolve<U extends string = string>
  implements PromiseLike<VariationSolution<U>[]>, AsyncIterable<VariationSolution<U>>
{
  private all: Promise<VariationSolution<U>[]> | undefined;
  private taken = false;

  /** @internal */
  constructor(private readonly start: () => AsyncGenerator<VariationSolution<U>, void, undefined>) {}

  then<A = VariationSolution<U>[], B = never>(
    fulfilled?: ((value: VariationSolution<U>[]) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.all ??= this.collect()).then(fulfilled, rejected);
  }

  [Symbol.asyncIterator](): AsyncGenerator<VariationSolution<U>, void, undefined> {
    if (this.taken) throw new TypeError('the solutions of a ManySolve are iterated once: keep them, or call solveMany again');
    this.taken = true;
    return this.start();
  }

  private async collect(): Promise<VariationSolution<U>[]> {
    const solutions: VariationSolution<U>[] = [];
    for await (const solution of this) solutions[solution.index] = solution;
    return solutions;
  }
}
