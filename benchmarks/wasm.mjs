// How much slower WebAssembly is than the native build: the same solves by both, in turn, on one thread of this machine; in a browser the image
// of 512 × 512 pixels from its gradient; and the bytes of what is shipped. Needs `npm run build:wasm`.
//   node benchmarks/wasm.mjs --results benchmarks/results/wasm.jsonl
import * as fs from 'node:fs';
import {createRequire} from 'node:module';
import * as path from 'node:path';
import {gzipSync} from 'node:zlib';
import {equation} from 'dinf-grid/equation';
import {heat, helmholtz, poisson} from 'dinf-grid/problems';
import * as native from 'dinf-grid';
import {median, options, record, root, spread} from './support.mjs';

const given = options({results: '', repeats: 5});
const built = path.join(root, 'dist', 'wasm');
const require = createRequire(import.meta.url);
const wasm = require(path.join(built, 'node.cjs'));
const {BROWSER, inBrowser} = require('../test/wasm/in-browser.js');

const CASES = {
  'image from its gradient, 512 × 512': {pose: (entry) => entry.poisson()},
  'the same by Adam, 100 iterations': {pose: (entry) => entry.poisson({preset: 'paper', iterations: 100})},
  heat: {pose: (entry) => entry.heat()},
  helmholtz: {pose: (entry) => entry.helmholtz()},
  'a boundary layer': {
    pose: (entry) => entry.equation({equations: ['-1e-3*u_xx + u_x = 1'], domain: 'x=0..1', where: ['x=0|x=1: u=0']}),
  },
  'a membrane to 1e-6': {
    pose: (entry) =>
      entry.equation({
        equations: ['laplacian(u) = -8*exp(-8*((x-0.3)^2 + (y-0.2)^2))'],
        domain: 'x=-1..1,y=-1..1',
        where: ['x=-1|x=1|y=-1|y=1: u=0'],
        tolerance: 1e-6,
      }),
  },
};

/** Both builds, each with the functions that pose. */
const ENTRIES = {native: {...native, equation, heat, helmholtz, poisson}, wasm};

for (const [name, {pose}] of Object.entries(CASES)) {
  const seconds = {native: [], wasm: []};
  for (let i = 0; i <= given.repeats; i++) {
    for (const [build, entry] of Object.entries(ENTRIES)) {
      const posed = await pose(entry);
      const solution = await posed.solve({threads: 1, device: 'cpu'});
      if (i > 0) seconds[build].push(solution.seconds); // the first warms up
      solution.dispose();
    }
  }
  const times = median(seconds.wasm) / median(seconds.native);
  record(
    {benchmark: 'wasm', case: name, threads: 1, native: spread(seconds.native), wasm: spread(seconds.wasm), times},
    given.results || undefined,
  );
}

if (BROWSER !== undefined) {
  const found = [];
  for (let i = 0; i < given.repeats; i++) found.push(await inBrowser(SCRIPT(), {'/wasm/': built}));
  const {psnr, browser} = found[0];
  const of = (name) => spread(found.map((one) => one[name]));
  record(
    {
      benchmark: 'wasm',
      case: 'in a browser: image from its gradient, 512 × 512',
      browser,
      psnr,
      load: of('load'),
      solve: of('solve'),
      total: of('total'),
    },
    given.results || undefined,
  );
}

const sizes = Object.fromEntries(
  ['dinf-grid.wasm', 'browser.mjs', 'node.cjs', 'addon.cjs'].map((file) => {
    const bytes = fs.readFileSync(path.join(built, file));
    return [file, {bytes: bytes.length, gzipped: gzipSync(bytes, {level: 9}).length}];
  }),
);
record({benchmark: 'wasm', case: 'sizes', sizes}, given.results || undefined);

/** A tab that has loaded nothing yet: seconds to load the module, to solve, and from nothing to the image. */
function SCRIPT() {
  return `export default async () => {
    const began = performance.now();
    const {poisson, ready} = await import('/wasm/browser.mjs');
    await ready();
    const loaded = performance.now();
    const posed = await poisson();
    const solution = await posed.solve();
    const solved = performance.now();
    const {metrics} = await posed.assess(solution);
    return {
      psnr: metrics.psnr,
      browser: navigator.userAgent.match(/Chrome\\/[\\d.]+/)[0],
      load: (loaded - began) / 1000,
      solve: solution.seconds,
      total: (solved - began) / 1000,
    };
  };`;
}
