import {gaussian} from '../pose/kernel';
import type {Ablation} from './ablation';
import {imageOf, imageSubject} from './subjects';

/** The paper's table: ε, ρ, and its PSNR, SSIM and training time on an image of its own. */
const PAPER = [
  [0.6, 4, '28.74', '0.87', '15 min'],
  [1, 4, '28.74', '0.87', '17 min'],
  [1, 3, '28.73', '0.87', '12 min'],
  [1, 2, '28.82', '0.86', '12 min'],
  [1, 1, '27.50', '0.82', '15 min'],
  [2, 1, '17.72', '0.74', '6 min'],
] as const;

/** Shape ε against rings ρ of the Gaussian (paper, ablation study): an image of 768² from its Sobel gradient, six levels, clamped edge. */
export const epsilonRings: Ablation = {
  name: 'epsilon-rings',
  summary: "the Gaussian's shape against its rings, beside the paper's table",
  size: 768,
  metrics: ['psnrPaper', 'psnr', 'ssimPaper'],
  notes: [
    "psnrPaper is the paper's measure, after its rescaling by percentiles. The paper's image is not ours: compare how the rows of a column " +
      'differ, not a row of ours with one of theirs.',
    'ρ rings are the 2ρ nearest nodes an axis. ε = 2 with one ring is nearly linear interpolation.',
  ],
  async trials(options) {
    const subject = imageSubject(await imageOf(options, this.size), options, {supervision: 'gradient'});
    return PAPER.map(([epsilon, rings, psnr, ssim, time]) => ({
      labels: {ε: String(epsilon), ρ: String(rings)},
      paper: {PSNR: psnr, SSIM: ssim, time},
      prepare: () => subject.prepare({kernel: gaussian({epsilon, rings})}),
    }));
  },
};
