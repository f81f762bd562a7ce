import {lattice, linspace} from '../../lib';
import type {RunOptions} from '../../lib/cases/definition';
import type {EquationOptions} from '../../lib/equation/equation-options';
import {prepareEquation} from '../../lib/equation/equation';
import {findUnknowns, readDomain, readExact} from '../../lib/equation/domain-and-names';
import {parseProblemFile} from '../../lib/equation/problem-file';
import {relativeError, solved} from '../support/solved';

async function solvedEquation(options: EquationOptions, shared: Partial<RunOptions> = {}) {
  const prepared = await prepareEquation(options, {preset: 'fast', own: {}, ...shared});
  return {prepared, solution: await solved(prepared)};
}

/** The worst relative L2 error of the unknowns on a coarse lattice, bounds included: the truth point by point, in float64. */
async function errorOf(
  options: EquationOptions,
  shared: Partial<RunOptions> = {},
): Promise<{error: number; optimizers: string[]}> {
  const {prepared, solution} = await solvedEquation(options, shared);
  using field = solution;
  const unknowns = prepared.problem.spec.fields.flatMap((one) => one.unknowns);
  const error = await relativeError(field, readExact(options.exact!, unknowns));
  return {error, optimizers: prepared.optimizers.map(({name}) => name)};
}

const POISSON: EquationOptions = {
  equations: ['u_xx + u_yy = -2*sin(x + y)'],
  domain: 'x=0..1,y=0..1',
  where: ['x=0|x=1|y=0|y=1: u = sin(x + y)'],
  exact: 'sin(x + y)',
};

describe('equations without code reach their known answer', () => {
  it.each<[string, EquationOptions, string]>([
    [
      'heat',
      {
        equations: ['u_t = 0.1*u_xx'],
        domain: 't=0..1,x=0..1',
        where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
        exact: 'exp(-0.1*pi^2*t)*sin(pi*x)',
      },
      'lsq',
    ],
    [
      'Klein-Gordon, with a velocity',
      {
        equations: ['u_tt - u_xx + u^3 = (pi^2 - 1)*cos(t)*sin(pi*x) + (cos(t)*sin(pi*x))^3'],
        domain: 't=0..1,x=0..1',
        where: ['t=0: u=sin(pi*x)', 't=0: u_t=0', 'x=0|x=1: u=0'],
        exact: 'cos(t)*sin(pi*x)',
      },
      'gauss-newton',
    ],
    ['soft conditions', {...POISSON, constraints: 'soft'}, 'lsq'],
    [
      'Neumann and Robin',
      {...POISSON, where: ['x=0: u=sin(y)', 'x=1: u_x=cos(1 + y)', 'y=0: u + 2*u_y=sin(x) + 2*cos(x)', 'y=1: u_y=cos(x + 1)']},
      'lsq',
    ],
    [
      'a system with a uniform',
      {
        equations: ['u_x = v', 'v_x = -k^2*u'],
        domain: {x: [0, '2*pi']},
        uniforms: {k: 1.5},
        where: ['x=0: u=0', 'x=0: v=k'],
        exact: 'u=sin(k*x); v=k*cos(k*x)',
      },
      'lsq',
    ],
    [
      'three dimensions',
      {
        equations: ['laplacian(u) = 0'],
        domain: 'x=0..1,y=0..1,z=0..1',
        where: ['x=0|x=1|y=0|y=1|z=0|z=1: u = sin(x)*sin(y)*exp(sqrt(2)*z)'],
        exact: 'sin(x)*sin(y)*exp(sqrt(2)*z)',
      },
      'lsq',
    ],
  ])('%s', async (_, options, optimizer) => {
    const shared = readDomain(options.domain).length === 3 ? {resolution: 8} : {};
    const {error, optimizers} = await errorOf(options, shared);
    expect(optimizers).toEqual([optimizer]);
    expect(error).toBeLessThan(1e-4);
  });

  it('and are wrong when a condition is', async () => {
    const {error} = await errorOf({...POISSON, where: ['x=0|x=1|y=0|y=1: u = sin(x + y) + 0.1*x*y']});
    expect(error).toBeGreaterThan(1e-2);
  });

  it('meet values on faces exactly, whether solved or not', async () => {
    const {solution, prepared} = await solvedEquation(POISSON, {iterations: [1], inner: 'cgls'});
    using field = solution;
    expect(prepared.settings.hardConditions).toContain('u on x=0');
    const {u} = await field.evaluate(lattice([[0], linspace(0, 1, 9)]));
    u.forEach((value, i) => {
      expect(value).toBeCloseTo(Math.sin(i / 8), 6);
    });
    const inside = await field.evaluate([0.5, 0.5]);
    expect(Math.abs(inside.u[0] - Math.sin(1))).toBeGreaterThan(1e-6); // one iteration does not solve it
  });

  it('are judged by errors and the residual, and shown', async () => {
    const {solution, prepared} = await solvedEquation(POISSON);
    using field = solution;
    const {metrics, pictures, arrays, volumes} = await prepared.assess(field);
    expect(Object.keys(metrics)).toEqual(['relativeL2', 'maxError', 'meanAbsoluteError', 'residualRms']);
    expect(metrics.relativeL2).toBeLessThan(1e-5);
    expect(pictures.map(({name}) => name)).toEqual(['u', 'u-exact', 'u-error', 'residual']);
    expect(arrays.map(({name, shape}) => [name, ...shape])).toEqual([
      ['u', 201, 201],
      ['u-exact', 201, 201],
    ]);
    expect(Object.keys(volumes![0].volume.arrays)).toEqual(['u', 'u_exact', 'u_error', 'residual']);
  });

  it('can be trained by Adam, with an MLP and in the paper preset', async () => {
    const shared = {preset: 'paper', resolution: 8, iterations: [300], learningRate: 1e-2} as const;
    const {error, optimizers} = await errorOf(POISSON, shared);
    expect(optimizers).toEqual(['adam']);
    expect(error).toBeLessThan(0.2);
    const mlp = await prepareEquation(POISSON, {
      preset: 'fast',
      own: {},
      decoder: {type: 'mlp', hidden: [8], activation: 'tanh'},
    });
    expect(mlp.optimizers.map(({name}) => name)).toEqual(['adam']);
  });
});

describe('unknowns', () => {
  it.each([
    [['u_xx + u_yy = x*u'], [], ['u']],
    [['u_x = v', 'v_x = u'], [], ['u', 'v']],
    [['w = u_xx', 'w_xx = 1'], [], ['w', 'u']],
    [['d(k*phi, x) = sin(pi*x)'], ['phi = 0'], ['phi']],
    [['laplacian(temp) = 1'], [], ['temp']],
    [['p = x^2'], [], ['p']],
    [['u_xx = nu'], ['u_y = u'], ['u']],
    [['let a = x^2; a*u_x = 1'], [], ['u']],
  ])('of %j with %j are %j', (equations, conditions, expected) => {
    expect(findUnknowns(equations, conditions, ['x', 'y'])).toEqual(expected);
  });
});

describe('refusals', () => {
  it.each<[Partial<EquationOptions>, RegExp]>([
    [{equations: ['u_xx + u_yy = k']}, /unknown symbol k.*line 1, column 15[^]*\^/],
    [{equations: ['u_xx + + ']}, /column/],
    [{equations: ['d(u, x, 5) = u_yy']}, /order 5/],
    [{equations: ['u_xx = v_x']}, /1 equation for 2 unknowns \(u, v\)/],
    [{equations: []}, /equations must have at least 1 element/],
    [{domain: 'x=1..1,y=0..1'}, /empty: x runs from 1 to 1/],
    [{domain: 'x=0-1'}, /is no range/],
    [{domain: 'x=0..1,x=0..2'}, /names x twice/],
    [{domain: 'x=0..1,y=0..1,z=0..1,w=0..1'}, /1, 2 or 3/],
    [{exact: 'u + 1'}, /mentions an unknown/],
    [{exact: 'v = 1'}, /names v/],
    [{boundaryWeight: -1}, /boundaryWeight must be/],
  ])('%j', async (part, message) => {
    await expect(prepareEquation({...POISSON, ...part}, {preset: 'fast', own: {}})).rejects.toThrow(message);
  });
  it('least squares for a nonlinear equation', async () => {
    const nonlinear = {...POISSON, equations: ['u*u_xx + u_yy = 1']};
    await expect(prepareEquation(nonlinear, {preset: 'fast', own: {}, optimizers: ['lsq']})).rejects.toThrow(
      /this equation is not linear/,
    );
  });
  it('an exact answer for one unknown of two', () => {
    expect(() => readExact('u = 1', ['u', 'v'])).toThrow(/says nothing about v/);
    expect(() => readExact('x', ['u', 'v'])).toThrow(/u=...; v=.../);
  });
});

describe('problem files', () => {
  it('hold what the options say', () => {
    const text = JSON.stringify({
      equation: 'u_xx = 1',
      domain: {x: [0, 'pi']},
      where: ['x=0: u=0'],
      uniform: {k: 2},
      unknowns: 'u',
      iterations: [5, 6],
      kernel: 'bspline:7',
    });
    expect(parseProblemFile(`\uFEFF${text}`, 'a.json')).toEqual({
      equation: {equations: ['u_xx = 1'], domain: {x: [0, 'pi']}, where: ['x=0: u=0'], uniforms: {k: 2}, unknowns: ['u']},
      shared: {iterations: '5,6', kernel: 'bspline:7'},
    });
  });
  it.each([
    ['{"equations": "u_xx = 1"}', /a.json: a problem has no 'equations', did you mean 'equation'\?/],
    ['{"equation": 3}', /'equation' must be a text, or a list of which each is a text, and is 3/],
    ['{"domain": {"x": [0]}}', /\[LOWER, UPPER\]/],
    ['{"uniform": {"k": "2"}}', /each value is a number/],
    ['[1]', /one object/],
    ['{"equation": "u",\n  "domain" 1}', /line 2, column 12/],
    ['{"equation": "u"', /no JSON/],
  ])('%j is refused', (text, message) => {
    expect(() => parseProblemFile(text, 'a.json')).toThrow(message);
  });
});

describe('periodic coordinates', () => {
  const convection: EquationOptions = {
    equations: ['u_t + c*u_x = 0'],
    uniforms: {c: 30},
    domain: 't=0..1,x=0..2*pi',
    periodic: ['x'],
    where: ['t=0: u=sin(x)'],
    exact: 'sin(x - c*t)',
  };
  const fast = {resolution: 96, levels: 1, iterations: [2000]};

  it('carry a wave around the ring five times', async () => {
    expect((await errorOf(convection, fast)).error).toBeLessThan(3e-6);
  });

  it('make both ends one place', async () => {
    const {solution} = await solvedEquation(convection, {...fast, resolution: 32, iterations: [50]});
    using field = solution;
    const ends = await field.evaluate(lattice([linspace(0, 1, 7), [0, 2 * Math.PI]]), {
      expressions: ['u_x', 'u_xx', 'u_xxx', 'u_tx'],
    });
    // Not u itself: its lift holds sin(2π), which is no exact zero.
    for (const values of Object.values(ends)) {
      for (let i = 0; i < 7; i++) {
        const scale = Math.max(...values.map(Math.abs));
        expect(Math.abs(values[2 * i] - values[2 * i + 1])).toBeLessThanOrEqual(1e-6 * scale);
      }
    }
  });

  it('refuse conditions on their faces, and name the fix', async () => {
    const prepare = (options: Partial<EquationOptions>, shared: Partial<RunOptions> = {}) =>
      prepareEquation({...convection, ...options}, {preset: 'fast', own: {}, ...shared});
    await expect(prepare({where: ['x=0: u=0']})).rejects.toThrow(
      /x=0, and x is periodic.*Drop the condition.*drop x from --periodic/s,
    );
    await expect(prepare({where: ['t=0|x=2*pi: u_x=0']})).rejects.toThrow(/x is periodic/);
    await expect(prepare({where: ['x=0: u=0'], periodic: undefined}, {edge: ['extend', 'periodic']})).rejects.toThrow(
      /x is periodic/,
    );
    await expect(prepare({periodic: ['y']})).rejects.toThrow(/--periodic names y, which is no coordinate; they are t, x/);
    await expect(prepare({}, {edge: ['extend', 'clamp', 'extend']})).rejects.toThrow(/--edge gives 3 edges .* 2 coordinates/);
    expect((await prepare({}, {edge: 'clamp'})).problem.spec.fields[0].grid!.edge).toEqual(['clamp', 'periodic']);
    expect((await prepare({})).settings.edge).toBe('extend, periodic');
    expect((await prepare({}, {field: 'siren'})).problem.spec.fields[0].network!.periodic).toEqual(['x']);
  });

  it('are read from a problem file', () => {
    const read = (periodic: unknown) =>
      parseProblemFile(JSON.stringify({equation: 'u_t + u_x = 0', domain: 't=0..1,x=0..1', periodic}), 'p.json').equation
        .periodic;
    expect(read('x, t')).toEqual(['x', 't']);
    expect(read(['x'])).toEqual(['x']);
    expect(() => read(1)).toThrow(/'periodic' must be/);
  });
});
