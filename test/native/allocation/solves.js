// Solves, evaluates and disposes while some of the addon's allocations fail: prints how the calls ended. Nothing may end the process.
'use strict';
const path = require('node:path');
const lib = require(path.join(__dirname, '../../../dist/index.js'));
const {adam, bspline, gauss, gaussNewton, lbfgs, leastSquares, mlpDecoder, points, problem, rbfGrid, solve, stratified, term} =
  lib;

const rounds = Number(process.argv[2] ?? 100);
const optimizers = [
  adam({iterations: 8}),
  leastSquares({iterations: 8}),
  gaussNewton({steps: 2, iterations: 4}),
  lbfgs({iterations: 6}),
];

/** @param {number} i */
function posed(i) {
  const mlp = i % 5 === 4;
  return problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 16, levels: 2, kernel: bspline(3)}),
    ...(mlp && {decoder: mlpDecoder({hidden: [8]})}),
    terms: [term(i % 2 ? gauss(2) : stratified(12), 'u_xx + u_yy = 1'), term(points([0, 0, 1, 1]), 'u = f', {data: {f: [0, 1]}})],
  });
}

/** @type {Record<string, number>} */
const ends = {};
/** @param {string} name */
const count = (name) => (ends[name] = (ends[name] ?? 0) + 1);

/**
 * @param {string} name
 * @param {() => Promise<unknown>} call
 */
async function tried(name, call) {
  try {
    return await call();
  } catch (error) {
    const {code = 'without a code'} = /** @type {{code?: string}} */ (error);
    count(`${name} ${error instanceof lib.DinfError ? code : 'of no class of ours'}`);
    return undefined;
  }
}

async function main() {
  for (let i = 0; i < rounds; i++) {
    const solution = /** @type {import('../../../lib').Solution | undefined} */ (
      await tried('solve', () =>
        solve(posed(i), {device: 'cpu', threads: 1 + (i % 3), optimizer: optimizers[i % 4], onProgress: () => undefined}),
      )
    );
    if (solution === undefined) continue;
    count('solve');
    if ((await tried('evaluate', () => solution.evaluate([0.5, 0.5, 0.25, 1]))) !== undefined) count('evaluate');
    await tried('parameters', () => solution.parameters());
    solution.dispose();
  }
  console.log(JSON.stringify(ends));
}
void main();
