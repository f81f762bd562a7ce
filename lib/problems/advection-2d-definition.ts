import {evolutionDefinition} from '../cases/evolution-definition';
import {advection2d} from './advection-2d';

/** `dinf-grid solve advection-2d`. */
export const advection2dDefinition = evolutionDefinition({
  name: 'advection-2d',
  summary: 'a bump carried across a square',
  pose: (options) => advection2d(options),
});
