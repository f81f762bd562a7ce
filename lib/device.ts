import * as os from 'node:os';
import {DinfError} from './errors';

/** `auto`: the fastest that is there. `cuda:N`: the N-th CUDA device. */
export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/**
 * The device a solve will run on.
 *
 * @throws INVALID_ARGUMENT for a word that names no device; NO_SUCH_DEVICE for one this build or machine has not.
 */
export function chooseDevice(device: string): 'cpu' {
  if (!/^(auto|cpu|cuda(:\d+)?)$/.test(device)) {
    throw new DinfError('INVALID_ARGUMENT', `device must be auto, cpu, cuda or cuda:N, and is ${device}`);
  }
  if (device.startsWith('cuda')) {
    throw new DinfError('NO_SUCH_DEVICE', `this build has no CUDA backend, so there is no ${device}: use --device cpu or auto`);
  }
  return 'cpu';
}

/** Threads of a solve by default: one a core. In a service that must stay responsive under load, pass fewer. */
export function defaultThreads(): number {
  return os.availableParallelism();
}
