/** Small problems that between them use every kind of field, sample set, loss and leaf: what gradients and Jacobians are checked on. */
import {linearDecoder, mlpDecoder, pinn, rbfGrid, siren} from '../../lib/pose/field';
import {bspline, gaussian, hat, inverseMultiquadric, inverseQuadratic} from '../../lib/pose/kernel';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {gauss, lattice, linspace, points, stratified} from '../../lib/pose/sampling';
import {randomVector} from './support';

const inBox = (count: number, dims: number, seed: number): Float64Array =>
  randomVector(count * dims, seed).map((value) => (value + 1) / 2);

const X = {x: [0, 1]} as const;
const XY = {x: [0, 1], y: [-1, 1]} as const;
const XYZ = {x: [0, 1], y: [0, 2], z: [0, 0.5]} as const;
/** Unit coordinates into the boxes above. */
const inXY = (count: number, seed: number): Float64Array =>
  inBox(count, 2, seed).map((value, i) => (i % 2 === 0 ? value : 2 * value - 1));
const inXYZ = (count: number, seed: number): Float64Array => inBox(count, 3, seed).map((value, i) => value * [1, 2, 0.5][i % 3]);

/** A problem with no identity terms unless its name says so. */
export const PROBLEMS: Readonly<Record<string, () => Problem>> = {
  'linear, 1-D, two unknowns, data': () =>
    problem({
      domain: X,
      unknowns: ['u', 'v'],
      field: rbfGrid({resolution: 8, levels: 3, features: 2}),
      terms: [
        term(points(inBox(21, 1, 1)), ['0.01*u_xx + v*u_x = g', 'v_x - u'], {data: {g: randomVector(21, 2)}}),
        term(points([0, 1]), 'u - 2*v', {weight: 3}),
      ],
    }),
  'linear, 1-D, derivatives only': () =>
    problem({
      domain: X,
      unknowns: ['u'],
      field: rbfGrid({resolution: 6, levels: 2, features: 2, kernel: bspline(7)}),
      terms: [term(gauss(3), '0.01*u_xxxx + u_x*u_x - 1')],
    }),
  'linear, 1-D, absolute and Huber losses': () =>
    problem({
      domain: X,
      unknowns: ['u'],
      field: rbfGrid({resolution: 6, features: 3, kernel: bspline(5), edge: 'clamp'}),
      // Residuals far from the kinks of the losses, on both sides of them.
      terms: [
        term(stratified(12), 'u + where(x < 0.4, 5, -5)', {loss: 'abs'}),
        term(gauss(2), '0.2*sin(u) + 3*g', {
          loss: 'huber',
          delta: 1,
          data: {g: Float64Array.from({length: 12}, (_, i) => (i % 3) - 1)},
        }),
      ],
    }),
  'linear, 2-D lattice, nonlinear, scalars and uniforms': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({resolution: [4, 8], levels: 2, features: 2, kernel: gaussian({epsilon: 1, rings: 2})}),
      uniforms: {nu: 0.01},
      scalars: {c: 0.3, k: -0.7},
      terms: [term(lattice([linspace(0, 1, 19), linspace(-1, 1, 5)]), 'u*u_x + sin(k*u) - nu*u_yy + c*x*y')],
    }),
  'linear, 2-D, an identity energy on Gauss points': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({resolution: 4, features: 2, kernel: bspline(3)}),
      terms: [
        term(gauss(2), '0.5*(u_x^2 + u_y^2) - cos(x)*u', {loss: 'identity', weight: 0.5}),
        term(lattice([[0], linspace(-1, 1, 9)]), 'u', {weight: 10}),
      ],
    }),
  'linear, 2-D, draws from a lattice and from points': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({resolution: 4, features: 1, kernel: hat()}),
      terms: [
        term(lattice([linspace(0, 1, 9), linspace(-1, 1, 7)], {draws: 30}), 'u_x + u^2', {data: {}}),
        term(points(inXY(40, 3), {draws: 25}), 'u_y + exp(u)'),
      ],
    }),
  'linear, 2-D, a lift': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({resolution: 4, kernel: bspline(5)}),
      lift: {u: 'y + x*(1 - x)*u'},
      terms: [term(stratified(6), '0.1*laplacian(u) + u^3 = x*y')],
    }),
  'linear, 3-D points': () =>
    problem({
      domain: XYZ,
      unknowns: ['u'],
      field: rbfGrid({resolution: [2, 4, 2], levels: 2, features: 2, kernel: gaussian({epsilon: 2, rings: 1})}),
      terms: [term(points(inXYZ(45, 4)), '0.05*(u_xx + u_yy) + 0.01*u_zz + u*u_z')],
    }),
  'linear, 3-D lattice, third order': () =>
    problem({
      domain: XYZ,
      unknowns: ['u'],
      field: rbfGrid({resolution: [2, 2, 1], kernel: bspline(9), edge: 'clamp'}),
      terms: [term(lattice([linspace(0, 1, 17), [0.1, 1.7], [0, 0.2, 0.5]]), '0.01*u_xyz + u_x*u')],
    }),
  'linear, 2-D, periodic in one direction': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({resolution: [8, 4], levels: 3, features: 2, kernel: gaussian(), edge: ['periodic', 'extend']}),
      terms: [
        term(points([...inXY(30, 11), 0, -1, 1, 0.5, 1, 1]), '0.01*u_xx + u*u_y'),
        term(lattice([linspace(0, 1, 19), [-1, 0.2, 1]]), 'u_x - x*u'),
        term(stratified(5), 'u + x'),
      ],
    }),
  'linear, 3-D, periodic all around': () =>
    problem({
      domain: XYZ,
      unknowns: ['u'],
      field: rbfGrid({resolution: [2, 4, 2], levels: 2, kernel: bspline(3), edge: 'periodic'}),
      terms: [term(points(inXYZ(45, 12)), '0.01*u_xx + u*u_z'), term(lattice([[0, 1], [0.3, 2], [0.2]]), 'u_y - 1')],
    }),
  'linear, 2-D, a radial kernel': () =>
    problem({
      domain: XY,
      unknowns: ['u', 'v'],
      field: rbfGrid({
        resolution: [4, 8],
        levels: 2,
        features: 2,
        kernel: inverseQuadratic({rings: 2}),
        edge: ['clamp', 'periodic'],
      }),
      terms: [
        term(points(inXY(30, 13)), '0.01*u_xy + v*u_y'),
        term(lattice([linspace(0, 1, 19), [-1, 0.2, 1]]), 'v_xx - x*u'),
        term(stratified(5), 'u + v*x'),
      ],
    }),
  'linear, 3-D, a radial kernel': () =>
    problem({
      domain: XYZ,
      unknowns: ['u'],
      field: rbfGrid({resolution: 2, kernel: inverseMultiquadric({epsilon: 1.5, rings: 1})}),
      terms: [term(points(inXYZ(30, 14)), 'u_xx + u*u_yz'), term(lattice([[0, 1], [0.3, 2], [0.2]]), 'u_y - 1')],
    }),
  'MLP, 2-D, a radial kernel around a ring': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({
        resolution: [2, 4],
        levels: 2,
        features: 2,
        kernel: inverseQuadratic({rings: 2}),
        edge: ['periodic', 'extend'],
      }),
      decoder: mlpDecoder({hidden: [4]}),
      terms: [term(points(inXY(25, 15)), '0.1*u_xx + u*u_y')],
    }),
  'linear, many bands': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({resolution: [8, 2], levels: 2, kernel: gaussian()}),
      terms: [
        term(points(inXY(1100, 5)), 'u_x + u_y*u'),
        term(stratified([40, 20]), 'u_xx + x'),
        term(lattice([linspace(0, 1, 70), linspace(-1, 1, 3)]), 'u*u - y'),
      ],
    }),
  'MLP, 1-D, fourth order': () =>
    problem({
      domain: X,
      unknowns: ['u'],
      field: rbfGrid({resolution: 4, features: 2}),
      decoder: mlpDecoder({hidden: [5]}),
      terms: [term(points(inBox(18, 1, 6)), '1e-3*u_xxxx + u*u_xx - u_x')],
    }),
  'MLP, 2-D, two hidden layers, two unknowns': () =>
    problem({
      domain: XY,
      unknowns: ['u', 'v'],
      field: rbfGrid({resolution: 4, levels: 2, features: 2, kernel: bspline(5)}),
      decoder: mlpDecoder({hidden: [4, 3]}),
      scalars: {c: 0.4},
      terms: [term(stratified(5), ['0.1*u_xx + c*v*u_y', 'v_x - sin(u)'])],
    }),
  'MLP, 2-D, biharmonic on a lattice': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: rbfGrid({resolution: 2, features: 2, kernel: gaussian({epsilon: 1, rings: 2}), edge: 'clamp'}),
      decoder: mlpDecoder({hidden: [6]}),
      terms: [term(lattice([linspace(0, 1, 5), linspace(-1, 1, 4)]), '1e-2*biharmonic(u) + u')],
    }),
  'MLP, 3-D': () =>
    problem({
      domain: XYZ,
      unknowns: ['u'],
      field: rbfGrid({resolution: [2, 2, 1], features: 2, kernel: bspline(3), edge: 'clamp'}),
      decoder: mlpDecoder({hidden: [4, 4, 4]}),
      terms: [term(points(inXYZ(30, 7)), 'u_xx + 0.1*u_zz + u*u_y')],
    }),
  'MLP, 2-D, GELU and sine': () =>
    problem({
      domain: XY,
      fields: [
        {unknowns: ['u'], field: rbfGrid({resolution: 4}), decoder: mlpDecoder({hidden: [5, 3], activation: 'gelu'})},
        {unknowns: ['v'], field: rbfGrid({resolution: 2}), decoder: mlpDecoder({hidden: [4], activation: 'sine'})},
      ],
      terms: [term(stratified(6), ['0.1*u_xx + v*u_y - 1', 'v_x + u_y'])],
    }),
  'Siren, 1-D, fourth order': () =>
    problem({
      domain: X,
      unknowns: ['u'],
      field: siren({width: 7, hiddenLayers: 1, omega: 2}),
      terms: [term(points(inBox(18, 1, 6)), '1e-4*u_xxxx + u*u_xx - u_x')],
    }),
  'Siren, 2-D, gradients alone': () =>
    problem({
      domain: XY,
      unknowns: ['u'],
      field: siren({width: 9, hiddenLayers: 2, omega: 1.5, firstOmega: 3}),
      terms: [
        term(lattice([linspace(0, 1, 19), linspace(-1, 1, 5)]), ['u_x = g', 'u_y = 1'], {data: {g: randomVector(95, 4)}}),
        term(points(inXY(3, 8)), 'u - x*y'),
      ],
    }),
  'Siren, 3-D, gradients of two outputs': () =>
    problem({
      domain: XYZ,
      unknowns: ['u', 'v'],
      field: siren({width: 6, hiddenLayers: 1, omega: 2}),
      terms: [term(points(inXYZ(40, 7)), ['u_x + v*u_z', 'v_y - u'])],
    }),
  'PINN, 2-D, periodic along x': () =>
    problem({
      domain: XY,
      unknowns: ['u', 'v'],
      field: pinn({width: 6, hiddenLayers: 2, periodic: ['x']}),
      scalars: {c: 0.4},
      terms: [term(stratified(5), ['0.1*u_xx + c*v*u_y', 'v_x - sin(u)'])],
    }),
  'PINN, 3-D, tanh, no first activation': () =>
    problem({
      domain: XYZ,
      unknowns: ['u'],
      field: pinn({width: 5, hiddenLayers: 2, activation: 'tanh', firstActivation: false}),
      terms: [term(points(inXYZ(30, 7)), 'u_xx + 0.1*u_zz + u*u_y')],
    }),
  'a grid and a network': () =>
    problem({
      domain: XY,
      fields: [
        {unknowns: ['u'], field: rbfGrid({resolution: 4, levels: 2, features: 2})},
        {unknowns: ['k'], field: siren({width: 4, hiddenLayers: 1, omega: 2})},
      ],
      terms: [
        term(lattice([linspace(0, 1, 18), linspace(-1, 1, 4)]), 'd(k*u_x, x) + u_y = 1'),
        term(points(inXY(9, 3)), 'k - 1'),
      ],
    }),
  'two fields, every kind of sample set': () =>
    problem({
      domain: XY,
      fields: [
        {unknowns: ['u', 'p'], field: rbfGrid({resolution: 4, levels: 2, features: 2}), decoder: linearDecoder()},
        {unknowns: ['k'], field: rbfGrid({resolution: 2, kernel: bspline(3)}), decoder: mlpDecoder({hidden: [3]})},
      ],
      scalars: {c: 1.2},
      lift: {k: '1 + 0.1*k'},
      terms: [
        term(stratified(5), 'd(k*u_x, x) + d(k*u_y, y) = c*p', {weight: 0.1}),
        term(gauss(1), 'p_x + u'),
        term(lattice([linspace(0, 1, 6), [-1, 1]]), 'u - x*c'),
        term(points(inXY(9, 8)), 'u*p - g', {data: {g: randomVector(9, 9)}}),
      ],
    }),
};

/** Those whose rows are the whole loss, and smooth: Σ rows² is the loss. */
export const SQUARE_PROBLEMS = Object.keys(PROBLEMS).filter((name) => !/identity|Huber/.test(name));

/** Parameters at which nothing is small: features, decoders and scalars alike. */
export const parametersAt = (count: number, seed: number): Float64Array => randomVector(count, seed, 0.5);
