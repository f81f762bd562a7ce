import {DinfError} from './errors';
import {checkChoice, checkNumber, rejectUnknown} from './options';

/** How a grid's nodes are weighted. The weights of all but the last two are products over the axes of 1-D weights. */
export type Kernel =
  | {
      readonly type: 'gaussian' | 'inverse-quadratic' | 'inverse-multiquadric';
      /** Shape ε of φ(r), r in cells. */
      readonly epsilon: number;
      /** ρ: a sample sees the 2ρ nearest nodes an axis. */
      readonly rings: number;
    }
  | {readonly type: 'bspline'; readonly degree: 3 | 5 | 7 | 9}
  | {readonly type: 'hat'};

/**
 * The paper's kernel: a Gaussian normalised over its neighbourhood. Truncated at ρ rings, it is smooth inside a cell and jumps
 * slightly between cells: about 1e-4 in the value at ρ = 3, ε = 1.
 *
 * @param options.epsilon shape ε, default 1, in (0, 4].
 * @param options.rings ρ from 1 to 5; default: 1 for ε ≥ 1.75, 4 for ε < 0.8, else 3.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function gaussian(options: {epsilon?: number; rings?: number} = {}): Kernel {
  rejectUnknown(options, ['epsilon', 'rings'], 'gaussian');
  const epsilon = checkShape(options.epsilon, 'gaussian');
  return {type: 'gaussian', epsilon, rings: checkRings(options.rings ?? ringsFor(epsilon), 'gaussian')};
}

/**
 * The inverse quadratic φ(r) = 1 / (1 + (ε r)²), normalised over the (2ρ)^d nodes of its neighbourhood. Radial: its weights are no
 * products over the axes, and each sample visits every node of its neighbourhood. It falls off slowly, so that cutting it at ρ rings
 * leaves larger jumps between cells than the Gaussian has; docs/kernels.md says how large.
 *
 * @param options.epsilon shape ε, default 1, in [0.001, 4].
 * @param options.rings ρ from 1 to 5, default 3.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function inverseQuadratic(options: {epsilon?: number; rings?: number} = {}): Kernel {
  return radial('inverse-quadratic', 'inverseQuadratic', options);
}

/**
 * The inverse multiquadric φ(r) = 1 / sqrt(1 + (ε r)²), normalised over its neighbourhood; radial like {@link inverseQuadratic}, and
 * slower still to fall off.
 *
 * @param options.epsilon shape ε, default 1, in [0.001, 4].
 * @param options.rings ρ from 1 to 5, default 3.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION
 */
export function inverseMultiquadric(options: {epsilon?: number; rings?: number} = {}): Kernel {
  return radial('inverse-multiquadric', 'inverseMultiquadric', options);
}

function radial(
  type: 'inverse-quadratic' | 'inverse-multiquadric',
  name: string,
  options: {epsilon?: number; rings?: number},
): Kernel {
  rejectUnknown(options, ['epsilon', 'rings'], name);
  return {type, epsilon: checkShape(options.epsilon, name), rings: checkRings(options.rings ?? 3, name)};
}

const checkShape = (epsilon: number | undefined, name: string): number => checkNumber(epsilon ?? 1, `${name}: epsilon`, 1e-3, 4);

function checkRings(rings: number, name: string): number {
  if (Number.isInteger(rings) && rings >= 1 && rings <= 5) return rings;
  throw new DinfError('INVALID_ARGUMENT', `${name}: rings must be 1, 2, 3, 4 or 5, and is ${rings}`);
}

const ringsFor = (epsilon: number): number => (epsilon >= 1.75 ? 1 : epsilon < 0.8 ? 4 : 3);

/**
 * Cardinal B-spline of odd degree p: C^(p−1), exact on polynomials up to degree p, and the more accurate kernel for smooth
 * solutions at equal cost.
 *
 * @param degree 3, 5, 7 or 9; default 5.
 * @throws INVALID_ARGUMENT
 */
export function bspline(degree = 5): Kernel {
  if (degree !== 3 && degree !== 5 && degree !== 7 && degree !== 9) {
    throw new DinfError('INVALID_ARGUMENT', `bspline: degree must be 3, 5, 7 or 9, and is ${degree}; degree 1 is hat()`);
  }
  return {type: 'bspline', degree};
}

/**
 * Linear interpolation, what K-Planes and Instant-NGP use. First derivatives are constant in a cell and jump between cells,
 * second derivatives vanish: fit for differences at half cells, not for equations of second order.
 */
export function hat(): Kernel {
  return {type: 'hat'};
}

/** ρ of a kernel: its neighbourhood is 2ρ nodes an axis. */
export function kernelRings(kernel: Kernel): number {
  return 'rings' in kernel ? kernel.rings : kernel.type === 'hat' ? 1 : (kernel.degree + 1) / 2;
}

/** A kernel in words, for settings and reports. */
export function kernelText(kernel: Kernel): string {
  if ('epsilon' in kernel) return `${kernel.type}, epsilon ${kernel.epsilon}, rings ${kernel.rings}`;
  return kernel.type === 'bspline' ? `bspline, degree ${kernel.degree}` : 'hat';
}

/** A kernel as {@link parseKernel} reads it. */
export function kernelSpelling(kernel: Kernel): string {
  if ('epsilon' in kernel) return `${kernel.type}:${kernel.epsilon}:${kernel.rings}`;
  return kernel.type === 'bspline' ? `bspline:${kernel.degree}` : 'hat';
}

/** How the command line writes kernels. */
export const KERNEL_SYNTAX =
  'gaussian[:EPSILON[:RINGS]], bspline[:DEGREE], hat, inverse-quadratic[:EPSILON[:RINGS]] or inverse-multiquadric[:EPSILON[:RINGS]]';

/** A kernel as the command line writes it, such as `gaussian:1:3`, `bspline:5` or `hat`; see {@link KERNEL_SYNTAX}. */
export function parseKernel(text: string): Kernel {
  const [name, ...numbers] = text.split(':');
  const makers = {gaussian, 'inverse-quadratic': inverseQuadratic, 'inverse-multiquadric': inverseMultiquadric};
  const type = checkChoice(name, 'kernel', ['gaussian', 'bspline', 'hat', 'inverse-quadratic', 'inverse-multiquadric'] as const);
  const values = numbers.map((number) => checkNumber(number.trim() === '' ? NaN : Number(number), `kernel ${text}`));
  const most = type === 'hat' ? 0 : type === 'bspline' ? 1 : 2;
  if (values.length > most) throw new DinfError('INVALID_ARGUMENT', `kernel ${text}: ${type} takes at most ${most} numbers`);
  if (type === 'hat') return hat();
  return type === 'bspline' ? bspline(values[0] ?? 5) : makers[type]({epsilon: values[0], rings: values[1]});
}
