/** The Hankel function of order zero: the outgoing cylindrical wave that a point source radiates. */
import {DinfError} from '../base/errors';

const EULER_GAMMA = 0.5772156649015329;
/** Below, the power series loses no digits. */
const SERIES_END = 2;
/** From here on the asymptotic series, whose smallest term is about exp(−2x), is below rounding. */
const ASYMPTOTIC_START = 25;

/**
 * H₀⁽²⁾(x) = J₀(x) − i Y₀(x), with an error of a few units of 1e-16 relative to its modulus up to x = 25, and x·1e-16 beyond (the
 * phase of a large argument is known no better).
 *
 * Abramowitz & Stegun: 9.1.10–13 (power series), 9.1.27, 9.1.46, 9.1.89 (backward recurrence, Neumann's series), 9.2.10 (asymptotic).
 *
 * @throws DinfError INVALID_ARGUMENT unless x is finite and above 0, where Y₀ has its pole
 */
export function hankel2(x: number): {re: number; im: number} {
  if (!Number.isFinite(x) || x <= 0) {
    throw new DinfError('INVALID_ARGUMENT', `hankel2: the argument must be a finite number above 0, and is ${x}`);
  }
  if (x >= ASYMPTOTIC_START) return asymptotic(x);
  const {j, y} = x <= SERIES_END ? powerSeries(x) : recurrence(x);
  return {re: j, im: -y};
}

/** J₀ = Σ (−q)^k/k!², q = x²/4; Y₀ = (2/π)((ln(x/2) + γ) J₀ − Σ H_k (−q)^k/k!²) with harmonic numbers H_k. */
function powerSeries(x: number): {j: number; y: number} {
  const q = (x * x) / 4;
  let term = 1;
  let j = 1;
  let harmonic = 0;
  let rest = 0;
  for (let k = 1; k < 30; k++) {
    term *= -q / (k * k);
    harmonic += 1 / k;
    j += term;
    rest += harmonic * term;
  }
  return {j, y: (2 / Math.PI) * ((Math.log(x / 2) + EULER_GAMMA) * j - rest)};
}

/** Miller's backward recurrence for all J_k, normalised by 1 = J₀ + 2 Σ J_2k; Y₀ = (2/π)((ln(x/2) + γ) J₀ − 2 Σ (−1)^k J_2k/k). */
function recurrence(x: number): {j: number; y: number} {
  const start = 2 * Math.ceil(0.6 * x + 15); // even, and so far above x that J_start is below rounding
  let above = 0;
  let here = 1e-30; // any value: the normalisation removes it
  let sum = 0;
  let neumann = 0;
  for (let k = start; k > 0; k--) {
    if (k % 2 === 0) {
      sum += 2 * here;
      neumann += ((k % 4 === 0 ? 1 : -1) * here) / (k / 2);
    }
    [above, here] = [here, ((2 * k) / x) * here - above];
  }
  const norm = here + sum;
  const j = here / norm;
  return {j, y: (2 / Math.PI) * ((Math.log(x / 2) + EULER_GAMMA) * j - (2 * neumann) / norm)};
}

/** √(2/(πx)) exp(−i(x − π/4)) Σ (−i)^k a_k/x^k, a_k = (−1)^k (1·3·…·(2k − 1))²/(k! 8^k), up to its smallest term. */
function asymptotic(x: number): {re: number; im: number} {
  let magnitude = 1; // of the k-th term
  let re = 1;
  let im = 0;
  for (let k = 1; k < 60; k++) {
    const next = (magnitude * (2 * k - 1) ** 2) / (8 * k * x);
    if (next >= magnitude || next < 1e-18) break;
    magnitude = next;
    // (−i)^k (−1)^k = i^k: the terms turn through i, −1, −i, 1.
    if (k % 4 === 1) im += next;
    else if (k % 4 === 2) re -= next;
    else if (k % 4 === 3) im -= next;
    else re += next;
  }
  const amplitude = Math.sqrt(2 / (Math.PI * x));
  const angle = x - Math.PI / 4;
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  return {re: amplitude * (cosine * re + sine * im), im: amplitude * (cosine * im - sine * re)};
}
