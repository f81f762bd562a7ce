/**
 * A number for people, as short as it gets: with an exponent below 1e-3 and from 1e6 on.
 * @param digits significant digits at most, 3 by default; whole numbers below 1e6 are shown in full
 */
export function shortNumber(value: number, digits = 3): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value) || (Number.isInteger(value) && magnitude < 1e6)) return String(value);
  if (magnitude < 1e-3 || magnitude >= 1e6) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
    return `${Number(mantissa)}e${Number(exponent)}`;
  }
  return String(Number(value.toPrecision(digits)));
}
