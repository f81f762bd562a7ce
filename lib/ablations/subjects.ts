/** The problems that variants are tried on. */
import type {Image} from '../imaging/image';
import {renderScene} from '../imaging/scene/scene';
import type {Prepared, RunOptions} from '../cases/definition';
import {preparePoisson, readPoissonImage} from '../problems/poisson-definition';
import type {AblationOptions} from './ablation';

/** A problem that waits for a variant's options. */
export interface Subject {
  readonly name: string;
  prepare(variant: Partial<RunOptions>): Promise<Prepared>;
}

interface Pose {
  readonly supervision: 'gradient' | 'laplacian';
  readonly border?: 'known' | 'free';
  /** Iterations of least squares where the user names no number. */
  readonly iterations?: number;
}

/** The image that the options name, or the built-in scene. */
export async function imageOf({image, size}: AblationOptions, usual: number): Promise<{image: Image; label: string}> {
  if (image !== undefined) return {image: await readPoissonImage(image), label: image};
  return {image: renderScene(size ?? usual), label: 'built-in scene'};
}

/** An image from derivatives filtered at its pixels, which every kernel can be asked for: the paper's protocol, by any optimizer. */
export function imageSubject(found: {image: Image; label: string}, options: AblationOptions, pose: Pose): Subject {
  const {supervision, border, iterations} = pose;
  const stages =
    options.iterations ??
    (options.preset === 'fast' && options.optimizers === undefined && iterations !== undefined ? [iterations] : undefined);
  return {
    name: supervision,
    prepare: (variant) =>
      Promise.resolve(
        preparePoisson(found.image, found.label, {
          preset: options.preset,
          optimizers: options.optimizers,
          iterations: stages,
          ...variant,
          own: {supervision, target: 'sobel', border},
        }),
      ),
  };
}
