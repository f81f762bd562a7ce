// Writes problems/burgers2d.json: Burgers' equation in two coordinates, which begins with 64 waves of random height, whose largest value is
// scaled to 2, in a wind that is random too. The suite draws them with NumPy's legacy generator from a seed that
// it states; the same numbers follow here from the seed: a Mersenne twister (Matsumoto and Nishimura 1998), its 53-bit fractions, and
// Marsaglia's polar method, which gives normal numbers in pairs.
import {writeFileSync} from 'node:fs';

const SEED = 20_220_722;
/** Waves a coordinate. */
const WAVES = 4;
/** Points a coordinate at which the largest value is looked for, over four periods. */
const POINTS = 512;

function twister(seed) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) state[i] = Math.imul(1_812_433_253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let next = 624;
  return () => {
    if (next === 624) {
      for (let i = 0; i < 624; i++) {
        const joined = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
      }
      next = 0;
    }
    let word = state[next++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  };
}

function normal(seed) {
  const word = twister(seed);
  const fraction = () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  let kept = /** @type {number | undefined} */ (undefined);
  return () => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    for (;;) {
      const [x, y] = [2 * fraction() - 1, 2 * fraction() - 1];
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      kept = factor * x;
      return factor * y;
    }
  };
}

/** Heights of sines and cosines by wave numbers i and j: `sines[4 i + j]`. */
const heights = (draw) => ({
  sines: Array.from({length: WAVES * WAVES}, draw),
  cosines: Array.from({length: WAVES * WAVES}, draw),
});

function valueAt({sines, cosines}, x, y) {
  return sines.reduce((sum, sine, k) => {
    const angle = 2 * Math.PI * (Math.floor(k / WAVES) * x + (k % WAVES) * y);
    return sum + sine * Math.sin(angle) + cosines[k] * Math.cos(angle);
  }, 0);
}

function waves() {
  const draw = normal(SEED);
  const [u, v] = [heights(draw), heights(draw)];
  const lattice = Array.from({length: POINTS}, (_, i) => (4 * i) / (POINTS - 1));
  let largest = -Infinity;
  for (const x of lattice) {
    for (const y of lattice) largest = Math.max(largest, valueAt(u, x, y), valueAt(v, x, y));
  }
  return {u, v, scale: 2 / largest, wind: [draw(), draw()]};
}

/** As a text of the equation language. */
const field = ({sines, cosines}) =>
  sines
    .flatMap((sine, k) => {
      const angle = `2*pi*(${Math.floor(k / WAVES)}*x + ${k % WAVES}*y)`;
      return [`(${sine})*sin(${angle})`, `(${cosines[k]})*cos(${angle})`];
    })
    .join(' + ');

const {u, v, scale, wind} = waves();
const problem = {
  equation: ['u_t + u*u_x + v*u_y = 0.001*(u_xx + u_yy)', 'v_t + u*v_x + v*v_y = 0.001*(v_xx + v_yy)'],
  domain: 't=0..1,x=0..4,y=0..4',
  where: [`t=0: u = ${scale}*(${field(u)}) + ${wind[0]}`, `t=0: v = ${scale}*(${field(v)}) + ${wind[1]}`],
  periodic: 'x,y',
};
writeFileSync(new URL('problems/burgers2d.json', import.meta.url), `${JSON.stringify(problem, null, 2)}\n`);
