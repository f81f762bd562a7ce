import {bspline, gaussian, hat, inverseMultiquadric, inverseQuadratic, kernelSpelling} from '../pose/kernel';
import type {Ablation} from './ablation';
import {imageOf, imageSubject} from './subjects';

/** Every kernel on first and on second derivatives. */
export const kernels: Ablation = {
  name: 'kernels',
  summary: 'all kernels, on an image from its gradient and from its Laplacian',
  size: 256,
  metrics: ['psnr', 'psnrPaper', 'ssimPaper'],
  notes: [
    'hat on the Laplacian: linear interpolation (as in K-Planes and Instant-NGP) has no second derivatives inside a cell, so that no feature ' +
      'can change the Laplacian it is asked for. Nothing is learned but the border, which is given as values.',
    'The Laplacian alone leaves every harmonic function open; border pixels are given.',
  ],
  async trials(options) {
    const found = await imageOf(options, this.size);
    const subjects = [
      imageSubject(found, options, {supervision: 'gradient', iterations: 50}),
      imageSubject(found, options, {supervision: 'laplacian', border: 'known', iterations: 400}),
    ];
    const all = [gaussian(), bspline(3), bspline(5), bspline(7), hat(), inverseQuadratic(), inverseMultiquadric()];
    return subjects.flatMap((subject) =>
      all.map((kernel) => ({
        labels: {supervision: subject.name, kernel: kernelSpelling(kernel)},
        prepare: () => subject.prepare({kernel}),
      })),
    );
  },
};
