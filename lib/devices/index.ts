/** The kinds of devices there are, and the choice among them. */
import {DinfError} from '../base/errors';
import type {DriverName} from '../schema';
import type {CpuInfo} from './cpu';
import {CPU, cpuInfo} from './cpu';
import type {CudaInfo} from './cuda';
import {cudaDriver, cudaInfo} from './cuda';
import type {DeviceSpec, Driver, Missing} from './driver';

/** All of them, the fastest first: `auto` takes the first one that has a device. */
export const DRIVERS: readonly Driver[] = [cudaDriver(), CPU];

/** What each says of itself for programs. */
export type DriverInfo = CpuInfo & CudaInfo;

/** What each says of itself for programs. */
export const driverInfo = (): DriverInfo => ({...cpuInfo(), ...cudaInfo()});

/** `auto`: the fastest that is there. `cuda:N`: the N-th CUDA device, from 0. */
export type Device = 'auto' | DriverName | `${Exclude<DriverName, 'cpu'>}:${number}`;

/** Where a solve runs, and what solutions and the command line call it, such as `cpu` or `cuda:0`. */
export interface ChosenDevice extends DeviceSpec {
  readonly name: string;
}

/**
 * The device a solve will run on.
 *
 * @param device a word such as {@link Device}; `auto` takes the first driver that has a device.
 * @param drivers what there is, default that of this build and machine, asked only when the word needs it.
 * @throws DinfError INVALID_ARGUMENT for a word that names no device; NO_SUCH_DEVICE for one this build or machine has not, DEVICE_LOST for one
 *   that has failed in this process
 */
export function chooseDevice(device: string, drivers: readonly Driver[] = DRIVERS): ChosenDevice {
  if (device === 'auto') {
    const driver = drivers.find((one) => one.missing() === undefined) ?? CPU;
    return named(driver, firstOf(driver));
  }
  const [, word, number] = (/^([a-z]+)(?::(\d+))?$/.exec(device) ?? []) as (string | undefined)[];
  const driver = drivers.find(({name}) => name === word);
  if (driver === undefined || (number !== undefined && !driver.several)) {
    const words = drivers.map(({name, several}) => (several ? `${name} or ${name}:N` : name)).reverse();
    throw new DinfError('INVALID_ARGUMENT', `device must be auto, ${words.join(', ')}, and is ${device}`);
  }
  refuse(driver.missing(), device);
  const index = number === undefined ? firstOf(driver) : Number(number);
  const count = driver.count();
  if (index >= count) {
    const {name, title} = driver;
    const last =
      count === 1 ? `the only ${title} device is ${name}:0` : `the ${title} devices are ${name}:0 to ${name}:${count - 1}`;
    throw new DinfError('NO_SUCH_DEVICE', `there is no ${device}: ${last}`);
  }
  refuse(driver.missing(index), device);
  return named(driver, index);
}

/**
 * The same, looked for off the main thread: starting a driver takes a tenth of a second and more, once a process.
 *
 * @throws (rejects) what {@link chooseDevice} throws
 */
export async function findDevice(device: string): Promise<ChosenDevice> {
  if (device !== 'cpu') await Promise.all(DRIVERS.map((driver) => driver.look()));
  return chooseDevice(device);
}

/** The number of the first device that can be used. */
const firstOf = (driver: Driver): number =>
  Array.from({length: driver.count()}, (_, i) => i).find((i) => driver.missing(i) === undefined) ?? 0;

function refuse(missing: Missing | undefined, device: string): void {
  if (missing === undefined) return;
  throw new DinfError(missing.code ?? 'NO_SUCH_DEVICE', `${missing.reason}, so there is no ${device}: ${missing.advice}`);
}

function named({name, several}: Driver, index: number): ChosenDevice {
  return {driver: name, index, name: several ? `${name}:${index}` : name};
}

/** How a session is told the device. */
export function deviceOptions({driver, index}: ChosenDevice): {device: DeviceSpec} {
  return {device: {driver, index}};
}
