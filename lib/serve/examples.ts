/** Equations to begin with, each solved in a second or so. */
export const EXAMPLES = [
  {
    title: 'Heat',
    problem: {
      equation: 'u_t = 0.1*u_xx',
      domain: {t: [0, 1], x: [0, 1]},
      where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
      exact: 'exp(-0.1*pi^2*t)*sin(pi*x)',
    },
  },
  {
    title: 'Poisson',
    problem: {
      equation: 'u_xx + u_yy = -2*pi^2*sin(pi*x)*sin(pi*y)',
      domain: {x: [0, 1], y: [0, 1]},
      where: 'x=0|x=1|y=0|y=1: u=0',
      exact: 'sin(pi*x)*sin(pi*y)',
    },
  },
  {
    title: 'Burgers',
    problem: {
      equation: 'u_t + u*u_x = 0.02*u_xx',
      domain: {t: [0, 1], x: [-1, 1]},
      where: ['t=0: u=-sin(pi*x)', 'x=-1|x=1: u=0'],
    },
  },
  {
    title: 'Fisher, a front that travels',
    problem: {
      equation: 'u_t = 0.01*u_xx + 4*u*(1 - u)',
      domain: {t: [0, 2], x: [0, 2]},
      where: ['t=0: u=1/(1 + exp(20*(x - 0.4)))', 'x=0|x=2: u_x=0'],
    },
  },
  {
    title: 'Van der Pol, an oscillator',
    problem: {
      equation: ['x_t = y', 'y_t = 2*(1 - x^2)*y - x'],
      domain: {t: [0, 10]},
      where: ['t=0: x=1', 't=0: y=0'],
    },
  },
  {
    title: 'Waves in a membrane',
    problem: {
      equation: 'u_xx + u_yy + 60*u = 20*exp(-40*((x - 0.3)^2 + (y - 0.6)^2))',
      domain: {x: [0, 1], y: [0, 1]},
      where: 'x=0|x=1|y=0|y=1: u=0',
    },
  },
] as const;
