// What a factorisation of the direct solver costs: flops as counted, seconds with the assembly of the matrix, cold (fresh memory) and warm
// (memory that it has had before), bytes. Beside it, in the same run, the rate at which this machine multiplies large dense matrices
// (OpenBLAS through NumPy), and SuperLU through SciPy on a matrix of the same pattern, where Python has them.
//   node benchmarks/factorisation.mjs --results benchmarks/results/factorisation.jsonl
// scripts/factorisation-figure.mjs draws the growth from 32 to 512 cells an axis.
import * as dinf from 'dinf-grid';
import {findPython, options, record, runPeer, spread} from './support.mjs';

const given = options({results: '', repeats: 5, largest: 512, python: '', peerLargest: 256});

const square = (cells, degree) => ({dims: 2, cells, degree});
const CASES = [
  ...[32, 64, 128, 256, 512].map((cells) => square(cells, 5)),
  square(256, 3),
  ...[8, 12, 16, 24].map((cells) => ({dims: 3, cells, degree: 5})),
  {dims: 3, cells: 32, degree: 3},
];

/** Poisson's equation, u = 0 on the boundary. */
function poisson({dims, cells, degree}) {
  const names = ['x', 'y', 'z'].slice(0, dims);
  const laplacian = names.map((name) => `u_${name}${name}`).join(' + ');
  const bubble = names.map((name) => `${name}*(1 - ${name})`).join('*');
  return dinf.problem({
    domain: Object.fromEntries(names.map((name) => [name, [0, 1]])),
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution: cells, kernel: dinf.bspline(degree)}),
    lift: {u: `${bubble}*u`},
    terms: [dinf.term(dinf.gauss(Math.ceil((degree + 1) / 2)), `${laplacian} = 1`)],
  });
}

/** One factorisation a stage, each anew in the memory of the one before; the last one is reported. */
async function factorised(problem, stages) {
  const stage = dinf.gaussNewton({steps: 1, inner: 'direct', held: {axis: 0, nodes: [0], fresh: true}});
  const solution = await dinf.solve(problem, {
    optimizer: Array.from({length: stages}, () => stage),
    dtype: 'float64',
    device: 'cpu',
  });
  const {solver, iterations, unknowns} = solution;
  solution.dispose();
  return {...solver, iterations: iterations / stages, unknowns};
}

const peer = findPython(given.python || undefined, 'numpy, scipy');
for (const setting of CASES) {
  if (setting.cells > given.largest) continue;
  const problem = poisson(setting);
  const {factorFlops: flops = NaN, factorBytes: bytes, iterations, unknowns, ...first} = await factorised(problem, 1);
  const warm = [];
  for (let i = 0; i < given.repeats; i++) warm.push((await factorised(problem, 3)).factorSeconds);
  const seconds = spread(warm);
  const other =
    peer &&
    runPeer(
      peer,
      'factorisation.py',
      [
        ...['--dims', setting.dims, '--cells', setting.cells, '--degree', setting.degree],
        ...['--superlu', setting.cells ** (setting.dims / 2) <= given.peerLargest ? '1' : '0'],
      ].map(String),
    );
  record(
    {
      benchmark: 'factorisation',
      setting,
      unknowns,
      flops,
      bytes,
      innerIterations: iterations,
      coldSeconds: first.factorSeconds,
      seconds,
      flopsPerSecond: flops / seconds.median,
      ...(other && {peer: other, partOfDenseRate: flops / seconds.median / other.denseFlopsPerSecond}),
      ...(other?.superluSeconds && {superluOverOurs: other.superluSeconds / seconds.median}),
    },
    given.results || undefined,
  );
}
