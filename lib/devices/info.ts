/** Versions, this machine's devices, and what is missing: what `dinf-grid info` says. */
import {VERSION} from '../base/version';
import {availableBytes} from '../compile/memory';
import {addon} from '../native';
import type {Driver} from './driver';
import {gibibytes} from './driver';
import type {DriverInfo} from './index';
import {chooseDevice, driverInfo, DRIVERS} from './index';

/** What this build and machine have to solve on. */
export interface Info extends DriverInfo {
  /** Version of this package. */
  version: string;
  /** Version of Node. */
  node: string;
  /** Operating system and architecture, such as `linux-x64`. */
  platform: string;
  /** Memory that a solve may take now, such as `12.3 GiB`. */
  memory: string;
  /** Compiler that built the native code. */
  compiler: string;
  /** What `device: 'auto'` takes. */
  device: string;
}

/** What this build and machine have to solve on; `dinf-grid info` prints it. */
export function info(): Info {
  return {...machine(), device: chooseDevice('auto').name, ...driverInfo()};
}

/**
 * The same for people, one line a fact.
 *
 * @param drivers default those of this build and machine.
 */
export function infoLines(drivers: readonly Driver[] = DRIVERS): string {
  const facts = [
    ...Object.entries({...machine(), device: chooseDevice('auto', drivers).name}),
    ...drivers.toReversed().flatMap((driver) => driver.facts()),
  ];
  return facts.map(([name, text]) => `${name.padEnd(16)}${text}\n`).join('');
}

function machine(): Omit<Info, keyof DriverInfo | 'device'> {
  return {
    version: VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    memory: gibibytes(availableBytes()),
    compiler: addon().buildInfo().compiler,
  };
}
