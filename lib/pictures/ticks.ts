/** Round numbers for axes, and how they are written: no two alike. */
import {shortNumber} from './numbers';
import type {Range} from './ranges';

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/**
 * Multiples of 1, 2 or 5 times a power of ten inside a range, rising.
 *
 * @param most how many there may be; there are at least two fifths as many, rounded down
 */
export function niceTicks([low, high]: Range, most: number): number[] {
  // Between numbers that are alike to 13 digits there are none to tell apart.
  if (!(high - low > 1e-13 * Math.max(Math.abs(low), Math.abs(high)))) return [low];
  let exponent = Math.floor(Math.log10((high - low) / most));
  for (; ; exponent++) {
    for (const factor of [1, 2, 5]) {
      const step = factor * 10 ** exponent;
      const first = Math.ceil(low / step - 1e-9);
      const count = Math.floor(high / step + 1e-9) - first + 1;
      if (count > most) continue;
      // Dividing by a whole power of ten is exact where multiplying by its inverse is not.
      return Array.from({length: count}, (_, i) =>
        exponent < 0 ? ((first + i) * factor) / 10 ** -exponent : (first + i) * step,
      );
    }
  }
}

/** Ticks of a logarithmic axis over positive numbers: powers of ten, or 1, 2 and 5 times those, or as on a linear one if it is short. */
export function logTicks([low, high]: Range, most: number): number[] {
  const inside = (value: number): boolean => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const decades = Array.from({length: last - first + 1}, (_, i) => first + i);
  const fine = decades.flatMap((exponent) => [1, 2, 5].map((factor) => Number(`${factor}e${exponent}`))).filter(inside);
  if (fine.length <= most) return fine.length >= 3 ? fine : niceTicks([low, high], most);
  const powers = decades.filter((exponent) => inside(10 ** exponent));
  const stride = [1, 2, 3, 5, 10, 20, 50].find((step) => powers.length / step <= most) ?? 100;
  return powers.filter((exponent) => exponent % stride === 0).map((exponent) => Number(`1e${exponent}`));
}

/** Numbers of one axis or colour bar as texts: three digits of the largest, or as many more as it takes to tell neighbours apart. */
export function tickLabels(values: readonly number[]): string[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const gap = sorted.slice(1).reduce((least, value, i) => Math.min(least, value - sorted[i]), Infinity);
  if (!Number.isFinite(gap)) return values.map((value) => withMinus(shortNumber(value)));
  const largest = Math.max(...sorted.map(Math.abs));
  const digits = Math.max(2 - Math.floor(Math.log10(largest)), 1 - Math.floor(Math.log10(gap)));
  const scientific = largest < 1e-3 || largest >= 1e6;
  return values.map((value) => {
    // Less than a thousandth of the distance to its neighbour is rounding.
    if (Math.abs(value) < gap / 1000) return '0';
    if (!scientific) return withMinus(String(Number(value.toFixed(Math.min(100, Math.max(0, digits))))));
    const places = Math.min(15, Math.max(0, Math.floor(Math.log10(Math.abs(value))) + digits));
    const [mantissa, exponent] = value.toExponential(places).split('e');
    return withMinus(`${Number(mantissa)}e${Number(exponent)}`);
  });
}

/** Numbers of a logarithmic axis as texts, as powers of ten where plain ones would be long. */
export function logLabels(values: readonly number[]): string[] {
  if (values.every((value) => value >= 1e-3 && value < 1e6)) return tickLabels(values);
  if (Math.max(...values) < 10 * Math.min(...values)) return tickLabels(values);
  return values.map((value) => {
    const [mantissa, exponent] = value.toExponential().split('e');
    const power = `10${exponent
      .replace('+', '')
      .replace('-', '⁻')
      .replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)])}`;
    if (mantissa === '1') return power;
    return exponent === '+0' ? mantissa : `${mantissa}·${power}`;
  });
}

function withMinus(text: string): string {
  return text.replaceAll('-', '−');
}
