import * as os from 'node:os';
import {addon, webAssemblyUse} from '../native';
import type {Driver} from './driver';
import {webAssemblyFacts} from './web-assembly';

/** What there is to say of the processor. */
export interface CpuInfo {
  /** Model of the CPU. */
  cpu: string;
  /** Hardware threads. */
  threads: number;
  /** Instruction set that the CPU kernels use, such as `x86-64-v3`. */
  instructionSet: string;
}

/** What there is to say of the processor. */
export function cpuInfo(): CpuInfo {
  const {instructionSet, hardwareThreads} = addon().buildInfo();
  return {cpu: os.cpus()[0]?.model ?? 'unknown', threads: hardwareThreads, instructionSet};
}

/** The processor's cores: always there. */
export const CPU: Driver = {
  name: 'cpu',
  title: 'CPU',
  several: false,
  count: () => 1,
  missing: () => undefined,
  look: () => Promise.resolve(),
  facts: () => [
    ...Object.entries(cpuInfo()).map(([name, value]): [string, string] => [name, String(value)]),
    ...webAssemblyFacts(),
  ],
};

/** Threads of a solve by default: one a core. In a service that must stay responsive under load, pass fewer. WebAssembly has one. */
export function defaultThreads(): number {
  return webAssemblyUse() === undefined ? os.availableParallelism() : 1;
}
