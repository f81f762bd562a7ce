// What is solved by both sides: the words after `dinf-grid solve`, how near to the truth we are asked to come, the classical solvers that
// stand beside, and in a sentence each why the one or the other is faster.
import {CATALOG} from '../suites/catalog.mjs';

/**
 * @typedef {{
 *   group: 'poisson' | 'image' | 'time' | 'helmholtz' | 'surface',
 *   title: string,
 *   solve: string[],
 *   settings: string[][],
 *   reference?: string | (() => {axes: Record<string, Float64Array>, values: Record<string, Float64Array>, how: string, accuracy: number}),
 *   peer: {script: string, args: string[]},
 *   theirs: string,
 *   ours: string,
 * }} Case `settings`: what is added to `solve`, one entry a point of our curve. `theirs`, `ours`: why, where the classical solver or we win.
 */

const many = (name, texts) => texts.flatMap((text) => [`--${name}`, text]);
const equation = ({of, domain, where, exact, periodic = [], uniform = []}) => [
  ...many('equation', [of].flat()),
  ...many('domain', [domain]),
  ...many('where', where),
  ...many('periodic', periodic),
  ...many('uniform', uniform),
  ...(exact === undefined ? [] : ['--exact', exact]),
];
const tolerances = (...values) => values.map((value) => ['--tolerance', value]);

/**
 * The values of a formula on each face of the unit box, every face with a formula of its own: the same one on all of them would hand the
 * answer itself to a solver that continues it inwards.
 */
const faces = (formula, names) =>
  [...names].flatMap((name) =>
    [0, 1].map((side) => `${name}=${side}: u = ${formula.replace(new RegExp(`\\b${name}\\b`, 'g'), String(side))}`),
  );

/** Solutions that are neither a product nor a few waves, whose sources are short. */
const PLANE = {
  source: '-143*exp(x)*sin(12*y) - 81*(x^2 + y^2)*cos(9*x*y)',
  exact: 'exp(x)*sin(12*y) + cos(9*x*y)',
};
const SPACE = {
  source: '-4*exp(x)*sin(2*y)*cos(z) - 4*((y*z)^2 + (x*z)^2 + (x*y)^2)*cos(2*x*y*z)',
  exact: 'exp(x)*sin(2*y)*cos(z) + cos(2*x*y*z)',
};
const COEFFICIENT = {
  alongX: '1 + 0.5*sin(pi*x)',
  alongY: '1 + 0.5*x*y',
  // d(a u_x, x) + d(b u_y, y) of u = cos(8x + 5y)
  source:
    '-4*pi*cos(pi*x)*sin(8*x + 5*y) - 64*(1 + 0.5*sin(pi*x))*cos(8*x + 5*y) - 2.5*x*sin(8*x + 5*y) - 25*(1 + 0.5*x*y)*cos(8*x + 5*y)',
  exact: 'cos(8*x + 5*y)',
};
const WAVES = {
  square: '181',
  source: '(181 - 81*(x^2 + y^2))*cos(9*x*y)',
  exact: 'sin(9*x + 10*y) + cos(9*x*y)',
};
const HEAT = 'exp(-0.1*pi^2*t)*sin(pi*x) + exp(-2.5*pi^2*t)*sin(5*pi*x)/2';

/** Where a formula is known, both sides are as accurate as double precision lets them be below this. */
export const FORMULA = {how: 'formula', accuracy: 1e-13};

/** The heat equation's formula at 40 times. */
function heat() {
  const x = Float64Array.from({length: 201}, (_, i) => i / 200);
  const t = Float64Array.from({length: 40}, (_, i) => (i + 1) / 40);
  const {PI, exp, sin} = Math;
  const values = Array.from(t, (time) =>
    x.map((at) => exp(-0.1 * PI ** 2 * time) * sin(PI * at) + (exp(-2.5 * PI ** 2 * time) * sin(5 * PI * at)) / 2),
  );
  return {axes: {t, x}, values: {u: Float64Array.from(values.flatMap((row) => [...row]))}, ...FORMULA};
}

const FOURIER =
  'on a ring Fourier modes converge exponentially and make the stiff part diagonal, so that a step is four pairs of one-dimensional transforms; it is a program for this one equation';

/** One of the suites' problems, with the reference that it has there. */
const evolution = (name, title, settings, theirs) => {
  const {reference} = CATALOG[name];
  const solve = [`benchmarks/suites/problems/${name}.json`];
  const ours = 'few cells in space and time are enough, since they follow the solution; steps of a fixed length are not';
  return {
    ...{group: /** @type {const} */ ('time'), title, solve, settings, reference, theirs, ours},
    peer: {script: 'evolution.py', args: ['--case', name]},
  };
};

/** @type {Record<string, Case>} */
export const CASES = {
  'poisson-2d': {
    group: 'poisson',
    title: 'Poisson 2-D, values on the border',
    solve: equation({
      of: `u_xx + u_yy = ${PLANE.source}`,
      domain: 'x=0..1,y=0..1',
      where: faces(PLANE.exact, 'xy'),
      exact: PLANE.exact,
    }),
    settings: tolerances('1e-3', '1e-6', '1e-9'),
    peer: {script: 'poisson.py', args: ['--dims', '2', '--source', PLANE.source, '--exact', PLANE.exact]},
    theirs:
      'on a box with constant coefficients the operator is a product that transforms or a small eigenvalue problem invert in milliseconds',
    ours: 'splines of degree 5 need far fewer unknowns than differences of low order',
  },
  'poisson-3d': {
    group: 'poisson',
    title: 'Poisson 3-D, values on the border',
    solve: equation({
      of: `u_xx + u_yy + u_zz = ${SPACE.source}`,
      domain: 'x=0..1,y=0..1,z=0..1',
      where: faces(SPACE.exact, 'xyz'),
      exact: SPACE.exact,
    }),
    settings: tolerances('1e-3', '1e-6'),
    peer: {script: 'poisson.py', args: ['--dims', '3', '--source', SPACE.source, '--exact', SPACE.exact]},
    theirs:
      'on a box with constant coefficients the operator is a product that transforms or a small eigenvalue problem invert in milliseconds; ours factorises normal equations without knowing that, where 3-D is dearest',
    ours: 'splines of degree 5 need far fewer unknowns than differences of low order',
  },
  'variable-2d': {
    group: 'poisson',
    title: 'div(a grad u) = f, a varies',
    solve: equation({
      of: `d((${COEFFICIENT.alongX})*u_x, x) + d((${COEFFICIENT.alongY})*u_y, y) = ${COEFFICIENT.source}`,
      domain: 'x=0..1,y=0..1',
      where: faces(COEFFICIENT.exact, 'xy'),
      exact: COEFFICIENT.exact,
    }),
    settings: tolerances('1e-3', '1e-6', '1e-9'),
    peer: {
      script: 'variable.py',
      args: [
        ...['--along-x', COEFFICIENT.alongX, '--along-y', COEFFICIENT.alongY],
        ...['--source', COEFFICIENT.source, '--exact', COEFFICIENT.exact],
      ],
    },
    theirs: 'so smooth an answer takes a dozen Chebyshev points an axis, whose dense matrix is solved in a millisecond',
    ours: 'no transform knows a coefficient that varies, and finite volumes of second order need a hundred times the unknowns',
  },
  'image-gradient': {
    group: 'image',
    title: 'an image of 512² from its gradient',
    solve: ['poisson'],
    settings: [['--iterations', '8'], ['--iterations', '15'], []],
    peer: {script: 'image.py', args: ['--supervision', 'gradient']},
    theirs:
      'cosines diagonalise the normal equations of differences on a full lattice: two transforms give the exact answer, and no iteration is needed',
    ours: 'some tens of iterations over all levels, each a few passes over the pixels, end before a factorisation or a hierarchy of matrices is built',
  },
  'image-laplacian': {
    group: 'image',
    title: 'an image of 512² from its Laplacian',
    solve: ['poisson', '--supervision', 'laplacian'],
    settings: [['--iterations', '20'], [], ['--iterations', '120']],
    peer: {script: 'image.py', args: ['--supervision', 'laplacian']},
    theirs:
      'sines diagonalise the five-point Laplacian on a full lattice: two transforms give the exact answer, and no iteration is needed',
    ours: 'some tens of iterations over all levels, each a few passes over the pixels, end before a factorisation or a hierarchy of matrices is built',
  },
  heat: {
    group: 'time',
    title: 'heat, two modes',
    solve: equation({
      of: 'u_t = 0.1*u_xx',
      domain: 't=0..1,x=0..1',
      where: ['t=0: u = sin(pi*x) + sin(5*pi*x)/2', 'x=0|x=1: u = 0'],
      exact: HEAT,
    }),
    settings: tolerances('1e-4', '1e-8'),
    reference: heat,
    peer: {script: 'evolution.py', args: ['--case', 'heat']},
    theirs: 'a linear equation with constant coefficients is solved for all times at once by the eigenvalues of one small matrix',
    ours: 'high order in space and time against steps of second order',
  },
  burgers: evolution('burgers1d', 'Burgers, ν = 0.01/π', tolerances('1e-4', '1e-8'), FOURIER),
  'allen-cahn': evolution('allen_cahn', 'Allen-Cahn on a ring', tolerances('1e-4'), FOURIER),
  'allen-cahn-walls': evolution(
    'dde_allen_cahn',
    'Allen-Cahn between walls',
    tolerances('1e-4'),
    'a hundred Chebyshev points with exponential steps resolve it; it is a program for this one equation',
  ),
  kdv: evolution('kdv', 'Korteweg-de Vries', tolerances('1e-4', '1e-8'), FOURIER),
  ks: evolution('ks', 'Kuramoto-Sivashinsky', tolerances('1e-4', '1e-7'), FOURIER),
  'helmholtz-box': {
    group: 'helmholtz',
    title: 'u_xx + u_yy + k² u = f, k² = 181',
    solve: equation({
      of: `u_xx + u_yy + ${WAVES.square}*u = ${WAVES.source}`,
      domain: 'x=0..1,y=0..1',
      where: faces(WAVES.exact, 'xy'),
      exact: WAVES.exact,
    }),
    settings: tolerances('1e-3', '1e-6', '1e-9'),
    peer: {
      script: 'helmholtz.py',
      args: ['--task', 'box', '--square', WAVES.square, '--source', WAVES.source, '--exact', WAVES.exact],
    },
    theirs: 'a constant k on a box is a product again: Chebyshev points with two small eigenvalue problems, or sines',
    ours: 'splines of degree 5 follow a wave with fewer unknowns than differences of low order',
  },
  'helmholtz-point': {
    group: 'helmholtz',
    title: 'a point source in absorbing layers, k = 20',
    solve: ['helmholtz'],
    settings: [['--resolution', '64'], ['--resolution', '96'], []],
    peer: {script: 'helmholtz.py', args: ['--task', 'point', '--wavenumber', '20']},
    theirs: 'the stretched operator is a product of the two coordinates, which the eigenvectors of one dense matrix invert',
    ours: 'a sparse LU in complex numbers fills in, and is slower than iterations of least squares over all levels that stop in time',
  },
  torus: surface('torus', 'a torus from 100 000 points'),
  box: surface('box', 'a box with sharp edges from 100 000 points'),
};

/** A cloud of a shape whose distance is known, without noise. */
function surface(shape, title) {
  return {
    group: /** @type {const} */ ('surface'),
    title,
    solve: ['sdf', '--points', `${shape}.ply`],
    settings: [['--resolution', '32'], []],
    peer: {script: 'PoissonRecon', args: [shape]},
    theirs:
      'an octree refines where the points are, and screened Poisson is one linear problem of an indicator; it gives no distance away from the surface',
    ours: 'the surface is the zero of a distance, fitted to the points everywhere at once',
  };
}
