/** The built-in problems as functions with typed options. */
import {DinfError} from '../base/errors';
import type {Check, OptionChecks} from '../base/options';
import {
  checkChoice,
  checkFlag,
  checkInteger,
  checkNumber,
  checkNumbers,
  checkParts,
  checkPath,
  checkRecord,
  checkText,
  wrong,
} from '../base/options';
import {Case} from '../cases/case';
import type {CaseOptions} from '../cases/case-options';
import {checkCaseOptions, runOptionsOf} from '../cases/case-options';
import type {Image, ImageShape} from '../imaging/image';
import {requireShape} from '../imaging/image';
import {fitImage} from './fit-definition';
import {PROBLEMS} from './index';
import {preparePoisson} from './poisson-definition';

/** A problem by its name on the command line; `checks` are those of its options beside the options of every problem. */
async function build<U extends string, Own extends object = object>(
  name: string,
  options: CaseOptions & Own,
  checks: OptionChecks<Own>,
): Promise<Case<U>> {
  const {shared, own} = checkCaseOptions(options, name, checks);
  const definition = PROBLEMS.find((one) => one.name === name);
  if (definition === undefined) throw new DinfError('INTERNAL', `the problem ${name} is not listed`);
  // Definitions read their own options as the command line writes them.
  const texts = Object.entries(own as Record<string, unknown>).map(([key, value]) => [
    key,
    typeof value === 'number' ? String(value) : value,
  ]);
  return new Case<U>(await definition.prepare(runOptionsOf(shared, Object.fromEntries(texts) as Record<string, string>)));
}

const oneOf =
  <T extends string>(...choices: readonly T[]): Check<T> =>
  (value, name) =>
    checkChoice(value, name, choices);

/** Images that were read from a file know the bits of it. */
const checkDepth: Check<8 | 16> = (value, name) => {
  if (value !== 8 && value !== 16) throw wrong(name, '8 or 16', value);
  return value;
};

/** A file, or an image in memory. */
const checkPicture: Check<string | Image> = (value, name) => {
  if (typeof value === 'string') return checkPath(value, name);
  if (typeof value !== 'object') throw wrong(name, 'the path of an image, or an image', value);
  const {data, bitDepth, ...shape} = checkRecord(value, name);
  const {width, height, channels} = checkParts<ImageShape>(shape, name, {
    width: (extent, place) => checkInteger(extent, place, 1, 1 << 20),
    height: (extent, place) => checkInteger(extent, place, 1, 1 << 20),
    channels: (count, place) => checkInteger(count, place, 1, 3),
  });
  if (channels === 2) throw wrong(`${name}: channels`, '1 or 3', channels);
  const values = checkNumbers(data, `${name}: data`);
  requireShape(values, {width, height, channels}, name);
  return {
    ...{width, height, channels: channels as 1 | 3, data: values},
    ...(bitDepth !== undefined && {bitDepth: checkDepth(bitDepth, `${name}: bitDepth`)}),
  };
};

/** Options of {@link poisson}. */
export interface PoissonProblemOptions extends CaseOptions {
  /** A PNG or JPEG file, or an image in memory; gray or colour. Default: a rendered scene of 512 × 512 pixels. */
  image?: string | Image | undefined;
  /** The derivatives that are known. Default `gradient`. */
  supervision?: 'gradient' | 'laplacian' | undefined;
  /** How they are taken: by the paper's filters, or as exact differences. Default: the preset's. */
  target?: 'sobel' | 'differences' | undefined;
  /** Whether the border pixels are known. Default: known where the supervision leaves the image open without them. */
  border?: 'free' | 'known' | undefined;
}

/**
 * An image from its gradient or its Laplacian.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, IMAGE_TOO_SMALL, and what reading an image throws (rejects)
 */
export async function poisson(options: PoissonProblemOptions = {}): Promise<Case> {
  const checks: OptionChecks<Omit<PoissonProblemOptions, keyof CaseOptions>> = {
    image: checkPicture,
    supervision: oneOf('gradient', 'laplacian'),
    target: oneOf('sobel', 'differences'),
    border: oneOf('free', 'known'),
  };
  const {shared, own} = checkCaseOptions(options, 'poisson', checks);
  const {image, ...texts} = own;
  if (typeof image !== 'object') return build('poisson', options, checks);
  return new Case(preparePoisson(image, 'an image in memory', runOptionsOf(shared, texts)));
}

/** Options of {@link helmholtz}. */
export interface HelmholtzProblemOptions extends CaseOptions {
  /** Wavenumber, 2π over the length of a wave. Default 20. */
  wavenumber?: number | undefined;
}

/**
 * The wave of a point source on [−1, 1]², absorbed at the border: its real part u and its imaginary part v.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION (rejects)
 */
export function helmholtz(options: HelmholtzProblemOptions = {}): Promise<Case<'u' | 'v'>> {
  return build<'u' | 'v', Omit<HelmholtzProblemOptions, keyof CaseOptions>>('helmholtz', options, {
    wavenumber: (value, name) => checkNumber(value, name, 0),
  });
}

/** Options of {@link cloth}. */
export interface ClothProblemOptions extends CaseOptions {
  /** The normal that bending is measured with: the authors' linearised one, or the exact one. Default `linearised`. */
  normal?: 'linearised' | 'exact' | undefined;
}

/**
 * A cloth at rest, held at two corners: the least energy of a Kirchhoff–Love thin shell. Its displacement is (u, v, w).
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION (rejects)
 */
export function cloth(options: ClothProblemOptions = {}): Promise<Case<'u' | 'v' | 'w'>> {
  return build<'u' | 'v' | 'w', Omit<ClothProblemOptions, keyof CaseOptions>>('cloth', options, {
    normal: oneOf('linearised', 'exact'),
  });
}

/** Options of {@link plate}. */
export interface PlateProblemOptions extends CaseOptions {
  /** The equation of fourth order, or the least energy. Default `strong`. */
  form?: 'strong' | 'ritz' | undefined;
  /** Extent of the plate in x. Default 1. */
  extentX?: number | undefined;
  /** Extent of the plate in y. Default 1. */
  extentY?: number | undefined;
}

/**
 * The deflection w of a simply supported plate under a uniform load.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION (rejects)
 */
export function plate(options: PlateProblemOptions = {}): Promise<Case<'w'>> {
  return build<'w', Omit<PlateProblemOptions, keyof CaseOptions>>('plate', options, {
    form: oneOf('strong', 'ritz'),
    extentX: checkNumber,
    extentY: checkNumber,
  });
}

/** Options of {@link sdf}. */
export interface SdfProblemOptions extends CaseOptions {
  /** A file with a mesh or oriented points. Default: points of `shape`. */
  points?: string | undefined;
  /** A shape whose distance is known, such as `torus`, in place of a file. Default `torus`. */
  shape?: string | undefined;
  /** Whether the known distance of a shape is fitted by its values, without the equation. Default false. */
  signal?: boolean | undefined;
  /** Points drawn from a mesh or shape, and most that are kept of a cloud. Default 100 000. */
  count?: number | undefined;
  /** Most rounds after the first Poisson problem; they end by themselves. Default 12. */
  rounds?: number | undefined;
}

/**
 * The signed distance u of a scan, a mesh or a shape, and its surface.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, NOT_A_MESH, and what reading a file throws (rejects)
 */
export function sdf(options: SdfProblemOptions = {}): Promise<Case<'u'>> {
  return build<'u', Omit<SdfProblemOptions, keyof CaseOptions>>('sdf', options, {
    points: checkPath,
    shape: checkText,
    signal: checkFlag,
    count: (value, name) => checkInteger(value, name, 1),
    rounds: (value, name) => checkInteger(value, name, 0),
  });
}

/** Options of {@link fit}. */
export interface FitProblemOptions extends CaseOptions {
  /** A PNG or JPEG file, or an image in memory; gray or colour. Default: a rendered scene of 512 × 512 pixels. */
  image?: string | Image | undefined;
  /** An expression in x and y, both from −1 to 1, in place of an image. */
  function?: string | undefined;
}

/**
 * A field fitted to an image, or to a function. Its unknown is u, or r, g, b for a colour image.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, IMAGE_TOO_SMALL, and what reading an image or expression throws (rejects)
 */
export async function fit(options: FitProblemOptions = {}): Promise<Case> {
  const checks: OptionChecks<Omit<FitProblemOptions, keyof CaseOptions>> = {image: checkPicture, function: checkText};
  const {shared, own} = checkCaseOptions(options, 'fit', checks);
  if (typeof own.image !== 'object') return build('fit', options, checks);
  if (own.function !== undefined) {
    throw new DinfError('INVALID_ARGUMENT', "fit: 'image' and 'function' exclude each other: a field is fitted to one of them");
  }
  return new Case(fitImage(own.image, runOptionsOf(shared, {image: 'an image in memory'})));
}

/**
 * A bump u carried along a line at constant speed.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION (rejects)
 */
export function advection(options: CaseOptions = {}): Promise<Case<'u'>> {
  return build('advection', options, {});
}

/**
 * A bump u carried through the plane at constant speed.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION (rejects)
 */
export function advection2d(options: CaseOptions = {}): Promise<Case<'u'>> {
  return build('advection-2d', options, {});
}

/**
 * The heat equation u_t = α u_xx in space and time.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION (rejects)
 */
export function heat(options: CaseOptions = {}): Promise<Case<'u'>> {
  return build('heat', options, {});
}

/** Options of {@link zalesak}. */
export interface ZalesakProblemOptions extends CaseOptions {
  /** Whether the disk's smoothed indicator is turned once, instead of its distance by half a turn. Default false. */
  indicator?: boolean | undefined;
}

/**
 * Zalesak's slotted disk, turned rigidly about the origin.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION (rejects)
 */
export function zalesak(options: ZalesakProblemOptions = {}): Promise<Case<'u'>> {
  return build<'u', Omit<ZalesakProblemOptions, keyof CaseOptions>>('zalesak', options, {indicator: checkFlag});
}

/** A built-in problem: its name, and one line about it. */
export interface ProblemEntry {
  /** The name on the command line. */
  readonly name: string;
  /** One line: what is solved. */
  readonly summary: string;
}

/** All built-in problems, as `dinf-grid list` shows them. */
export function listProblems(): ProblemEntry[] {
  return PROBLEMS.map(({name, summary}) => ({name, summary}));
}
