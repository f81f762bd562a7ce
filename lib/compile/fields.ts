/** Fields in their native form: kernels, edges and activations by their numbers. */
import type {NativeField} from '../native';
import {gridEdges} from '../pose/field';
import {kernelRings} from '../pose/kernel';
import type {FieldSpec, ProblemSpec} from '../pose/problem-spec';
import {gridCells} from '../pose/problem-spec';
import {unitPlace} from './samples';
import {ACTIVATIONS, EDGES, FIELD_KINDS, KERNEL_KINDS, NETWORK_STARTS} from '../schema';

/** The native form of a field. */
export function compileField(field: FieldSpec, domain: ProblemSpec['domain']): NativeField {
  if (field.network !== undefined) {
    const {activation, width, hiddenLayers, firstOmega, omega, firstActivation, periodic} = field.network;
    const layers = Array.from({length: hiddenLayers + 1}, (_, i) => i);
    return {
      kind: FIELD_KINDS.network,
      outputs: field.unknowns.length,
      hidden: layers.map(() => width),
      activations: layers.map((i) => ACTIVATIONS[i > 0 || firstActivation ? activation : 'identity']),
      omegas: Float64Array.from(layers, (i) => (i === 0 ? firstOmega : omega)),
      start: activation === 'sine' ? NETWORK_STARTS.siren : NETWORK_STARTS.xavier,
      periodic: domain.map(({name}) => (periodic.includes(name) ? 1 : 0)),
    };
  }
  const {grid, decoder} = field;
  const rings = kernelRings(grid.kernel);
  const hidden = decoder.type === 'mlp' ? [...decoder.hidden] : [];
  return {
    kind: FIELD_KINDS.grid,
    cells: gridCells(grid, domain.length),
    levels: grid.levels,
    features: grid.features,
    outputs: field.unknowns.length,
    kernel: {
      kind: KERNEL_KINDS[grid.kernel.type],
      epsilon: 'epsilon' in grid.kernel ? grid.kernel.epsilon : 1,
      rings,
      degree: 2 * rings - 1,
    },
    edge: gridEdges(grid, domain.length).map((edge) => EDGES[edge]),
    hidden,
    activations: hidden.map(() => ACTIVATIONS[decoder.type === 'mlp' ? decoder.activation : 'identity']),
    omegas: new Float64Array(hidden.length).fill(1),
    start: NETWORK_STARTS.xavier,
    initialScale: grid.initialScale,
    ...(grid.knots && {
      knots: grid.knots.map((axis, k) => axis && Float64Array.from(axis, (knot) => unitPlace(knot, domain[k]))),
    }),
  };
}
