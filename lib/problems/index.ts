import type {ProblemDefinition} from '../cases/definition';
import {zalesakDefinition} from './zalesak-definition';
import {heatDefinition} from './heat-definition';
import {advection2dDefinition} from './advection-2d-definition';
import {advectionDefinition} from './advection-definition';
import {clothDefinition} from './cloth-definition';
import {fitDefinition} from './fit-definition';
import {helmholtzDefinition} from './helmholtz-definition';
import {plateDefinition} from './plate-definition';
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
