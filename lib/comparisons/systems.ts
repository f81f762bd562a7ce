/** Every system of the paper. */
import {DISTANCE_SYSTEM} from './distances';
import {EVOLUTION_SYSTEMS} from './evolutions';
import {FIT_SYSTEM, IMAGE_SYSTEMS} from './images';
import {STATIONARY_SYSTEMS} from './stationary';
import type {System} from './system';

/** The systems that fields are compared on, in the order of the paper's sections. */
export const SYSTEMS: readonly System[] = [
  ...IMAGE_SYSTEMS,
  ...STATIONARY_SYSTEMS,
  DISTANCE_SYSTEM,
  ...EVOLUTION_SYSTEMS,
  FIT_SYSTEM,
];
