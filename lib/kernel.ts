import {DinfError} from './errors';
import {checkChoice, checkNumber, rejectUnknown} from './options';

/** A 1-D interpolation kernel; its products over the axes are the weights of the grid's nodes. */
export type Kernel =
  | {
      readonly type: 'gaussian';
      /** Shape ε: φ(r) = exp(−(ε r)²), r in cells. */
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
  const epsilon = checkNumber(options.epsilon ?? 1, 'gaussian: epsilon', 1e-3, 4);
  const rings = options.rings ?? (epsilon >= 1.75 ? 1 : epsilon < 0.8 ? 4 : 3);
  if (!Number.isInteger(rings) || rings < 1 || rings > 5) {
    throw new DinfError('INVALID_ARGUMENT', `gaussian: rings must be 1, 2, 3, 4 or 5, and is ${rings}`);
  }
  return {type: 'gaussian', epsilon, rings};
}

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
  return kernel.type === 'gaussian' ? kernel.rings : kernel.type === 'hat' ? 1 : (kernel.degree + 1) / 2;
}

/** A kernel in words, for settings and reports. */
export function kernelText(kernel: Kernel): string {
  if (kernel.type === 'gaussian') return `gaussian, epsilon ${kernel.epsilon}, rings ${kernel.rings}`;
  return kernel.type === 'bspline' ? `bspline, degree ${kernel.degree}` : 'hat';
}

/** `gaussian`, `gaussian:EPSILON`, `gaussian:EPSILON:RINGS`, `bspline`, `bspline:DEGREE` or `hat`, as the command line writes kernels. */
export function parseKernel(text: string): Kernel {
  const [name, ...numbers] = text.split(':');
  const type = checkChoice(name, 'kernel', ['gaussian', 'bspline', 'hat'] as const);
  const values = numbers.map((number) => checkNumber(number.trim() === '' ? NaN : Number(number), `kernel ${text}`));
  const most = {gaussian: 2, bspline: 1, hat: 0}[type];
  if (values.length > most) throw new DinfError('INVALID_ARGUMENT', `kernel ${text}: ${type} takes at most ${most} numbers`);
  if (type === 'gaussian') return gaussian({epsilon: values[0], rings: values[1]});
  return type === 'hat' ? hat() : bspline(values[0] ?? 5);
}
