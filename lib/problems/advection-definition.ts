import {evolutionDefinition} from '../cases/evolution-definition';
import {advection} from './advection';

/** `dinf-grid solve advection`. */
export const advectionDefinition = evolutionDefinition({
  name: 'advection',
  summary: 'a bump carried along a line',
  pose: (options) => advection(options),
});
