/** What every kind of device says of itself: a new one is a file like cpu.ts, and a line in the list of index.ts. */
import type {DriverName} from '../schema';

/** Where a solve runs: the driver's `index`-th device, from 0. */
export interface DeviceSpec {
  readonly driver: DriverName;
  readonly index: number;
}

/** Why there is no device of a kind to solve on, and what to do about it. */
export interface Missing {
  readonly reason: string;
  readonly advice: string;
  /** Default NO_SUCH_DEVICE. */
  readonly code?: 'DEVICE_LOST';
}

/** A kind of device, as this build sees it on this machine. */
export interface Driver {
  readonly name: DriverName;
  /** What to call it in messages. */
  readonly title: string;
  /** Whether there may be several, told apart as `name:0`, `name:1`. */
  readonly several: boolean;
  /** How many devices there are. Asked once a process, without a context on any. */
  count(): number;
  /** Undefined where there is a device to solve on: of that number, or any. */
  missing(index?: number): Missing | undefined;
  /** Looks for devices off the main thread, once a process: what is asked of the driver after that does not block. */
  look(): Promise<void>;
  /** What `info` lists, each as a name and a text. */
  facts(): [string, string][];
}

/** Bytes for people, such as `12.3 GiB`. */
export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
