/** Heat flows out of a rod whose ends are kept at 0 (paper, section 4.5): u = sin πx · exp(−π² (t + 2)). */
import type {EvolutionCase, EvolutionOptions, EvolutionSystem} from '../cases/evolution';
import {evolution, paperLift, threePoints} from '../cases/evolution';

const HEAT: EvolutionSystem = {
  title: 'heat in a rod',
  domain: {t: [-2, 2], x: [-1, 1]},
  uniforms: {alpha: 1},
  equation: 'u_t = alpha*u_xx',
  lift: {
    // What is known on the faces: sin πx at the start, 0 at both ends, hence fading in time. B has no slope at t = −2, where u_t is 0
    // instead of −π² sin πx: a floor of this preset.
    paper: paperLift(['t + 2', 'x + 1', 'x - 1'], 'sin(pi*x)*exp(-(t + 2)^2/0.01)'),
    fast: 'sin(pi*x) + (t + 2)*(1 - x^2)*u',
  },
  paper: {resolution: 128, levels: 2, boxes: 256, learningRate: 1e-3, iterations: 5000},
  fast: {resolution: [64, 16], levels: 2, degree: 5, iterations: 300, samples: threePoints},
  network: {width: 256, hiddenLayers: 3, learningRate: 1e-5},
  exact: (t, x) => Math.sin(Math.PI * x) * Math.exp(-(Math.PI ** 2) * (t + 2)),
  evaluation: [257, 257],
  // The heat is gone after an eighth of the time.
  frames: [-2, -1.953125, -1.890625, -1.796875, -1.609375],
};

/**
 * u_t = α u_xx on t ∈ [−2, 2], x ∈ [−1, 1], α = 1.
 *
 * @param options.preset default `fast`.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function heat(options: EvolutionOptions = {}): EvolutionCase {
  return evolution(HEAT, options, 'heat');
}
