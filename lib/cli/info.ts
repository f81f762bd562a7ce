/** What `dinf-grid info` says: versions, this machine's devices, and what is missing for CUDA. */
import * as os from 'node:os';
import {chooseDevice, cudaStatus, missingCuda} from '../device';
import {availableBytes} from '../memory';
import {addon} from '../native';

export interface Info {
  version: string;
  node: string;
  platform: string;
  cpu: string;
  threads: number;
  instructionSet: string;
  /** GiB that a solve may take now. */
  memory: string;
  compiler: string;
  /** What `device: 'auto'` takes. */
  device: string;
  /** `ready`, or what is missing and what to do. */
  cuda: string;
  /** Versions as NVIDIA writes them; null: not built in, not installed. */
  cudaToolkit: string | null;
  cudaDriver: string | null;
  /** Compute capabilities that this build has machine code for, such as `75 80 90`. */
  cudaArchitectures: string;
  cudaDevices: {
    name: string;
    device: string;
    computeCapability: string;
    multiprocessors: number;
    memory: number;
    free: number | null;
  }[];
}

export function describe(version: string, cuda = cudaStatus()): Info {
  const {instructionSet, hardwareThreads, compiler} = addon().buildInfo();
  const missing = missingCuda(cuda);
  return {
    version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    threads: hardwareThreads,
    instructionSet,
    memory: gibibytes(availableBytes()),
    compiler,
    device: chooseDevice('auto', cuda).name,
    cuda: missing === undefined ? 'ready' : `${missing.reason}: ${missing.advice}`,
    cudaToolkit: versionName(cuda.toolkitVersion),
    cudaDriver: versionName(cuda.driverVersion),
    cudaArchitectures: cuda.architectures,
    cudaDevices: cuda.devices.map((device, i) => ({
      device: `cuda:${i}`,
      name: device.name,
      computeCapability: `${device.computeMajor}.${device.computeMinor}`,
      multiprocessors: device.multiprocessors,
      memory: device.memory,
      free: device.free < 0 ? null : device.free,
    })),
  };
}

/** One line a fact. */
export function infoLines(info: Info): string {
  const {cudaDevices, cudaToolkit, cudaDriver, cudaArchitectures, ...rest} = info;
  const facts: [string, string][] = Object.entries(rest).map(([key, value]) => [key, String(value)]);
  facts.push(['CUDA toolkit', cudaToolkit === null ? 'not built in' : `${cudaToolkit}, code for ${cudaArchitectures}`]);
  const unseen = cudaToolkit === null ? 'not looked for' : 'no NVIDIA driver installed';
  facts.push(['NVIDIA driver', cudaDriver === null ? unseen : `for CUDA ${cudaDriver}`]);
  for (const {device, name, computeCapability, multiprocessors, memory, free} of cudaDevices) {
    const left = free === null ? '' : `, ${gibibytes(free)} free`;
    facts.push([
      device,
      `${name}, compute capability ${computeCapability}, ${multiprocessors} multiprocessors, ${gibibytes(memory)}${left}`,
    ]);
  }
  return facts.map(([key, value]) => `${key.padEnd(16)}${value}\n`).join('');
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** `13.0` of 13000. */
const versionName = (version: number): string | null =>
  version === 0 ? null : `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
