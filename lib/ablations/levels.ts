import {prepareSdf} from '../problems/sdf-definition';
import type {Ablation} from './ablation';
import {imageOf, imageSubject} from './subjects';

const LEVELS = [1, 2, 4, 6];
const EIKONAL_LEVELS = [1, 2, 4];
/** Adam's iterations a row where nobody names a number: the authors' 20 000 take an hour. */
const EIKONAL_ITERATIONS = 300;

/** One level against several (paper, section 3.3): on one, what is known here reaches there only cell by cell. */
export const levels: Ablation = {
  name: 'levels',
  summary: 'one level of the grid against several, after equally many iterations',
  size: 512,
  metrics: ['psnrPaper', 'psnr', 'ssimPaper'],
  notes: [
    'Every row takes the same number of iterations. With many more of them one level catches up (--iterations 1000): levels buy speed.',
  ],
  async trials(options) {
    const subject = imageSubject(await imageOf(options, this.size), options, {supervision: 'gradient', iterations: 20});
    return LEVELS.map((count) => ({
      labels: {problem: subject.name, levels: String(count)},
      prepare: () => subject.prepare({levels: count}),
    }));
  },
};

/** The same for the Eikonal equation, where the paper reports artefacts on one level. */
export const levelsEikonal: Ablation = {
  name: 'levels-eikonal',
  summary: "the same for the signed distance of a torus by the authors' loss, from oriented points",
  size: 0,
  metrics: ['meanAbsoluteError', 'meanAbsoluteErrorEverywhere', 'eikonalError', 'chamfer', 'pieces'],
  notes: [
    "The authors' loss, grid and Adam. meanAbsoluteError is that within 0.05 of the surface; pieces that are not one are artefacts.",
  ],
  trials({preset, optimizers, iterations = preset === 'fast' ? [EIKONAL_ITERATIONS] : undefined}) {
    return Promise.resolve(
      EIKONAL_LEVELS.map((count) => ({
        labels: {problem: 'torus', levels: String(count)},
        prepare: () =>
          Promise.resolve(
            prepareSdf({kind: 'shape', name: 'torus'}, {preset: 'paper', levels: count, optimizers, iterations, own: {}}),
          ),
      })),
    );
  },
};
