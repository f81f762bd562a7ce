/** The fields that are compared, and the options that make each of them. */
import type {RunOptions} from '../cases/definition';
import {hat} from '../pose/kernel';

/** The fields that are compared on every system, in the order of tables and curves. */
export const CONTENDER_NAMES = ['grid', 'siren', 'pinn', 'hat', 'paper'] as const;
export type ContenderName = (typeof CONTENDER_NAMES)[number];

/** PyTorch's versions of two of them, beside ours where they are written. */
export const PEER_NAMES = ['pytorch-siren', 'pytorch-paper'] as const;
export type PeerName = (typeof PEER_NAMES)[number];

/** The names of contenders as people read them. */
export const LABELS: Readonly<Record<ContenderName | PeerName, string>> = {
  grid: 'grid',
  siren: 'Siren',
  pinn: 'PINN',
  hat: 'hat grid',
  paper: "paper's grid",
  'pytorch-siren': "PyTorch's Siren",
  'pytorch-paper': "PyTorch's paper's grid",
};

/** What each contender is, in a sentence. */
export const MEANINGS: Readonly<Record<ContenderName | PeerName, string>> = {
  grid: 'feature grids by the preset fast: B-splines or normalised Gaussians with a linear decoder, by least squares (the cloth by L-BFGS)',
  siren: "a network of sines (ω = 30) with its authors' initialisation, trained by Adam",
  pinn: 'a network of GELU units, trained by Adam',
  hat: 'the grid with linear interpolation, which is what grids of features usually have',
  paper: "the preset paper: the authors' normalised Gaussian grids, samples, loss and Adam",
  'pytorch-siren': 'the same Siren on the same task in plain PyTorch, nested autograd (benchmarks/peers/siren.py)',
  'pytorch-paper': "the paper's grid on the same task in plain PyTorch (benchmarks/peers/poisson_grid.py)",
};

/** Units a layer and layers after the first of networks at the reduced size; at full size they are each problem's own. */
export const SMALL_NETWORK = {width: 64, hiddenLayers: 3} as const;

/**
 * Learning rates of the three that Adam trains, at the reduced size; at full size they are each problem's own. A network has the lift, loss and
 * samples of one of the presets, `fast` unless `formulations` says otherwise.
 */
export interface Rates {
  readonly siren: number;
  readonly pinn: number;
  readonly paper: number;
  readonly formulations?: Partial<Record<'siren' | 'pinn', 'fast' | 'paper'>>;
}

/** What a system decides of the options of its contenders. */
export interface Changes {
  /** Cells of a grid's longest axis. Default: the preset's. */
  readonly resolution?: number;
  /** Iterations of least squares. Default: the preset's. */
  readonly iterations?: readonly number[] | undefined;
  /** Kernel and edge of the grid, where its preset has none for the task. Default: the preset's. */
  readonly grid?: Pick<RunOptions, 'kernel' | 'edge'> | undefined;
  /** Default: none. */
  readonly own?: RunOptions['own'];
}

/**
 * The options of a contender, to be given to a problem of the gallery.
 *
 * @param rates of Adam at the reduced size; undefined: the full size.
 */
export function optionsOf(name: ContenderName, rates: Rates | undefined, changes: Changes = {}): RunOptions {
  const {resolution, iterations, grid, own = {}} = changes;
  switch (name) {
    case 'siren':
    case 'pinn': {
      const reduced = rates && {...SMALL_NETWORK, learningRate: rates[name]};
      const preset = rates === undefined ? 'paper' : (rates.formulations?.[name] ?? 'fast');
      return {preset, field: name, ...reduced, own};
    }
    case 'paper':
      return {preset: 'paper', learningRate: rates?.paper, resolution, own};
    case 'hat':
      return {preset: 'fast', kernel: hat(), resolution, iterations, own};
    case 'grid':
      return {preset: 'fast', ...grid, resolution, iterations, own};
  }
}
