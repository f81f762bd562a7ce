import type {FieldSpec, ProblemSpec} from '../../pose/problem-spec';
import {gridCells} from '../../pose/problem-spec';

/**
 * Parameters that the fields of a problem have at least. Ghost nodes and biases are left out, and so is what folding a decoder into its
 * grid takes away: enough to know that a file with fewer was not made from these fields, before memory for them is taken.
 */
export function leastParameters({fields, domain}: Pick<ProblemSpec, 'fields' | 'domain'>): number {
  return fields.reduce((sum, field) => sum + leastOf(field, domain.length), 0);
}

function leastOf({network, grid, decoder, unknowns}: FieldSpec, dimensions: number): number {
  if (network !== undefined) return network.hiddenLayers * network.width ** 2;
  const cells = gridCells(grid, dimensions);
  const hidden = decoder.type === 'mlp' ? decoder.hidden : [];
  const channels = decoder.type === 'mlp' ? grid.features : Math.min(grid.features, unknowns.length);
  let nodes = 0;
  for (let level = 0; level < grid.levels; level++) nodes += cells.reduce((product, n) => (product * n) / 2 ** level, 1);
  const weights = hidden.reduce((sum, width, i) => (i === 0 ? 0 : sum + width * hidden[i - 1]), 0);
  return nodes * channels + weights;
}
