/** A bump carried across a square at constant velocity (paper, section 4.5): u = start(x − c (t + 2), y − c (t + 2)). */
import type {EvolutionCase, EvolutionOptions, EvolutionSystem} from '../cases/evolution';
import {evolution, paperLift, twoPoints} from '../cases/evolution';

const SPEED = 0.25;
const CENTRE = -0.6;
const WIDTH = 0.1;

/** At the edges the bump has fallen to 4e-4 at most; its tail is held there, and limits both presets. */
const START = `exp(-((x - (${CENTRE}))^2 + (y - (${CENTRE}))^2)/(2*${WIDTH}^2))`;

const ADVECTION_2D: EvolutionSystem = {
  title: 'advection of a bump across a square',
  domain: {t: [-2, 2], x: [-1, 1], y: [-1, 1]},
  uniforms: {cx: SPEED, cy: SPEED},
  equation: 'u_t + cx*u_x + cy*u_y = 0',
  lift: {
    paper: paperLift(['t + 2', 'x + 1', 'x - 1', 'y + 1', 'y - 1'], START),
    // Known at the start and where it flows in; where it flows out, the equation says all.
    fast: `${START} + (t + 2)*(x + 1)*(y + 1)*u`,
  },
  paper: {resolution: 64, levels: 3, boxes: 64, learningRate: 1e-3, iterations: 10_000},
  fast: {resolution: [32, 48, 48], levels: 2, degree: 5, iterations: 300, samples: twoPoints},
  network: {width: 256, hiddenLayers: 3, learningRate: 1e-4},
  exact: (t, x, y) => {
    const shift = CENTRE + SPEED * (t + 2);
    return Math.exp(-((x - shift) ** 2 + (y - shift) ** 2) / (2 * WIDTH ** 2));
  },
  evaluation: [33, 97, 97],
};

/**
 * u_t + c·∇u = 0 on t ∈ [−2, 2], x, y ∈ [−1, 1], c = (0.25, 0.25), from a Gaussian of σ = 0.1 at (−0.6, −0.6).
 *
 * @param options.preset default `fast`.
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function advection2d(options: EvolutionOptions = {}): EvolutionCase {
  return evolution(ADVECTION_2D, options, 'advection2d');
}
