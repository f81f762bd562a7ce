import * as os from 'node:os';
import {DinfError} from './errors';
import type {NativeCudaStatus} from './native';
import {addon} from './native';

/** `auto`: the fastest that is there. `cuda:N`: the N-th CUDA device. */
export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/** Where a solve runs. */
export interface ChosenDevice {
  kind: 'cpu' | 'cuda';
  /** Among devices of its kind, from 0. */
  index: number;
  /** `cpu` or `cuda:N`: what solutions and the command line show. */
  name: 'cpu' | `cuda:${number}`;
}

const CPU: ChosenDevice = {kind: 'cpu', index: 0, name: 'cpu'};

let found: NativeCudaStatus | undefined;

/** The CUDA devices of this machine as this build sees them: asked once a process, without a context on any. */
export function cudaStatus(): NativeCudaStatus {
  found ??= addon().cudaStatus();
  return found;
}

/** Why there is no CUDA device to solve on, and what to do about it; undefined where there is one. */
export function missingCuda(cuda: NativeCudaStatus): {reason: string; advice: string} | undefined {
  if (!cuda.built) {
    const advice = "build it where nvcc is ('npm rebuild dinf-grid'), or use --device cpu or auto";
    return {reason: 'this build has no CUDA backend', advice};
  }
  if (cuda.devices.length > 0) return undefined;
  const reason = cuda.reason === '' ? 'no CUDA device visible' : cuda.reason;
  if (cuda.driverVersion === 0) return {reason, advice: 'install the NVIDIA driver, or use --device cpu or auto'};
  if (reason.includes('too old')) return {reason, advice: 'update the NVIDIA driver, or use --device cpu or auto'};
  return {reason, advice: 'check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu or auto'};
}

/**
 * The device a solve will run on: with `auto` the first CUDA device, or the CPU where there is none to solve on.
 *
 * @param status what there is; by default asked of the machine, and only for other words than `cpu`
 * @throws INVALID_ARGUMENT for a word that names no device; NO_SUCH_DEVICE for one this build or machine has not.
 */
export function chooseDevice(device: string, status?: NativeCudaStatus): ChosenDevice {
  if (!/^(auto|cpu|cuda(:\d+)?)$/.test(device)) {
    throw new DinfError('INVALID_ARGUMENT', `device must be auto, cpu, cuda or cuda:N, and is ${device}`);
  }
  if (device === 'cpu') return CPU;
  const there = status ?? cudaStatus();
  const missing = missingCuda(there);
  if (missing !== undefined) {
    if (device === 'auto') return CPU;
    throw new DinfError('NO_SUCH_DEVICE', `${missing.reason}, so there is no ${device}: ${missing.advice}`);
  }
  const index = device.startsWith('cuda:') ? Number(device.slice('cuda:'.length)) : 0;
  const count = there.devices.length;
  if (index >= count) {
    const last = count === 1 ? 'the only CUDA device is cuda:0' : `the CUDA devices are cuda:0 to cuda:${count - 1}`;
    throw new DinfError('NO_SUCH_DEVICE', `there is no ${device}: ${last}`);
  }
  return {kind: 'cuda', index, name: `cuda:${index}`};
}

/** How a {@link Session} is told the device. */
export function deviceOptions({kind, index}: ChosenDevice): {cudaDevice: number} {
  return {cudaDevice: kind === 'cuda' ? index : -1};
}

/** Threads of a solve by default: one a core. In a service that must stay responsive under load, pass fewer. */
export function defaultThreads(): number {
  return os.availableParallelism();
}
