/** The backends that every test of this folder runs on, and the one place that turns a backend into a session. */
import {chooseDevice, deviceOptions} from '../../lib/devices';
import {cudaDriver} from '../../lib/devices/cuda';
import type {Problem} from '../../lib/pose/problem';
import {Session} from '../../lib/solve/session';

export type Dtype = 'float32' | 'float64';

export interface Backend {
  /** Also the `device` that `solve` is asked for. */
  readonly name: 'cpu' | 'cuda';
  readonly dtypes: readonly Dtype[];
}

/** In Jest's projects `cuda-emulated` and `cuda-ptx` the addon is the one of build/emulated or build/ptx, whose CUDA device runs on the host. */
export const EMULATED = /[\\/](emulated|ptx)[\\/]/.test(process.env.DINF_GRID_ADDON ?? '');
const DTYPES = ['float32', 'float64'] as const;
const CPU: Backend = {name: 'cpu', dtypes: DTYPES};
const MISSING = cudaDriver().missing();
const CUDA: readonly Backend[] = MISSING === undefined ? [{name: 'cuda', dtypes: DTYPES}] : [];

export const ALL_BACKENDS: readonly Backend[] = [CPU, ...CUDA];
/** DINF_TEST_BACKEND=cuda: that one alone, as on a machine with a GPU where the CPU has been tested already. */
const WANTED = EMULATED ? 'cuda' : process.env.DINF_TEST_BACKEND;
/** All, but on the emulated device not the CPU once more. */
export const BACKENDS: readonly Backend[] = ALL_BACKENDS.filter(({name}) => WANTED === undefined || name === WANTED);
if (BACKENDS.length === 0)
  throw new Error(`DINF_TEST_BACKEND is ${WANTED ?? ''}: ${MISSING?.reason ?? 'cpu or cuda are the backends'}`);

/** Distance from 1 to the next number. */
export const EPSILON: Readonly<Record<Dtype, number>> = {float32: 2 ** -23, float64: 2 ** -52};

export interface SessionOptions {
  readonly dtype?: Dtype;
  readonly threads?: number;
  readonly seed?: number;
  /** Whether decoders are multiplied into their grids from the start. */
  readonly folded?: boolean;
}

/** Runs `work` on a native solver of the problem and frees it, whatever happens. */
export async function withSession<T>(
  backend: Backend,
  problem: Problem,
  {dtype = 'float64', threads = 1, seed = 1, folded = false}: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = new Session(problem.spec, {dtype, threads, seed, folded, ...deviceOptions(chooseDevice(backend.name))});
  try {
    return await work(session);
  } finally {
    session.dispose();
  }
}
