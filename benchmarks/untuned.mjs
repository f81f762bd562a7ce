// The equations of equations.mjs once more with values that nothing was tuned on, and others that nobody looked at while the solver was
// made: what a stranger's problem gets.
import {burgers, ordinary, ring} from './references/equations.mjs';

/** Name, equations, domain, conditions, and the other words. */
const line = (equations, domain, where, ...others) => [
  ...[equations].flat().flatMap((equation) => ['--equation', equation]),
  '--domain',
  domain,
  ...where.flatMap((condition) => ['--where', condition]),
  ...others,
];
const exactly = (answer) => ['--exact', answer];
const uniforms = (values) => Object.entries(values).flatMap(([name, value]) => ['--uniform', `${name}=${value}`]);
const ON_X = (lower, upper) => [`x=${lower}|x=${upper}: u=0`];
const RING = ['--periodic', 'x'];

export const UNTUNED = {
  'heat, 0.03': line(
    'u_t = 0.03*u_xx',
    't=0..2,x=0..1',
    ['t=0: u=sin(2*pi*x)', ...ON_X(0, 1)],
    ...exactly('exp(-0.12*pi^2*t)*sin(2*pi*x)'),
  ),
  'Burgers, nu 0.004/pi': line('u_t + u*u_x = 0.004/pi*u_xx', 't=0..1,x=-1..1', ['t=0: u=-sin(pi*x)', ...ON_X(-1, 1)]),
  'Allen-Cahn, 2e-4 and 4': line('u_t = 2e-4*u_xx - 4*u^3 + 4*u', 't=0..1,x=-1..1', ['t=0: u=x^2*cos(pi*x)'], ...RING),
  'Korteweg-de Vries, 0.03': line('u_t + u*u_x + 0.03^2*u_xxx = 0', 't=0..1,x=-1..1', ['t=0: u=cos(pi*x)'], ...RING),
  'Kuramoto-Sivashinsky, 0.4 and 0.004': line(
    'u_t + 5*u*u_x + 0.4*u_xx + 0.004*u_xxxx = 0',
    't=0..1,x=-1..1',
    ['t=0: u=-sin(pi*x)'],
    ...RING,
  ),
  'convection c = 65': line('u_t + 65*u_x = 0', 't=0..1,x=0..2*pi', ['t=0: u=sin(x)'], ...[...RING, ...exactly('sin(x - 65*t)')]),
  'epidemic, 3 and 0.8': line(['s_t = -3*s*i', 'i_t = 3*s*i - 0.8*i'], 't=0..30', ['t=0: s=0.9999', 't=0: i=0.0001']),
  'logistic growth from 0.2 %': line('u_t = 2*u*(1 - u)', 't=0..8', ['t=0: u=0.002'], ...exactly('1/(1 + 499*exp(-2*t))')),
  'predators and prey, from 4': line(['u_t = u*(1 - v)', 'v_t = 0.7*v*(u - 1)'], 't=0..30', ['t=0: u=4', 't=0: v=1']),
  'van der Pol, mu 8': line(['x_t = y', 'y_t = 8*(1 - x^2)*y - x'], 't=0..20', ['t=0: x=2', 't=0: y=0']),
  'Duffing, damped more': line('u_tt + 0.1*u_t - u + u^3 = 0.2*cos(1.4*t)', 't=0..40', ['t=0: u=0.5', 't=0: u_t=0']),
  'Lorenz, rho 24': line(['x_t = 10*(y - x)', 'y_t = x*(24 - z) - y', 'z_t = x*y - 8/3*z'], 't=0..4', [
    't=0: x=2',
    't=0: y=1',
    't=0: z=3',
  ]),
  'pendulum from 2.8 rad': line('u_tt + sin(u) = 0', 't=0..12', ['t=0: u=2.8', 't=0: u_t=0']),
  'stiff relaxation, 4000': line(
    'u_t = -4000*(u - cos(t))',
    't=0..2',
    ['t=0: u=0'],
    ...exactly('(16e6*cos(t) + 4000*sin(t) - 16e6*exp(-4000*t))/(16e6 + 1)'),
  ),
  'boundary layer, 3e-4': line(
    '-3e-4*u_xx + u_x = 1',
    'x=0..1',
    ON_X(0, 1),
    ...exactly('x - (exp((x - 1)/3e-4) - exp(-1/3e-4))/(1 - exp(-1/3e-4))'),
  ),
  '41 waves': line('u_xx = -(82*pi)^2*sin(82*pi*x)', 'x=0..1', ON_X(0, 1), ...exactly('sin(82*pi*x)')),
  'wave of speed 1.7 to t = 6': line(
    'u_tt = 2.89*u_xx',
    't=0..6,x=0..1',
    ['t=0: u=sin(2*pi*x)', 't=0: u_t=0', ...ON_X(0, 1)],
    ...exactly('cos(3.4*pi*t)*sin(2*pi*x)'),
  ),
  'aluminium cantilever': line(
    'EI*w_xxxx = q',
    'x=0..4.2',
    ['x=0: w=0', 'x=0: w_x=0', 'x=4.2: w_xx=0', 'x=4.2: w_xxx=0'],
    ...uniforms({EI: 7e4, q: 250}),
    ...exactly('q/(24*EI)*(x^4 - 4*4.2*x^3 + 6*4.2^2*x^2)'),
  ),
  'Kovasznay flow, Re 20': line(
    ['u*u_x + v*u_y + p_x - 1/20*(u_xx + u_yy) = 0', 'u*v_x + v*v_y + p_y - 1/20*(v_xx + v_yy) = 0', 'u_x + v_y = 0'],
    'x=-0.5..1,y=-0.5..1.5',
    [
      'x=-0.5|x=1|y=-0.5|y=1.5: u=1 - exp(l*x)*cos(2*pi*y)',
      'x=-0.5|x=1|y=-0.5|y=1.5: v=l/(2*pi)*exp(l*x)*sin(2*pi*y)',
      'x=1: p=(1 - exp(2*l*x))/2',
    ],
    ...uniforms({l: 10 - Math.sqrt(100 + 4 * Math.PI ** 2)}),
    ...exactly('u=1 - exp(l*x)*cos(2*pi*y); v=l/(2*pi)*exp(l*x)*sin(2*pi*y); p=(1 - exp(2*l*x))/2'),
  ),
  'Helmholtz, 3 and 2 waves': line(
    'u_xx + u_yy + 4*u = (4 - 13*pi^2)*sin(3*pi*x)*sin(2*pi*y)',
    'x=-1..1,y=-1..1',
    ['x=-1|x=1|y=-1|y=1: u=0'],
    ...exactly('sin(3*pi*x)*sin(2*pi*y)'),
  ),
  // What nobody looked at before.
  'reaction layers, 1e-6': line(
    '-1e-6*u_xx + u = 1',
    'x=0..1',
    ON_X(0, 1),
    ...exactly('1 - (exp(-1000*x) + exp(1000*(x - 1)))/(1 + exp(-1000))'),
  ),
  'layer of a variable wind, 7e-6': line(
    '-7e-6*u_xx + (1 + x)*u_x + u = 2',
    'x=0..2',
    ['x=0: u=0', 'x=2: u=1'],
    ...exactly('2*x/(1 + x) - 1/3*exp(-3*(2 - x)/7e-6)'),
  ),
  'oscillator, 20 rad/s': line('u_tt + 400*u = 0', 't=0..10', ['t=0: u=1', 't=0: u_t=0'], ...exactly('cos(20*t)')),
  'nearly resonant': line('u_xx + 900*u = 900*x', 'x=0..1', ON_X(0, 1), ...exactly('x - sin(30*x)/sin(30)')),
  'a kink at rest': line('u_xx = u^3 - u', 'x=-20..20', ['x=-20: u=-1', 'x=20: u=1'], ...exactly('tanh(x/sqrt(2))')),
  'Bratu, 2': line(
    'u_xx + 2*exp(u) = 0',
    'x=0..1',
    ON_X(0, 1),
    ...uniforms({q: 2.357551053877402}),
    ...exactly('-2*log(cosh((x - 0.5)*q/2)/cosh(q/4))'),
  ),
  'Laplace, large values': line(
    'u_xx + u_yy = 0',
    'x=0..1,y=0..1',
    ['x=0|x=1|y=0|y=1: u=1e6*(x + y)'],
    ...exactly('1e6*(x + y)'),
  ),
  'beam at rest, large slopes': line(
    'u_xxxx = 0',
    'x=0..3',
    ['x=0: u=0', 'x=0: u_x=1e5', 'x=3: u_xx=6e5', 'x=3: u_xxx=0'],
    ...exactly('1e5*x + 3e5*x^2'),
  ),
  'heat in a screened plate': line(
    'u_xx + u_yy - 40*u = -(5*pi^2 + 40)*sin(pi*x)*cos(2*pi*y)',
    'x=0..1,y=0..1',
    ['x=0|x=1: u=0', 'y=0|y=1: u_y=0'],
    ...exactly('sin(pi*x)*cos(2*pi*y)'),
  ),
  'wall of two materials': line(
    ['q = where(y < 0.3, 0.04, 1.2)*T_y', 'q_y = 0'],
    'y=0..0.5',
    ['y=0: T=-10', 'y=0.5: T=20'],
    ...exactly(
      'T=where(y < 0.3, -10 + 30*y/0.04/(0.3/0.04 + 0.2/1.2), 20 - 30*(0.5 - y)/1.2/(0.3/0.04 + 0.2/1.2)); q=30/(0.3/0.04 + 0.2/1.2)',
    ),
  ),
  'growth of 30 e-folds': line('u_t = 3*u', 't=0..10', ['t=0: u=1'], ...exactly('exp(3*t)')),
  'damped wave': line(
    'u_tt + 2*u_t = u_xx',
    't=0..3,x=0..pi',
    ['t=0: u=sin(x)', 't=0: u_t=-sin(x)', 'x=0|x=pi: u=0'],
    ...exactly('exp(-t)*sin(x)'),
  ),
  'porous medium, Barenblatt': line(
    'u_t = d(u*u_x, x)',
    't=1..2,x=-1..1',
    ['t=1: u=(3 - x^2/6)', 'x=-1|x=1: u=t^(-1/3)*(3 - x^2*t^(-2/3)/6)'],
    ...exactly('t^(-1/3)*(3 - x^2*t^(-2/3)/6)'),
  ),
  'Poisson on a torus with one wall': line(
    'u_xx + u_yy = -5*sin(x)*sin(2*y)',
    'x=0..2*pi,y=0..pi',
    ['y=0|y=pi: u=0'],
    ...[...RING, ...exactly('sin(x)*sin(2*y)')],
  ),
};

export const UNTUNED_REFERENCES = {
  'Burgers, nu 0.004/pi': () => burgers(0.004 / Math.PI),
  'Allen-Cahn, 2e-4 and 4': () =>
    ring({
      ...{lower: -1, upper: 1, points: 1024, steps: 8000, time: 1, differentiated: false},
      start: (x) => x * x * Math.cos(Math.PI * x),
      linear: (k) => [-2e-4 * k * k, 0],
      nonlinear: (u) => 4 * u - 4 * u ** 3,
    }),
  'Korteweg-de Vries, 0.03': () =>
    ring({
      ...{lower: -1, upper: 1, points: 512, steps: 40_000, time: 1, differentiated: true},
      start: (x) => Math.cos(Math.PI * x),
      linear: (k) => [0, 0.03 ** 2 * k ** 3],
      nonlinear: (u) => (-u * u) / 2,
    }),
  'Kuramoto-Sivashinsky, 0.4 and 0.004': () =>
    ring({
      ...{lower: -1, upper: 1, points: 512, steps: 20_000, time: 1, differentiated: true},
      start: (x) => -Math.sin(Math.PI * x),
      linear: (k) => [0.4 * k * k - 0.004 * k ** 4, 0],
      nonlinear: (u) => -2.5 * u * u,
    }),
  'epidemic, 3 and 0.8': () => ordinary(['s', 'i'], [0.9999, 0.0001], 30, ([s, i]) => [-3 * s * i, 3 * s * i - 0.8 * i]),
  'predators and prey, from 4': () => ordinary(['u', 'v'], [4, 1], 30, ([u, v]) => [u * (1 - v), 0.7 * v * (u - 1)]),
  'van der Pol, mu 8': () => ordinary(['x', 'y'], [2, 0], 20, ([x, y]) => [y, 8 * (1 - x * x) * y - x]),
  'Duffing, damped more': () =>
    ordinary(['u', 'v'], [0.5, 0], 40, ([u, v], t) => [v, 0.2 * Math.cos(1.4 * t) - 0.1 * v + u - u ** 3]),
  'Lorenz, rho 24': () =>
    ordinary(['x', 'y', 'z'], [2, 1, 3], 4, ([x, y, z]) => [10 * (y - x), x * (24 - z) - y, x * y - (8 / 3) * z]),
  'pendulum from 2.8 rad': () => ordinary(['u', 'v'], [2.8, 0], 12, ([u, v]) => [v, -Math.sin(u)]),
};
