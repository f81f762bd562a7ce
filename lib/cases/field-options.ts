/** The field that a run asks for: a grid with its decoder or a network in its place, and how the report lists it. */
import {DinfError} from '../base/errors';
import type {Decoder, Field, Grid} from '../pose/field';
import {edgeText, linearDecoder, pinn, siren} from '../pose/field';
import {kernelText} from '../pose/kernel';
import type {FieldSpec} from '../pose/problem-spec';
import type {FieldName, RunOptions} from './definition';

/** Those options of a run that decide its field. */
export type FieldOptions = Partial<
  Pick<
    RunOptions,
    'preset' | 'field' | 'width' | 'hiddenLayers' | 'kernel' | 'edge' | 'resolution' | 'levels' | 'features' | 'decoder'
  >
>;

/** A problem's networks: sizes, and Adam's constant rate and iterations. */
export interface NetworkPreset {
  readonly width: number;
  readonly hiddenLayers: number;
  /** Rate of a Siren. */
  readonly learningRate: number;
  /** Rate of a PINN, default 1e-3: it has no ω that multiplies every step. */
  readonly pinnLearningRate?: number;
  /** Iterations with `--preset paper`, default as many as the preset's Adam. `fast` takes a tenth. */
  readonly iterations?: number;
  /** Coordinates along which the field is periodic; default none. */
  readonly periodic?: readonly string[];
}

/**
 * The field that a run asked for, to be spread into `problem({...})`: the grid with its decoder, or a network in its place. The grid then
 * still says how densely samples lie.
 *
 * @throws DinfError INVALID_ARGUMENT for an option of grids with a network, or of networks with a grid
 */
export function fieldFrom(
  options: FieldOptions,
  grid: Grid,
  network: NetworkPreset,
  decoder: Decoder = linearDecoder(),
): {field: Field; decoder?: Decoder} {
  checkFieldOptions(options);
  const {width = network.width, hiddenLayers = network.hiddenLayers} = options;
  const {periodic} = network;
  switch (options.field ?? 'grid') {
    case 'siren':
      return {field: siren({width, hiddenLayers, periodic})};
    case 'pinn':
      // The authors' PINN has no activation after its first layer.
      return {field: pinn({width, hiddenLayers, periodic, firstActivation: options.preset !== 'paper'})};
    case 'grid':
      return {field: grid, decoder: options.decoder ?? decoder};
  }
}

/** Options that only one kind of field has, by their flags. */
const GRID_FLAGS = {
  kernel: '--kernel',
  edge: '--edge',
  resolution: '--resolution',
  levels: '--levels',
  features: '--features',
  decoder: '--decoder',
} as const;
const NETWORK_FLAGS = {width: '--width', hiddenLayers: '--hidden-layers'} as const;

/** @throws DinfError INVALID_ARGUMENT naming the flag */
export function checkFieldOptions(options: FieldOptions): void {
  const {field = 'grid'} = options;
  const refuse = (flags: Partial<Record<keyof FieldOptions, string>>, why: string): void => {
    for (const [key, flag] of Object.entries(flags)) {
      if (options[key as keyof FieldOptions] !== undefined) throw new DinfError('INVALID_ARGUMENT', `${flag} ${why}`);
    }
  };
  const others = (flags: Readonly<Record<string, string>>): string => Object.values(flags).join(', ');
  if (isNetwork(field))
    refuse(GRID_FLAGS, `is of grids, and --field ${field} has none: leave it out; a network has ${others(NETWORK_FLAGS)}`);
  else
    refuse(NETWORK_FLAGS, `is of networks: add --field siren or --field pinn, or leave it out; a grid has ${others(GRID_FLAGS)}`);
}

/** Whether a network represents the unknowns, not the grid. */
export const isNetwork = (field: FieldName | undefined): boolean => field !== undefined && field !== 'grid';

/**
 * A field for a run's settings.
 *
 * @param resolution of a grid, as the problem writes it.
 */
export function fieldSettings({grid, decoder, network}: FieldSpec, resolution: string | number): Record<string, string | number> {
  if (network !== undefined) {
    const {activation, width, hiddenLayers, firstActivation, omega} = network;
    return {
      field: activation === 'sine' ? 'siren' : 'pinn',
      width,
      hiddenLayers,
      activation: firstActivation ? activation : `${activation}, none after the first layer`,
      ...(activation === 'sine' && {omega}),
    };
  }
  return {
    field: 'grid',
    kernel: kernelText(grid.kernel),
    edge: edgeText(grid),
    resolution,
    levels: grid.levels,
    features: grid.features,
    decoder: decoder.type,
  };
}
