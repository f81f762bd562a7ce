/** The backends that every test of this folder runs on, and the one place that turns a backend into a session. */
import type {Problem} from '../../lib/problem';
import {Session} from '../../lib/session';

export type Dtype = 'float32' | 'float64';

export interface Backend {
  /** Also the `device` that `solve` is asked for. */
  readonly name: 'cpu';
  readonly dtypes: readonly Dtype[];
}

export const BACKENDS: readonly Backend[] = [{name: 'cpu', dtypes: ['float32', 'float64']}];

/** Distance from 1 to the next number. */
export const EPSILON: Readonly<Record<Dtype, number>> = {float32: 2 ** -23, float64: 2 ** -52};

export interface SessionOptions {
  readonly dtype?: Dtype;
  readonly threads?: number;
  readonly seed?: number;
}

/** Runs `work` on a native solver of the problem and frees it, whatever happens. */
export async function withSession<T>(
  _backend: Backend,
  problem: Problem,
  {dtype = 'float64', threads = 1, seed = 1}: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = new Session(problem.spec, {dtype, threads, seed});
  try {
    return await work(session);
  } finally {
    session.dispose();
  }
}
