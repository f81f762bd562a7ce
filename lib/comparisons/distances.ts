/** The signed distance of a torus from oriented points (paper, section 4.4). */
import {levelPicture} from '../pictures/level-lines';
import {lattice, linspace} from '../pose/sampling';
import {eikonalProblem} from '../problems/sdf';
import {prepareSdf} from '../problems/sdf-definition';
import {SHAPES} from '../problems/sdf-shapes';
import type {Rates} from './contenders';
import {optionsOf} from './contenders';
import type {System} from './system';
import {entryOf, ratesAt, representedOf} from './system';

const SIZES = {reduced: {resolution: 16, count: 5000, samples: 10}, full: {resolution: 64, count: 100_000, samples: 64}};
const RATES: Rates = {siren: 3e-4, pinn: 1e-2, paper: 3e-3};
/** Points an axis of the lattice that errors are taken on; not those of any grid. */
const JUDGED = 45;
const PICTURE = 256;
/** Most rounds of the grid after its first Poisson problem; they end by themselves. */
const ROUNDS = 12;
const TORUS = SHAPES.torus;

export const DISTANCE_SYSTEM: System = {
  name: 'sdf',
  summary: `the signed distance of ${TORUS.title} from oriented points (Eikonal equation)`,
  metric: 'mean absolute error of the distance',
  hint: 'mean of |u − distance| over the cube [−1, 1]³',
  notes: [
    "The grid and the hat grid solve a sequence of least-squares problems (heat, Poisson, Picard rounds); the others train the authors' loss, which knows the same points and normals.",
    'The smoothness term of the sequence reads second derivatives, which the hat grid does not have: it goes without.',
  ],
  pose(full) {
    const {resolution, count, samples} = SIZES[full ? 'full' : 'reduced'];
    const rates = ratesAt(full, RATES);
    const axis = linspace(-1, 1, JUDGED);
    const truth = Float64Array.from({length: JUDGED ** 3}, (_, i) =>
      TORUS.distance(axis[Math.floor(i / JUDGED ** 2)], axis[Math.floor(i / JUDGED) % JUDGED], axis[i % JUDGED]),
    );
    const pixels = linspace(-1, 1, PICTURE);
    const shown = (u: Float64Array) =>
      levelPicture(u, {width: PICTURE, height: PICTURE}, {range: [-0.8, 0.8], spacing: 0.1, colorBar: false});
    return Promise.resolve({
      size: `${count} points; grids of ${resolution}³ cells; twice ${samples}³ samples an iteration of Adam`,
      entry(name) {
        const options = optionsOf(name, rates, {resolution});
        const prepare = (rounds: number) => prepareSdf({kind: 'shape', name: 'torus'}, {...options, count, rounds});
        const prepared = prepare(ROUNDS);
        if (prepared.solve !== undefined) {
          const solve = (rounds: number, given: object) => prepare(rounds).solve!(given);
          return Promise.resolve(entryOf(prepared, {sequence: {most: ROUNDS, solve}}));
        }
        const problem = eikonalProblem(TORUS.cloud(count, 1), representedOf(prepared.problem), samples);
        return Promise.resolve(entryOf(prepared, {problem, samplesPerIteration: 2 * samples ** 3}));
      },
      async error(solution) {
        const {u} = await solution.evaluate(lattice([axis, axis, axis]), {expressions: ['u']});
        return u.reduce((sum, value, i) => sum + Math.abs(value - truth[i]), 0) / truth.length;
      },
      async picture(solution) {
        const {u} = await solution.evaluate(lattice([pixels, pixels, [0]]), {expressions: ['u']});
        return shown(u);
      },
      truth: shown(
        Float64Array.from({length: PICTURE ** 2}, (_, i) =>
          TORUS.distance(pixels[Math.floor(i / PICTURE)], pixels[i % PICTURE], 0),
        ),
      ),
    });
  },
};
