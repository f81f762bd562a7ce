// What the library imports of Node, for browsers: clocks, hashes and paths are there, files are not. The build of dist/wasm/browser.mjs
// puts this in the place of every module of Node's.

/** Why what deals with files fails. */
function none(what) {
  const error = new Error(`there are no files in a browser (${what})`);
  error.code = 'ENOSYS';
  return error;
}
const never = (what) => () => {
  throw none(what);
};
const rejects = (what) => async () => {
  throw none(what);
};

// node:fs, node:fs/promises
export const constants = {};
export const fstatSync = never('fstat');
export const readFileSync = never('read');
export const rmSync = never('rm');
export const access = rejects('access');
export const mkdir = rejects('mkdir');
export const open = rejects('open');
export const realpath = rejects('realpath');
export const rename = rejects('rename');
export const rm = rejects('rm');
export const rmdir = rejects('rmdir');
export const stat = rejects('stat');
export const writeFile = rejects('write');

// node:path, of names alone
export const sep = '/';
export const join = (...parts) => parts.filter((part) => part !== '').join('/');
export const resolve = (...parts) => join(...parts);
export const dirname = (path) => path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.';
export const basename = (path) => path.slice(path.lastIndexOf('/') + 1);
export const extname = (path) => /\.[^./]*$/.exec(basename(path))?.[0] ?? '';
export const isAbsolute = (path) => path.startsWith('/');
export const relative = (_from, to) => to;

// node:os; a browser does not say how much memory there is, and the module has 4 GiB at most
export const availableParallelism = () => 1;
export const cpus = () => [];
export const endianness = () => 'LE';
export const freemem = () => 2 ** 32;
export const totalmem = () => 2 ** 32;

// node:timers/promises: timers would be made to wait
const {port1, port2} = new MessageChannel();
const waiting = [];
port1.onmessage = () => waiting.shift()?.();
export const setImmediate = () =>
  new Promise((done) => {
    waiting.push(done);
    port2.postMessage(undefined);
  });

// node:stream, node:zlib: of files alone
export const Readable = {from: never('streams')};
export const inflateSync = never('zlib');

// node:crypto
export const randomBytes = (count) => crypto.getRandomValues(new Uint8Array(count));

/** SHA-256 at once: the browser's own is asynchronous. */
export function createHash() {
  const pieces = [];
  return {
    update(bytes) {
      pieces.push(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
      return this;
    },
    digest: () => sha256(pieces),
  };
}

/** The first 32 bits of the fractional parts of roots of the first primes. */
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every((prime) => n % prime !== 0)) PRIMES.push(n);
const ROUNDS = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const turned = (x, bits) => (x >>> bits) | (x << (32 - bits));

function sha256(pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const padded = new Uint8Array(Math.ceil((length + 9) / 64) * 64);
  let end = 0;
  for (const piece of pieces) {
    padded.set(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength), end);
    end += piece.byteLength;
  }
  padded[length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setBigUint64(padded.length - 8, BigInt(length) * 8n);
  const state = Int32Array.from(START);
  const schedule = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) {
        schedule[i] = words.getInt32(block + 4 * i);
        continue;
      }
      const [x, y] = [schedule[i - 15], schedule[i - 2]];
      const small = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
      const large = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
      schedule[i] = schedule[i - 16] + small + schedule[i - 7] + large;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[i] + schedule[i]) | 0;
      const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] += value));
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
