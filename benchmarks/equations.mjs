// Problems that nobody wrote code for: each is one command line, run as a user would run it, against a known answer.
//   node benchmarks/equations.mjs --results benchmarks/results/equations.jsonl
// --only NAME runs one of them.
import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import * as path from 'node:path';
import {options, record, root, temporaryFolder} from './support.mjs';

const given = options({results: '', only: ''});

// Cole–Hopf: u = −2ν φ_x / φ with φ a solution of the heat equation, here 2 + exp(−νπ²t) cos(πx).
const COLE_HOPF = '2*nu*pi*exp(-nu*pi^2*t)*sin(pi*x)/(2 + exp(-nu*pi^2*t)*cos(pi*x))';
const SQUARE = 'x=0..1,y=0..1';
const SIDES = 'x=0|x=1|y=0|y=1';

const CONVECTION = [
  '--equation',
  'u_t + c*u_x = 0',
  '--uniform',
  'c=30',
  '--domain',
  't=0..1,x=0..2*pi',
  '--periodic',
  'x',
  '--where',
  't=0: u=sin(x)',
  '--exact',
  'sin(x - c*t)',
];

/** Name, and the words after `dinf-grid solve`. */
const CASES = {
  'heat 1-D': [
    '--equation',
    'u_t = 0.1*u_xx',
    '--domain',
    't=0..1,x=0..1',
    '--where',
    't=0: u=sin(pi*x)',
    '--where',
    'x=0|x=1: u=0',
    '--exact',
    'exp(-0.1*pi^2*t)*sin(pi*x)',
  ],
  'heat 2-D': [
    '--equation',
    'u_t - 0.1*(u_xx + u_yy) = 0',
    '--domain',
    't=0..1,x=0..1,y=0..1',
    '--where',
    't=0: u=sin(pi*x)*sin(pi*y)',
    '--where',
    `${SIDES}: u=0`,
    '--exact',
    'exp(-0.2*pi^2*t)*sin(pi*x)*sin(pi*y)',
  ],
  'Burgers, nu 0.05': [
    '--equation',
    'u_t + u*u_x = nu*u_xx',
    '--uniform',
    'nu=0.05',
    '--domain',
    't=0..1,x=0..1',
    '--where',
    't=0: u=2*nu*pi*sin(pi*x)/(2 + cos(pi*x))',
    '--where',
    'x=0|x=1: u=0',
    '--exact',
    COLE_HOPF,
  ],
  'Klein-Gordon': [
    '--equation',
    'u_tt - u_xx + u^3 = (pi^2 - 1)*cos(t)*sin(pi*x) + (cos(t)*sin(pi*x))^3',
    '--domain',
    't=0..2,x=0..1',
    '--where',
    't=0: u=sin(pi*x)',
    '--where',
    't=0: u_t=0',
    '--where',
    'x=0|x=1: u=0',
    '--exact',
    'cos(t)*sin(pi*x)',
  ],
  'Poisson 3-D': [
    '--equation',
    'u_xx + u_yy + u_zz = -3*pi^2*sin(pi*x)*sin(pi*y)*sin(pi*z)',
    '--domain',
    'x=0..1,y=0..1,z=0..1',
    '--where',
    `${SIDES}|z=0|z=1: u=0`,
    '--exact',
    'sin(pi*x)*sin(pi*y)*sin(pi*z)',
  ],
  'Poisson 3-D, values on all faces': [
    '--equation',
    'u_xx + u_yy + u_zz = 0',
    '--domain',
    'x=0..1,y=0..1,z=0..1',
    '--where',
    `${SIDES}|z=0|z=1: u=sin(x)*sin(y)*exp(sqrt(2)*z)`,
    '--exact',
    'sin(x)*sin(y)*exp(sqrt(2)*z)',
  ],
  'variable coefficient 1-D': [
    '--equation',
    'd((1 + 0.5*sin(pi*x))*u_x, x) = 0.5*pi^2*cos(2*pi*x) - pi^2*sin(pi*x)',
    '--domain',
    'x=0..1',
    '--where',
    'x=0|x=1: u=0',
    '--exact',
    'sin(pi*x)',
  ],
  'variable coefficient 2-D': [
    '--equation',
    'd((1 + 0.5*sin(pi*x))*u_x, x) + d((1 + 0.5*x*y)*u_y, y) = d((1 + 0.5*sin(pi*x))*d(cos(2*x + y), x), x) + d((1 + 0.5*x*y)*d(cos(2*x + y), y), y)',
    '--domain',
    SQUARE,
    '--where',
    `${SIDES}: u=cos(2*x + y)`,
    '--exact',
    'cos(2*x + y)',
  ],
  'Neumann and Robin': [
    '--equation',
    'u_xx + u_yy = -2*sin(x + y)',
    '--domain',
    SQUARE,
    '--where',
    'x=0: u=sin(y)',
    '--where',
    'x=1: u_x=cos(1 + y)',
    '--where',
    'y=0: u + 2*u_y=sin(x) + 2*cos(x)',
    '--where',
    'y=1: u_y=cos(x + 1)',
    '--exact',
    'sin(x + y)',
  ],
  'all conditions soft': [
    '--equation',
    'u_xx + u_yy = -2*sin(x + y)',
    '--domain',
    SQUARE,
    '--where',
    `${SIDES}: u=sin(x + y)`,
    '--constraints',
    'soft',
    '--exact',
    'sin(x + y)',
  ],
  'first-order system': [
    '--equation',
    'u_x = v',
    '--equation',
    'v_x = -4*pi^2*u',
    '--domain',
    'x=0..1',
    '--where',
    'x=0: u=0',
    '--where',
    'x=0: v=2*pi',
    '--exact',
    'u=sin(2*pi*x); v=2*pi*cos(2*pi*x)',
  ],
  'reaction-diffusion pair': [
    '--equation',
    'u_t = 0.1*u_xx - u*v^2 + exp(-3*t)*sin(pi*x)*cos(pi*x)^2 + (0.1*pi^2 - 1)*exp(-t)*sin(pi*x)',
    '--equation',
    'v_t = 0.05*v_xx + u*v^2 - exp(-3*t)*sin(pi*x)*cos(pi*x)^2 + (0.05*pi^2 - 1)*exp(-t)*cos(pi*x)',
    '--domain',
    't=0..1,x=0..1',
    '--where',
    't=0: u=sin(pi*x)',
    '--where',
    't=0: v=cos(pi*x)',
    '--where',
    'x=0|x=1: u=0',
    '--where',
    'x=0|x=1: v_x=0',
    '--exact',
    'u=exp(-t)*sin(pi*x); v=exp(-t)*cos(pi*x)',
  ],
  'beam, 4th order': [
    '--equation',
    'd(u, x, 4) = -8*pi^4*cos(2*pi*x)',
    '--domain',
    'x=0..1',
    '--where',
    'x=0|x=1: u=0',
    '--where',
    'x=0|x=1: u_x=0',
    '--exact',
    'sin(pi*x)^2',
  ],
  // One level: nothing needs carrying across 96 cells, and least squares scaled by column norms is then better conditioned.
  'convection c = 30': [...CONVECTION, '--resolution', '96', '--levels', '1', '--iterations', '2000'],
  // In float32 the ghosts of degree 9 weigh too little to be found again: float64 alone.
  'convection c = 30, degree 9': [
    ...CONVECTION,
    '--kernel',
    'bspline:9',
    '--resolution',
    '64',
    '--levels',
    '1',
    '--iterations',
    '2000',
    '--tolerance',
    '1e-12',
    '--dtype',
    'float64',
  ],
};

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `"${word}"`);

for (const [name, words] of Object.entries(CASES)) {
  if (given.only !== '' && given.only !== name) continue;
  for (const extra of words.includes('--dtype') ? [[]] : [[], ['--dtype', 'float64']]) {
    const out = temporaryFolder();
    const all = ['solve', ...words, ...extra];
    const {status, stdout, stderr} = spawnSync(
      process.execPath,
      [path.join(root, 'dist', 'cli', 'main.js'), ...all, '--json', '--quiet', '--out', out],
      {encoding: 'utf8', maxBuffer: 2 ** 26},
    );
    rmSync(out, {recursive: true, force: true});
    if (status !== 0) throw new Error(`${name} exits ${status}:\n${stderr}`);
    const {optimizer, dtype, iterations, seconds, parameters, samplesPerIteration, stopReason, metrics, settings} =
      JSON.parse(stdout);
    record(
      {
        benchmark: 'equations',
        case: name,
        command: `dinf-grid ${all.map(quoted).join(' ')}`,
        optimizer,
        dtype,
        resolution: settings.resolution,
        hardConditions: settings.hardConditions,
        softConditions: settings.softConditions,
        iterations,
        unknowns: parameters,
        samples: samplesPerIteration,
        stopReason,
        metrics,
        seconds,
      },
      given.results || undefined,
    );
  }
}
