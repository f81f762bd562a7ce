import type {Ablation} from './ablation';
import {decoders} from './decoders';
import {epsilonRings} from './epsilon-rings';
import {kernels} from './kernels';
import {levels, levelsEikonal} from './levels';

/** Every ablation that `dinf-grid ablate` knows. */
export const ABLATIONS: readonly Ablation[] = [epsilonRings, levels, levelsEikonal, kernels, decoders];
