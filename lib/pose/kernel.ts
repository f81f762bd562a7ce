import {DinfError} from '../base/errors';
import type {OptionChecks} from '../base/options';
import {checkChoice, checkNumber, checkOptions, checkRecord, checkText, wrong} from '../base/options';
import {shortened, shown} from '../base/shown';

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
export function gaussian(options: {epsilon?: number | undefined; rings?: number | undefined} = {}): Kernel {
  const {epsilon = 1, rings = ringsFor(epsilon)} = checkOptions(options, 'gaussian', SHAPE);
  return {type: 'gaussian', epsilon, rings};
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
export function inverseQuadratic(options: {epsilon?: number | undefined; rings?: number | undefined} = {}): Kernel {
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
export function inverseMultiquadric(options: {epsilon?: number | undefined; rings?: number | undefined} = {}): Kernel {
  return radial('inverse-multiquadric', 'inverseMultiquadric', options);
}

function radial(
  type: 'inverse-quadratic' | 'inverse-multiquadric',
  name: string,
  options: {epsilon?: number | undefined; rings?: number | undefined},
): Kernel {
  const {epsilon = 1, rings = 3} = checkOptions(options, name, SHAPE);
  return {type, epsilon, rings};
}

const SHAPE: OptionChecks<{epsilon?: number | undefined; rings?: number | undefined}> = {
  epsilon: (value, name) => checkNumber(value, name, 1e-3, 4),
  rings: (value, name) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 5) return value;
    throw wrong(name, '1, 2, 3, 4 or 5', value);
  },
};

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
    throw new DinfError('INVALID_ARGUMENT', `bspline: degree must be 3, 5, 7 or 9, and is ${shown(degree)}; degree 1 is hat()`);
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

/**
 * A kernel that came from outside, made anew from its parts.
 *
 * @throws INVALID_ARGUMENT for what none of the functions above made, or could have made
 */
export function checkKernel(value: unknown, name: string): Kernel {
  const expected = 'a kernel, such as bspline(5), gaussian() or hat()';
  if (typeof value === 'string')
    throw new DinfError('INVALID_ARGUMENT', `${name} must be ${expected}, and is ${shown(value)}: read a text with parseKernel`);
  if (typeof value === 'function')
    throw new DinfError('INVALID_ARGUMENT', `${name} must be ${expected}, and is ${shown(value)}: call it`);
  const {type, ...rest} = checkRecord(value, name);
  switch (type) {
    case 'gaussian':
      return gaussian(rest);
    case 'inverse-quadratic':
      return inverseQuadratic(rest);
    case 'inverse-multiquadric':
      return inverseMultiquadric(rest);
    case 'bspline':
      return bspline(checkOptions(rest, name, {degree: checkNumber}).degree);
    case 'hat':
      checkOptions(rest, name, {});
      return hat();
    default:
      throw wrong(name, expected, value);
  }
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
  const [name, ...numbers] = checkText(text, 'kernel').split(':', 5);
  const makers = {gaussian, 'inverse-quadratic': inverseQuadratic, 'inverse-multiquadric': inverseMultiquadric};
  const type = checkChoice(name, 'kernel', ['gaussian', 'bspline', 'hat', 'inverse-quadratic', 'inverse-multiquadric'] as const);
  const values = numbers.map((number) => checkNumber(number.trim() === '' ? NaN : Number(number), `kernel ${shortened(text)}`));
  const most = type === 'hat' ? 0 : type === 'bspline' ? 1 : 2;
  if (values.length > most)
    throw new DinfError('INVALID_ARGUMENT', `kernel ${shortened(text)}: ${type} takes at most ${most} numbers`);
  if (type === 'hat') return hat();
  return type === 'bspline' ? bspline(values[0] ?? 5) : makers[type]({epsilon: values[0], rings: values[1]});
}
