import {linearDecoder, mlpDecoder} from '../pose/field';
import type {OptimizerName, RunOptions} from '../cases/definition';
import type {Ablation} from './ablation';
import {imageOf, imageSubject} from './subjects';

/** Adam's iterations where the user names no number: enough to tell decoders apart, in minutes. */
const ADAM_ITERATIONS = 500;

/** A linear decoder against an MLP. */
export const decoders: Ablation = {
  name: 'decoders',
  summary: 'a linear decoder against an MLP of 64 tanh, on an image from its gradient',
  size: 128,
  metrics: ['psnrPaper', 'psnr', 'ssimPaper'],
  notes: [
    'A linear decoder leaves the image linear in the grid, so that least squares solves it; an MLP takes that away, and is trained ' +
      'by Adam. Adam on both is the like-for-like comparison.',
  ],
  async trials(options) {
    const subject = imageSubject(await imageOf(options, this.size), options, {supervision: 'gradient'});
    const variants: readonly [RunOptions['decoder'] & object, OptimizerName[]][] = [
      [linearDecoder(), ['lsq', 'adam']],
      [mlpDecoder(), ['adam']],
    ];
    return variants.flatMap(([decoder, usual]) => {
      const schedules =
        options.optimizers === undefined
          ? options.preset === 'paper'
            ? [['adam' as const]]
            : usual.map((name) => [name])
          : [options.optimizers];
      return schedules.map((optimizers) => {
        const adamOnly = optimizers.length === 1 && optimizers[0] === 'adam' && options.preset === 'fast';
        const iterations = options.iterations ?? (adamOnly ? [ADAM_ITERATIONS] : undefined);
        return {
          labels: {decoder: decoder.type, optimizer: optimizers.join(',')},
          prepare: () => subject.prepare({decoder, optimizers, iterations}),
        };
      });
    });
  },
};
