import {evolutionDefinition} from '../cases/evolution-definition';
import {heat} from './heat';

/** `dinf-grid solve heat`. */
export const heatDefinition = evolutionDefinition({
  name: 'heat',
  summary: 'the heat equation in space and time',
  pose: (options) => heat(options),
});
