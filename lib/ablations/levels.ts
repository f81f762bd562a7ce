import type {Ablation} from './ablation';
import {imageOf, imageSubject, problemSubject} from './subjects';

const LEVELS = [1, 2, 4, 6];

/** One level against several (paper, section 3.3): on one, what is known here reaches there only cell by cell. */
export const levels: Ablation = {
  name: 'levels',
  summary: 'one level of the grid against several, after equally many iterations',
  size: 512,
  metrics: ['psnrPaper', 'psnr', 'ssim', 'meanAbsoluteError', 'chamfer'],
  notes: [
    'Every row takes the same number of iterations. With many more of them one level catches up (--iterations 1000): levels buy speed.',
  ],
  async trials(options) {
    const subjects = [
      imageSubject(await imageOf(options, this.size), options, {supervision: 'gradient', iterations: 20}),
      ...problemSubject('sdf', options),
    ];
    return subjects.flatMap((subject) =>
      (subject.name === 'sdf' ? LEVELS.slice(0, 3) : LEVELS).map((count) => ({
        labels: {problem: subject.name, levels: String(count)},
        prepare: () => subject.prepare({levels: count}),
      })),
    );
  },
};
