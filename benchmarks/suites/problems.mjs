// Problems by which others measure themselves, each as a user would write it: an equation, a domain, conditions, and no option that says
// how to solve it. Beside each stands the least relative L2 error that anybody published for it, and where.
//
// Published figures are those of their authors, on their own points and against their own references, some of which are themselves a per
// cent or more away from the answer; ours are against the answer. Those of PINNacle's table are quoted at second hand: look them up there
// before a page prints them.
import {field, waves} from './waves.mjs';

/**
 * @typedef {{
 *   suite: 'PINNacle' | 'jaxpi' | 'DeepXDE',
 *   solve?: string[],
 *   reference?: string,
 *   published: {relativeL2: number, source: string} | null,
 *   needs?: string,
 *   remark?: string,
 * }} Problem `solve`: the words after `dinf-grid solve`; none where `needs` says what cannot be expressed yet. `reference`: a name in
 * references.mjs, where no formula is known. `remark`: what whoever reads the figure must know.
 */

const PINNACLE = 'PINNacle (Hao and others 2023), table 3';
const PELINE = 'PELINE, on the problems of PINNacle';
const JAXPI = 'jaxpi, README';
const PIRATE = 'PirateNets (Wang and others 2024)';
const SECOND_ORDER = 'vRBA with SSBroyden';
const SCALE = 'Scale-PINN';

const published = (relativeL2, source) => ({relativeL2, source});

/**
 * The words of a problem; lists become repeated options.
 *
 * @param {Record<string, string | string[]>} problem
 */
function words({equation, domain, where = [], ...rest}) {
  const many = (name, texts) => [texts].flat().flatMap((text) => [`--${name}`, text]);
  return [
    ...many('equation', equation),
    ...many('domain', domain),
    ...many('where', where),
    ...Object.entries(rest).flatMap(([name, texts]) => many(name, texts)),
  ];
}

const SQUARE = 'x=0..1,y=0..1';
const SIDES = 'x=0|x=1|y=0|y=1';

const WAVE = words({
  equation: 'u_tt = 4*u_xx',
  domain: 't=0..1,x=0..1',
  where: ['t=0: u = sin(pi*x) + 0.5*sin(4*pi*x)', 't=0: u_t = 0', 'x=0|x=1: u = 0'],
  exact: 'sin(pi*x)*cos(2*pi*t) + 0.5*sin(4*pi*x)*cos(8*pi*t)',
});

const advection = (speed, time) =>
  words({
    equation: `u_t + ${speed}*u_x = 0`,
    domain: `t=0..${time},x=0..2*pi`,
    where: 't=0: u = sin(x)',
    periodic: 'x',
    exact: `sin(x - ${speed}*t)`,
  });

const flow = (viscosity, {rates = ['', ''], force = ''} = {}) => [
  `${rates[0]}u*u_x + v*u_y + p_x = ${viscosity}*(u_xx + u_yy)`,
  `${rates[1]}u*v_x + v*v_y + p_y = ${viscosity}*(v_xx + v_yy)${force}`,
  'u_x + v_y = 0',
];
const cavity = (viscosity, lid) =>
  words({
    equation: flow(viscosity),
    domain: SQUARE,
    where: [`y=1: u = ${lid}`, 'x=0|x=1|y=0: u = 0', `${SIDES}: v = 0`],
  });

const KOVASZNAY = {
  u: '1 - exp(l*x)*cos(2*pi*y)',
  v: 'l/(2*pi)*exp(l*x)*sin(2*pi*y)',
  p: '(1 - exp(2*l*x))/2',
};

// An elastic plate whose load is made for a known bend: displacements u and v, stresses a, b and c, with Lame's constants 1 and 1/2.
const PLATE = {
  u: 'cos(2*pi*x)*sin(pi*y)',
  v: 'sin(pi*x)*y^4',
  a: '-4*pi*sin(2*pi*x)*sin(pi*y) + 4*y^3*sin(pi*x)',
  b: '8*y^3*sin(pi*x) - 2*pi*sin(2*pi*x)*sin(pi*y)',
  c: '0.5*pi*(cos(2*pi*x)*cos(pi*y) + y^4*cos(pi*x))',
};
const named = (formulas) =>
  Object.entries(formulas)
    .map(([name, text]) => `${name}=${text}`)
    .join('; ');

// Burgers in two coordinates begins with 64 waves of random height, whose largest value is scaled to 2, in a wind that is random too.
const {u: WAVES_U, v: WAVES_V, scale: WAVES_SCALE, wind: WIND} = waves();

/** @type {Record<string, Problem>} */
export const PROBLEMS = {
  burgers1d: {
    suite: 'PINNacle',
    solve: words({
      equation: 'u_t + u*u_x = 0.01/pi*u_xx',
      domain: 't=0..1,x=-1..1',
      where: ['t=0: u = -sin(pi*x)', 'x=-1|x=1: u = 0'],
    }),
    reference: 'burgers1d',
    published: published(8.25e-9, SECOND_ORDER),
    remark: "PINNacle's own reference is 1.3e-2 away from Cole and Hopf's integral, and its best figure is 1.43e-2",
  },
  burgers2d: {
    suite: 'PINNacle',
    solve: words({
      equation: ['u_t + u*u_x + v*u_y = 0.001*(u_xx + u_yy)', 'v_t + u*v_x + v*v_y = 0.001*(v_xx + v_yy)'],
      domain: 't=0..1,x=0..4,y=0..4',
      where: [
        `t=0: u = ${WAVES_SCALE}*(${field(WAVES_U)}) + ${WIND[0]}`,
        `t=0: v = ${WAVES_SCALE}*(${field(WAVES_V)}) + ${WIND[1]}`,
      ],
      periodic: 'x,y',
    }),
    reference: 'burgers2d',
    published: published(2.6e-1, PINNACLE),
  },
  poisson2d_c: {
    suite: 'PINNacle',
    solve: words({
      equation:
        'where(min(min(norm(x - 0.3, y - 0.3), norm(x + 0.3, y - 0.3)), min(norm(x - 0.3, y + 0.3), norm(x + 0.3, y + 0.3))) < 0.1, 1000*u, u_xx + u_yy) = 0',
      domain: 'x=-0.5..0.5,y=-0.5..0.5',
      where: 'x=-0.5|x=0.5|y=-0.5|y=0.5: u = 1',
      unknowns: 'u',
    }),
    reference: 'poisson2d_c',
    published: published(1.23e-2, PINNACLE),
    remark: 'four holes, said by an equation that holds u at 0 inside of them; the error is that outside of them',
  },
  poisson2d_cg: {suite: 'PINNacle', published: published(4.11e-3, PELINE), needs: 'holes'},
  poisson3d_cg: {suite: 'PINNacle', published: published(5.67e-2, PELINE), needs: 'holes (four spheres)'},
  poisson2d_ms: {
    suite: 'PINNacle',
    published: published(5.9e-1, PINNACLE),
    needs: 'data (a coefficient and a source of 25 blocks)',
  },
  heat2d_vc: {suite: 'PINNacle', published: published(2.12e-1, PINNACLE), needs: 'data (a random coefficient)'},
  heat2d_ms: {
    suite: 'PINNacle',
    solve: words({
      equation: 'u_t = 1/(500*pi)^2*u_xx + 1/pi^2*u_yy',
      domain: `t=0..5,${SQUARE}`,
      where: ['t=0: u = sin(20*pi*x)*sin(pi*y)', `${SIDES}: u = 0`],
      exact: 'sin(20*pi*x)*sin(pi*y)*exp(-(1 + 1/625)*t)',
    }),
    published: published(4.4e-2, PINNACLE),
  },
  heat2d_cg: {suite: 'PINNacle', published: published(1.58e-2, PELINE), needs: 'holes (17 discs with a Robin condition)'},
  heat2d_lt: {
    suite: 'PINNacle',
    solve: words({
      equation: 'u_t = 0.001*(u_xx + u_yy) + 5*sin(u^2)*(1 + 2*sin(pi*t/4))*sin(4*pi*x)*sin(2*pi*y)',
      domain: `t=0..100,${SQUARE}`,
      where: ['t=0: u = sin(4*pi*x)*sin(3*pi*y)', `${SIDES}: u = 0`],
    }),
    reference: 'heat2d_lt',
    published: published(9.98e-1, PELINE),
  },
  ns2d_c: {
    suite: 'PINNacle',
    solve: cavity('0.01', '4*x*(1 - x)'),
    reference: 'ns2d_c',
    published: published(3.6e-2, PINNACLE),
  },
  ns2d_c_fast: {
    suite: 'PINNacle',
    solve: cavity('0.01', '16*x*(1 - x)'),
    reference: 'ns2d_c_fast',
    published: null,
    remark: 'the lid of ns2d_c, four times as fast',
  },
  ns2d_cg: {suite: 'PINNacle', published: published(8.24e-2, PINNACLE), needs: 'a domain that is no box (a step)'},
  ns2d_lt: {
    suite: 'PINNacle',
    solve: words({
      equation: flow('0.01', {rates: ['u_t + ', 'v_t + '], force: ' - sin(pi*x)*sin(pi*y)*sin(pi*t)'}),
      domain: 't=0..5,x=0..2,y=0..1',
      where: [
        't=0: u = 0',
        't=0: v = 0',
        'x=0: u = sin(pi*y)*(sin(pi*t) + sin(3*pi*t) + sin(5*pi*t))',
        'x=0: v = 0',
        'x=2: p = 0',
        'y=0|y=1: u = 0',
        'y=0|y=1: v = 0',
      ],
    }),
    published: published(9.95e-1, PINNACLE),
    remark: 'the suite states a pressure alone at the outlet, which leaves the flow there open',
  },
  wave1d_c: {suite: 'PINNacle', solve: WAVE, published: published(6.47e-2, PELINE)},
  wave2d_cg: {suite: 'PINNacle', published: published(7.94e-1, PINNACLE), needs: 'data (a random coefficient)'},
  wave2d_ms: {
    suite: 'PINNacle',
    solve: words({
      equation: 'u_tt = u_xx + 2*u_yy',
      domain: `t=0..100,${SQUARE}`,
      where: [
        't=0: u = sin(pi*x)*sinh(pi*y) + sinh(3*pi*x)*sin(2*pi*y)',
        't=0: u_t = 0',
        `${SIDES}: u = (sin(pi*x)*sinh(pi*y) + sinh(3*pi*x)*sin(2*pi*y))*cos(pi*t)`,
      ],
    }),
    reference: 'wave2d_ms',
    published: published(9.37e-1, PELINE),
    remark:
      "the suite's formula does not solve the suite's equation; our error is against what does, the published one against the formula",
  },
  grayscott: {
    suite: 'PINNacle',
    solve: words({
      equation: ['u_t = 1e-5*(u_xx + u_yy) + 0.04*(1 - u) - u*v^2', 'v_t = 5e-6*(v_xx + v_yy) - 0.1*v + u*v^2'],
      domain: 't=0..200,x=-1..1,y=-1..1',
      where: ['t=0: u = 1 - exp(-80*((x + 0.05)^2 + (y + 0.02)^2))', 't=0: v = exp(-80*((x - 0.05)^2 + (y - 0.02)^2))'],
    }),
    reference: 'grayscott',
    published: published(7.99e-2, PINNACLE),
    remark:
      'the suite states no condition on the sides; that of the reference is no flux, and nothing reaches them until the end',
  },
  pnd: {suite: 'PINNacle', published: published(2.37e-4, PELINE), needs: 'five coordinates'},
  hnd: {suite: 'PINNacle', published: published(2.49e-4, PINNACLE), needs: 'five coordinates and time'},
  pinv: {
    suite: 'PINNacle',
    published: published(1.53e-2, PELINE),
    needs: 'an inverse problem with data (a coefficient from readings)',
  },
  hinv: {
    suite: 'PINNacle',
    published: published(3.77e-2, PELINE),
    needs: 'an inverse problem with data (a coefficient from readings)',
  },

  allen_cahn: {
    suite: 'jaxpi',
    solve: words({
      equation: 'u_t = 1e-4*u_xx - 5*u^3 + 5*u',
      domain: 't=0..1,x=-1..1',
      where: 't=0: u = x^2*cos(pi*x)',
      periodic: 'x',
    }),
    reference: 'allen_cahn',
    published: published(1.88e-6, SECOND_ORDER),
  },
  adv50: {suite: 'jaxpi', solve: advection(50, 2), published: published(6.88e-4, JAXPI)},
  adv100: {suite: 'jaxpi', solve: advection(100, 1), published: published(1.02e-2, JAXPI)},
  ks: {
    suite: 'jaxpi',
    solve: words({
      equation: 'u_t + 5*u*u_x + 0.5*u_xx + 0.005*u_xxxx = 0',
      domain: 't=0..1,x=-1..1',
      where: 't=0: u = -sin(pi*x)',
      periodic: 'x',
    }),
    reference: 'ks',
    published: published(1.42e-4, JAXPI),
  },
  ks_chaotic: {
    suite: 'PINNacle',
    solve: words({
      equation: 'u_t + 100/16*u*u_x + 100/16^2*u_xx + 100/16^4*u_xxxx = 0',
      domain: 't=0..1,x=0..2*pi',
      where: 't=0: u = cos(x)*(1 + sin(x))',
      periodic: 'x',
    }),
    reference: 'ks_chaotic',
    published: published(2.56e-2, SCALE),
    remark: "PINNacle's best figure is 9.46e-1",
  },
  kdv: {
    suite: 'jaxpi',
    solve: words({
      equation: 'u_t + u*u_x + 0.022^2*u_xxx = 0',
      domain: 't=0..1,x=-1..1',
      where: 't=0: u = cos(pi*x)',
      periodic: 'x',
    }),
    reference: 'kdv',
    published: published(2.17e-6, SECOND_ORDER),
  },
  wave_jaxpi: {suite: 'jaxpi', solve: WAVE, published: null},
  ldc_re100: {suite: 'jaxpi', solve: cavity('0.01', '1'), reference: 'ldc_re100', published: null},
  ldc_re400: {suite: 'jaxpi', solve: cavity('0.0025', '1'), reference: 'ldc_re400', published: null},
  ldc_re1000: {suite: 'jaxpi', solve: cavity('0.001', '1'), reference: 'ldc_re1000', published: published(1.34e-1, JAXPI)},
  ldc_re3200: {suite: 'jaxpi', solve: cavity('0.0003125', '1'), reference: 'ldc_re3200', published: published(1.73e-2, SCALE)},
  stokes_cylinder: {suite: 'jaxpi', published: published(8.04e-5, JAXPI), needs: 'holes'},
  ns_cylinder: {suite: 'jaxpi', published: null, needs: 'holes'},
  ns_tori: {suite: 'jaxpi', published: published(3.53e-1, JAXPI), needs: 'data (initial values)'},
  ginzburg_landau: {suite: 'jaxpi', published: published(1.49e-2, PIRATE), needs: 'data (initial values)'},

  dde_allen_cahn: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_t = 0.001*u_xx + 5*(u - u^3)',
      domain: 't=0..1,x=-1..1',
      where: ['t=0: u = x^2*cos(pi*x)', 'x=-1|x=1: u = -1'],
    }),
    reference: 'dde_allen_cahn',
    published: null,
  },
  dde_euler_beam: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_xxxx = -1',
      domain: 'x=0..1',
      where: ['x=0: u = 0', 'x=0: u_x = 0', 'x=1: u_xx = 0', 'x=1: u_xxx = 0'],
      exact: '-x^2*(x^2 - 4*x + 6)/24',
    }),
    published: null,
  },
  dde_helmholtz_dirichlet: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_xx + u_yy + k^2*u = -k^2*sin(k*x)*sin(k*y)',
      uniform: 'k=12.566370614359172',
      domain: SQUARE,
      where: `${SIDES}: u = 0`,
      exact: 'sin(k*x)*sin(k*y)',
    }),
    published: null,
  },
  dde_klein_gordon: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_tt - u_xx + u^2 = -x*cos(t) + x^2*cos(t)^2',
      domain: 't=0..10,x=-1..1',
      where: ['t=0: u = x', 't=0: u_t = 0', 'x=-1: u = -cos(t)', 'x=1: u = cos(t)'],
      exact: 'x*cos(t)',
    }),
    published: null,
  },
  dde_kovasznay: {
    suite: 'DeepXDE',
    solve: words({
      equation: flow('0.05'),
      uniform: 'l=-1.810098120013967',
      domain: 'x=-0.5..1,y=-0.5..1.5',
      where: [
        `x=-0.5|x=1|y=-0.5|y=1.5: u = ${KOVASZNAY.u}`,
        `x=-0.5|x=1|y=-0.5|y=1.5: v = ${KOVASZNAY.v}`,
        `x=1: p = ${KOVASZNAY.p}`,
      ],
      exact: named(KOVASZNAY),
    }),
    published: null,
  },
  dde_lotka_volterra: {
    suite: 'DeepXDE',
    solve: words({
      equation: ['r_t = 20*r*(2 - 8*p)', 'p_t = 20*p*(4*r - 1.06)'],
      domain: 't=0..1',
      where: ['t=0: r = 0.5', 't=0: p = 0.075'],
    }),
    reference: 'dde_lotka_volterra',
    published: null,
  },
  dde_poisson_dirichlet_1d: {
    suite: 'DeepXDE',
    solve: words({equation: '-u_xx = pi^2*sin(pi*x)', domain: 'x=-1..1', where: 'x=-1|x=1: u = 0', exact: 'sin(pi*x)'}),
    published: null,
  },
  dde_poisson_neumann_1d: {
    suite: 'DeepXDE',
    solve: words({equation: 'u_xx = 2', domain: 'x=-1..1', where: ['x=-1: u = 0', 'x=1: u_x = 4'], exact: '(x + 1)^2'}),
    published: null,
  },
  dde_poisson_robin_1d: {
    suite: 'DeepXDE',
    solve: words({equation: 'u_xx = 2', domain: 'x=-1..1', where: ['x=-1: u = 0', 'x=1: u_x = u'], exact: '(x + 1)^2'}),
    published: null,
  },
  dde_poisson_periodic_1d: {
    suite: 'DeepXDE',
    solve: words({equation: '-u_xx = pi^2*sin(pi*x)', domain: 'x=-1..1', periodic: 'x', exact: 'sin(pi*x)'}),
    published: null,
    remark: 'the suite fixes u at one place too, which a ring takes no condition for; free up to a constant, and exit 5 is right',
  },
  dde_poisson_multiscale_1d: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_xx = -(2*pi)^2*sin(2*pi*x) - 0.1*(50*pi)^2*sin(50*pi*x)',
      domain: 'x=0..1',
      where: 'x=0|x=1: u = 0',
      exact: 'sin(2*pi*x) + 0.1*sin(50*pi*x)',
    }),
    published: null,
  },
  dde_diffusion_1d: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_t = u_xx + (pi^2 - 1)*exp(-t)*sin(pi*x)',
      domain: 't=0..1,x=-1..1',
      where: ['t=0: u = sin(pi*x)', 'x=-1|x=1: u = 0'],
      exact: 'exp(-t)*sin(pi*x)',
    }),
    published: null,
  },
  dde_diffusion_reaction: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_t = u_xx + exp(-t)*(3/2*sin(2*x) + 8/3*sin(3*x) + 15/4*sin(4*x) + 63/8*sin(8*x))',
      domain: 't=0..1,x=-pi..pi',
      where: ['t=0: u = sin(x) + sin(2*x)/2 + sin(3*x)/3 + sin(4*x)/4 + sin(8*x)/8', 'x=-pi|x=pi: u = 0'],
      exact: 'exp(-t)*(sin(x) + sin(2*x)/2 + sin(3*x)/3 + sin(4*x)/4 + sin(8*x)/8)',
    }),
    published: null,
  },
  dde_heat: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_t = 0.4*u_xx',
      domain: 't=0..1,x=0..1',
      where: ['t=0: u = sin(pi*x)', 'x=0|x=1: u = 0'],
      exact: 'exp(-0.4*pi^2*t)*sin(pi*x)',
    }),
    published: null,
  },
  dde_wave_1d: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_tt = 100*u_xx',
      domain: 't=0..1,x=0..1',
      where: ['t=0: u = sin(pi*x) + sin(2*pi*x)', 't=0: u_t = 0', 'x=0|x=1: u = 0'],
      exact: 'sin(pi*x)*cos(10*pi*t) + sin(2*pi*x)*cos(20*pi*t)',
    }),
    published: null,
  },
  dde_ode_2nd: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'u_tt - 10*u_t + 9*u = 5*t',
      domain: 't=0..0.25',
      where: ['t=0: u = -1', 't=0: u_t = 2'],
      exact: '50/81 + 5/9*t - 2*exp(t) + 31/81*exp(9*t)',
    }),
    published: null,
  },
  dde_ode_system: {
    suite: 'DeepXDE',
    solve: words({
      equation: ['y_x = z', 'z_x = -y'],
      domain: 'x=0..10',
      where: ['x=0: y = 0', 'x=0: z = 1'],
      exact: 'y=sin(x); z=cos(x)',
    }),
    published: null,
  },
  dde_ide: {
    suite: 'DeepXDE',
    solve: words({
      equation: ['w_x = y', 'y_x + w = 2*pi*cos(2*pi*x) + sin(pi*x)^2/pi'],
      domain: 'x=0..1',
      where: ['x=0: w = 0', 'x=0: y = 0'],
      exact: 'w=sin(pi*x)^2/pi; y=sin(2*pi*x)',
    }),
    published: null,
    remark: 'the integral of y is an unknown of its own',
  },
  dde_volterra: {
    suite: 'DeepXDE',
    solve: words({
      equation: ['w_x = y - w', 'y_x + y = w'],
      domain: 'x=0..5',
      where: ['x=0: w = 0', 'x=0: y = 1'],
      exact: 'w=exp(-x)*sinh(x); y=exp(-x)*cosh(x)',
    }),
    published: null,
    remark: 'the integral of exp(s - x) y(s) is an unknown of its own',
  },
  dde_laplace_disk: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'r*u_r + r^2*u_rr + d(u, a, 2) = 0',
      domain: 'r=0..1,a=0..2*pi',
      where: 'r=1: u = cos(a)',
      periodic: 'a',
      exact: 'r*cos(a)',
    }),
    published: null,
  },
  dde_schrodinger: {
    suite: 'DeepXDE',
    solve: words({
      equation: ['u_t + 0.5*v_xx + (u^2 + v^2)*v = 0', 'v_t - 0.5*u_xx - (u^2 + v^2)*u = 0'],
      domain: 't=0..pi/2,x=-5..5',
      where: ['t=0: u = 2/cosh(x)', 't=0: v = 0'],
      periodic: 'x',
    }),
    reference: 'dde_schrodinger',
    published: null,
  },
  dde_black_scholes: {
    suite: 'DeepXDE',
    solve: words({
      equation: 'v_t = 0.5*0.2^2*s^2*v_ss + 0.05*s*v_s - 0.05*v',
      domain: 't=0..1,s=0..150',
      where: ['t=0: v = max(s - 50, 0)', 's=0: v = 0', 's=150: v = 150 - 50*exp(-0.05*t)'],
    }),
    reference: 'dde_black_scholes',
    published: null,
  },
  dde_elasticity: {
    suite: 'DeepXDE',
    solve: words({
      equation: [
        '2*u_x + v_y = a',
        '2*v_y + u_x = b',
        '0.5*(u_y + v_x) = c',
        `a_x + c_y = d(${PLATE.a}, x) + d(${PLATE.c}, y)`,
        `c_x + b_y = d(${PLATE.c}, x) + d(${PLATE.b}, y)`,
      ],
      domain: SQUARE,
      where: ['y=0|y=1: u = 0', 'x=0|x=1|y=0: v = 0', 'x=0|x=1: a = 0', 'y=1: b = 8*sin(pi*x)'],
      exact: named(PLATE),
    }),
    published: null,
  },
};
