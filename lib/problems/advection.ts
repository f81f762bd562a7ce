/** A bump carried along at constant speed (paper, section 4.5): u = start(x − c (t + 2)). */
import type {EvolutionCase, EvolutionOptions, EvolutionSystem} from '../cases/evolution';
import {evolution, paperLift, threePoints} from '../cases/evolution';

const SPEED = 0.25;
const CENTRE = -1.5;
const WIDTH = 0.1;

/** At the edges the bump has fallen to 4e-6: held there, its tail stands for zero, and the corner is not given two values. */
const START = `exp(-(x - (${CENTRE}))^2/(2*${WIDTH}^2))`;

const ADVECTION: EvolutionSystem = {
  title: 'advection of a bump',
  domain: {t: [-2, 2], x: [-2, 2]},
  uniforms: {c: SPEED},
  equation: 'u_t + c*u_x = 0',
  lift: {
    paper: paperLift(['t + 2', 'x + 2', 'x - 2'], START),
    // Known at the start and where it flows in; where it flows out, the equation says all.
    fast: `${START} + (t + 2)*(x + 2)*u`,
  },
  paper: {resolution: 64, levels: 1, boxes: 256, learningRate: 1e-2, iterations: 5000},
  fast: {resolution: [32, 128], levels: 3, degree: 5, iterations: 300, samples: threePoints},
  network: {width: 256, hiddenLayers: 3, learningRate: 1e-4},
  exact: (t, x) => Math.exp(-((x - CENTRE - SPEED * (t + 2)) ** 2) / (2 * WIDTH ** 2)),
  evaluation: [257, 257],
};

/**
 * u_t + c u_x = 0 on t, x ∈ [−2, 2], c = 0.25, from a Gaussian of σ = 0.1 at x = −1.5.
 *
 * @param options.preset default `fast`.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function advection(options: EvolutionOptions = {}): EvolutionCase {
  return evolution(ADVECTION, options, 'advection');
}
