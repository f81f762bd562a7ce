import type {ProblemDefinition} from './definition';
import {zalesakDefinition} from './zalesak';
import {heatDefinition} from './heat';
import {advection2dDefinition} from './advection-2d';
import {advectionDefinition} from './advection';
import {clothDefinition} from './cloth-definition';
import {fitDefinition} from './fit';
import {helmholtzDefinition} from './helmholtz';
import {plateDefinition} from './plate';
import {sdfDefinition} from './sdf-definition';
import {poissonDefinition} from './poisson-definition';

/** Every problem that `dinf-grid solve` knows. */
export const PROBLEMS: readonly ProblemDefinition[] = [
  poissonDefinition,
  helmholtzDefinition,
  clothDefinition,
  plateDefinition,
  sdfDefinition,
  fitDefinition,
  advectionDefinition,
  advection2dDefinition,
  heatDefinition,
  zalesakDefinition,
];
