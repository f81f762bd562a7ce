import type {NativeCudaStatus} from '../native';
import {addon} from '../native';
import type {Driver, Missing} from './driver';
import {gibibytes} from './driver';

/** What there is to say of CUDA. */
export interface CudaInfo {
  /** `ready`, or what is missing and what to do. */
  cuda: string;
  /** Version of the CUDA toolkit as NVIDIA writes it; null where the build has no CUDA. */
  cudaToolkit: string | null;
  /** Highest CUDA version of the driver; null where none is installed. */
  cudaDriver: string | null;
  /** Compute capabilities that this build has machine code for, such as `75 80 90`. */
  cudaArchitectures: string;
  /** The CUDA devices that are there. `memory` and `free` are in bytes; `free` is null where it is unknown. */
  cudaDevices: {
    name: string;
    device: string;
    computeCapability: string;
    multiprocessors: number;
    memory: number;
    free: number | null;
  }[];
}

let found: NativeCudaStatus | undefined;
let looking: Promise<NativeCudaStatus> | undefined;

/** The CUDA devices of this machine as this build sees them: asked once a process, without a context on any. */
export function cudaStatus(): NativeCudaStatus {
  found ??= addon().cudaStatus();
  return found;
}

/** Asks for them off the main thread, where nobody has. */
async function lookForCuda(): Promise<void> {
  if (found !== undefined) return;
  looking ??= addon().lookForCuda();
  found = await looking;
}

/** Whether a build has code for a device: builds hold PTX of the oldest that they have machine code for, which the driver compiles for all newer ones. */
function serves(architectures: string, {computeMajor, computeMinor}: NativeCudaStatus['devices'][number]): boolean {
  // The emulated device of the tests runs what the host's compiler made.
  if (architectures === 'emulated') return true;
  const device = 10 * computeMajor + computeMinor;
  const built = architectures.split(/\s+/).map(Number);
  return device >= Math.min(...built);
}

const ANOTHER = 'use another device, or --device cpu or auto';

/** Why a device that is there cannot be used. */
function unusable(status: NativeCudaStatus, index: number, lost: (index: number) => boolean): Missing | undefined {
  const device = status.devices[index];
  if (lost(index)) {
    const reason = `cuda:${index} (${device.name}) has failed in this process`;
    return {reason, advice: `start a new process, or ${ANOTHER}`, code: 'DEVICE_LOST'};
  }
  if (serves(status.architectures, device)) return undefined;
  const capability = `${device.computeMajor}.${device.computeMinor}`;
  const reason = `cuda:${index} (${device.name}) has compute capability ${capability}, and this build has code for ${status.architectures.split(/\s+/).join(', ')}`;
  return {reason, advice: `build it for ${10 * device.computeMajor + device.computeMinor} where nvcc is, or ${ANOTHER}`};
}

function missingFrom(status: NativeCudaStatus, lost: (index: number) => boolean, index?: number): Missing | undefined {
  if (!status.built) {
    const advice = "build it where nvcc is ('npx dinf-grid build'), or use --device cpu or auto";
    return {reason: 'this build has no CUDA backend', advice};
  }
  if (status.devices.length > 0) {
    if (index !== undefined) return unusable(status, index, lost);
    const reasons = status.devices.map((_, i) => unusable(status, i, lost));
    return reasons.includes(undefined) ? undefined : reasons[0];
  }
  const reason = status.reason === '' ? 'no CUDA device visible' : status.reason;
  if (status.driverVersion === 0) return {reason, advice: 'install the NVIDIA driver, or use --device cpu or auto'};
  if (reason.includes('too old')) return {reason, advice: 'update the NVIDIA driver, or use --device cpu or auto'};
  return {reason, advice: 'check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu or auto'};
}

const isLost = (index: number): boolean => addon().cudaLost(index);

/** What there is to say of CUDA. */
export function cudaInfo(status = cudaStatus(), lost = isLost): CudaInfo {
  const missing = missingFrom(status, lost);
  return {
    cuda: missing === undefined ? 'ready' : `${missing.reason}: ${missing.advice}`,
    cudaToolkit: versionName(status.toolkitVersion),
    cudaDriver: versionName(status.driverVersion),
    cudaArchitectures: status.architectures,
    cudaDevices: status.devices.map((device, i) => ({
      device: `cuda:${i}`,
      name: device.name,
      computeCapability: `${device.computeMajor}.${device.computeMinor}`,
      multiprocessors: device.multiprocessors,
      memory: device.memory,
      free: device.free < 0 ? null : device.free,
    })),
  };
}

function factsOf({cuda, cudaToolkit, cudaDriver: driver, cudaArchitectures, cudaDevices}: CudaInfo): [string, string][] {
  const unseen = cudaToolkit === null ? 'not looked for' : 'no NVIDIA driver installed';
  return [
    ['cuda', cuda],
    ['CUDA toolkit', cudaToolkit === null ? 'not built in' : `${cudaToolkit}, code for ${cudaArchitectures}`],
    ['NVIDIA driver', driver === null ? unseen : `for CUDA ${driver}`],
    ...cudaDevices.map(({device, name, computeCapability, multiprocessors, memory, free}): [string, string] => {
      const left = free === null ? '' : `, ${gibibytes(free)} free`;
      return [
        device,
        `${name}, compute capability ${computeCapability}, ${multiprocessors} multiprocessors, ${gibibytes(memory)}${left}`,
      ];
    }),
  ];
}

/**
 * NVIDIA's devices.
 *
 * @param status what there is, default asked of the machine, and only when something is asked of the driver.
 * @param lost whether a device has failed in this process.
 */
export function cudaDriver(status: () => NativeCudaStatus = cudaStatus, lost = isLost): Driver {
  return {
    name: 'cuda',
    title: 'CUDA',
    several: true,
    count: () => status().devices.length,
    missing: (index) => missingFrom(status(), lost, index),
    look: lookForCuda,
    facts: () => factsOf(cudaInfo(status(), lost)),
  };
}

/** `13.0` of 13000. */
const versionName = (version: number): string | null =>
  version === 0 ? null : `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
