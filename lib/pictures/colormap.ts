import {DinfError} from '../base/errors';
import {NOT_A_NUMBER} from './palette';

/**
 * `gray` for pictures; `viridis` for fields and `inferno` for errors, both of evenly rising lightness; `diverging`, blue to red with
 * light gray in the middle, for fields with a sign.
 */
export type ColormapName = keyof typeof ANCHORS;

/** Colours at equal distances from 0 to 1, joined linearly. The first two after matplotlib's maps (CC0), the last after Moreland 2009. */
// prettier-ignore
const ANCHORS = {
  gray: [[0, 0, 0], [255, 255, 255]],
  viridis: [[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37]],
  inferno: [[0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85], [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164]],
  diverging: [[59, 76, 192], [98, 130, 234], [141, 176, 254], [184, 208, 249], [221, 221, 221], [245, 196, 173], [244, 154, 123], [222, 96, 77], [180, 4, 38]],
} as const;

/** The names of all colour maps. */
export const COLORMAPS = Object.keys(ANCHORS) as ColormapName[];

/**
 * Colours for numbers.
 * @param values any shape, n values; what is not finite becomes magenta
 * @param range the numbers that get the first and the last colour; values beyond are clipped. When both are equal, all get the middle.
 * @returns red, green, blue of each value, 0 to 255: (n, 3)
 * @throws DinfError INVALID_ARGUMENT when there is no such map, or the range is not finite or falls
 */
export function scalarToRgb(values: ArrayLike<number>, map: ColormapName, range: readonly [number, number]): Uint8Array {
  if (!Object.hasOwn(ANCHORS, map)) {
    throw new DinfError('INVALID_ARGUMENT', `There is no colour map ${map as string}: use ${COLORMAPS.join(', ')}.`);
  }
  const [low, high] = range;
  if (!Number.isFinite(low) || !Number.isFinite(high) || high < low) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `The range of colours is [${low}, ${high}]: give two finite numbers, the smaller first.`,
    );
  }
  const anchors: readonly (readonly number[])[] = ANCHORS[map];
  const last = anchors.length - 1;
  const rgb = new Uint8Array(3 * values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (!Number.isFinite(value)) {
      rgb.set(NOT_A_NUMBER, 3 * index);
      continue;
    }
    const t = high === low ? 0.5 : Math.min(1, Math.max(0, (value - low) / (high - low)));
    const below = Math.min(last - 1, Math.floor(t * last));
    const part = t * last - below;
    for (let channel = 0; channel < 3; channel++) {
      const from = anchors[below][channel];
      rgb[3 * index + channel] = Math.round(from + part * (anchors[below + 1][channel] - from));
    }
  }
  return rgb;
}
