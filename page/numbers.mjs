// Numbers for people, and round ones for axes.

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const MINUS = '−';

/** A power of ten with raised digits. */
const power = (exponent) => `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((d) => SUPERSCRIPTS[d]).join('')}`;

/**
 * A number as people write it: with a power of ten below 1e-3 and from 1e6 on.
 *
 * @param {number | null} value JSON has null for what is no finite number.
 * @param {number} [digits] that matter, default 4.
 */
export function numberText(value, digits = 4) {
  if (value === null || Number.isNaN(value)) return 'no number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) return String(Number(value.toPrecision(digits))).replace('-', MINUS);
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  const short = String(Number(mantissa)).replace('-', MINUS);
  return short === '1' ? power(Number(exponent)) : `${short}·${power(Number(exponent))}`;
}

/** Seconds: hundredths below ten, minutes from two minutes on. */
export function secondsText(seconds) {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Bytes in the unit that keeps them short. */
export function bytesText(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const at = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 2 ** (10 * at)).toPrecision(3))} ${units[at]}`;
}

/** Multiples of 1, 2 or 5 times a power of ten within a range, at most that many. */
export function niceTicks(lower, upper, most) {
  if (!(upper - lower > 1e-13 * Math.max(Math.abs(lower), Math.abs(upper)))) return [lower];
  const room = Math.max(1, most);
  for (let exponent = Math.floor(Math.log10((upper - lower) / room)); ; exponent++) {
    for (const factor of [1, 2, 5]) {
      const step = factor * 10 ** exponent;
      const first = Math.ceil(lower / step - 1e-9);
      const count = Math.floor(upper / step + 1e-9) - first + 1;
      if (count > room) continue;
      return Array.from({length: count}, (_, i) =>
        exponent < 0 ? ((first + i) * factor) / 10 ** -exponent : (first + i) * step,
      );
    }
  }
}

/** Numbers of one axis as texts with as many decimals as tell neighbours apart; a power of ten that all share is given apart. */
export function tickTexts(values) {
  const largest = Math.max(...values.map(Math.abs));
  const scale = largest > 0 && (largest < 1e-2 || largest >= 1e5) ? Math.floor(Math.log10(largest)) : 0;
  const scaled = values.map((value) => value / 10 ** scale);
  const gap = scaled.slice(1).reduce((least, value, i) => Math.min(least, Math.abs(value - scaled[i])), Infinity);
  const decimals = Number.isFinite(gap) ? Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(gap)))) : 3;
  const texts = scaled.map((value) => String(Number(value.toFixed(decimals)) || 0).replace('-', MINUS));
  return {texts, power: scale === 0 ? '' : `×${power(scale)}`};
}

/** Powers of ten within a range, at most that many. */
export function decadeTicks(lower, upper, most) {
  const [first, last] = [Math.ceil(Math.log10(lower) - 1e-9), Math.floor(Math.log10(upper) + 1e-9)];
  const step = [1, 2, 3, 5, 10, 20, 50].find((one) => (last - first) / one < most) ?? 100;
  const ticks = [];
  for (let exponent = Math.ceil(first / step) * step; exponent <= last; exponent += step) {
    ticks.push({value: 10 ** exponent, text: power(exponent)});
  }
  return ticks;
}

/** The least and the largest finite value; undefined where none is finite. */
export function rangeOf(values) {
  let [lower, upper] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < lower) lower = value;
    if (value > upper) upper = value;
  }
  return lower <= upper ? {lower, upper} : undefined;
}

/** The root of the mean of squares of the finite values. */
export function rootMeanSquare(values) {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    sum += value * value;
    count += 1;
  }
  return count === 0 ? NaN : Math.sqrt(sum / count);
}
