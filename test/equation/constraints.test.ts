import type {ConstraintMode} from '../../lib/equation/constraints';
import {readCondition} from '../../lib/equation/conditions';
import {imposeConditions} from '../../lib/equation/constraints';
import {Arena} from '../../lib/expression/arena';
import {substitute} from '../../lib/expression/substitute';
import {totalDerivative} from '../../lib/expression/differentiate';
import {evaluateExpression, parse} from '../../lib/expression';
import type {Expression} from '../../lib/expression';

const BOX = [
  {name: 't', lower: 0, upper: 2},
  {name: 'x', lower: -1, upper: 3},
  {name: 'y', lower: 0.5, upper: 1},
];
const scope = (names: readonly string[]) => ({coordinates: names, unknowns: ['u', 'v'], uniforms: ['k']});

function impose(where: readonly string[], box = BOX, mode: ConstraintMode = 'hard') {
  return imposeConditions(
    where.map((text) => readCondition(text, box)),
    box,
    scope(box.map(({name}) => name)),
    mode,
    {k: 2},
  );
}

/** The lift with v put in the unknown's place, or one of its derivatives, at a point. */
function value(lift: Expression, at: Record<string, number>, by?: string): number {
  const arena = new Arena();
  const free = parse('1.3 + sin(2*t) + cos(x + 3*y)', {coordinates: ['t', 'x', 'y'], unknowns: []});
  const put = substitute(lift, new Map([['u', free]]), arena);
  return evaluateExpression(by === undefined ? put : totalDerivative(put, by, 1, arena), {k: 2, ...at});
}

describe('hard conditions', () => {
  const exact = '(k + t)*sin(x)*exp(y) + x^3*y^2*cos(t)';
  const truth = parse(exact, scope(['t', 'x', 'y']));

  it.each(['hard', 'r-function', 'paper'] as const)('%s: meet the data on all six faces, whatever the unknown is', (mode) => {
    const {lift, soft, notes, hard} = impose([`t=0|t=2|x=-1|x=3|y=0.5|y=1: u = ${exact}`], BOX, mode);
    expect({soft, notes}).toEqual({soft: [], notes: []});
    expect(hard).toHaveLength(6);
    for (const {name, lower, upper} of BOX) {
      for (const bound of [lower, upper]) {
        const at = {t: 0.7, x: 1.1, y: 0.8, [name]: bound};
        expect(value(lift.u, at)).toBeCloseTo(evaluateExpression(truth, {k: 2, ...at}), 10);
      }
    }
    // Inside, the unknown is free.
    expect(
      Math.abs(value(lift.u, {t: 0.7, x: 1.1, y: 0.8}) - evaluateExpression(truth, {k: 2, t: 0.7, x: 1.1, y: 0.8})),
    ).toBeGreaterThan(0.1);
  });

  it.each(['hard', 'r-function', 'paper'] as const)('%s: leave the middle to the field', (mode) => {
    const {lift} = impose(['t=0|x=-1|x=3|y=0.5: u = 0'], BOX, mode);
    const free = 1.3 + Math.sin(2) + Math.cos(1 + 2.25);
    const centre = value(lift.u, {t: 1, x: 1, y: 0.75});
    expect(centre / free).toBeGreaterThan(0.1);
    expect(centre / free).toBeLessThanOrEqual(1 + 1e-12);
  });

  it('r-function: grows like the distance beside a corner, where a product would be flat', () => {
    const {lift} = impose(['t=0|x=-1: u = 0'], BOX, 'r-function');
    const near = (s: number): number => value(lift.u, {t: 2 * s, x: -1 + 4 * s, y: 0.7});
    expect(near(1e-3) / near(1e-4)).toBeCloseTo(10, 1);
    expect(near(0)).toBe(0);
    expect(Number.isFinite(value(lift.u, {t: 0, x: -1, y: 0.7}, 'x'))).toBe(true);
  });

  it.each(['hard', 'r-function', 'paper'] as const)('%s: meet values and slopes', (mode) => {
    const {lift} = impose(['t=0|t=2: u = x', 't=0: u_t = sin(x)'], BOX, mode);
    const at = {t: 0, x: 0.4, y: 0.7};
    expect(value(lift.u, at)).toBeCloseTo(0.4, 10);
    expect(value(lift.u, at, 't')).toBeCloseTo(Math.sin(0.4), 10);
    expect(value(lift.u, {...at, t: 2})).toBeCloseTo(0.4, 10);
  });

  it('leave the slope across a face free: the factor vanishes to first order only', () => {
    const {lift} = impose(['x=-1: u = 0']);
    expect(Math.abs(value(lift.u, {t: 1, x: -1, y: 0.7}, 'x'))).toBeGreaterThan(0.01);
  });

  it.each([
    ['t=0: u = x', 't=0: u_t = sin(x)'],
    ['t=0|t=2: u = x', 't=0: u_t = sin(x)'],
    ['t=0|t=2: u = x', 't=2: u_t = sin(x)'],
    ['t=0|t=2: u = x', 't=0|t=2: u_t = sin(x)'],
    ['t=2: u = x', 't=2: u_t = sin(x)'],
  ])('meet value and slope: %s and %s', (values, slopes) => {
    const {lift, soft} = impose([values, slopes]);
    expect(soft).toEqual([]);
    const at = {x: 0.4, y: 0.6};
    for (const t of [0, 2]) {
      if (values.includes(`t=${t}`)) expect(value(lift.u, {...at, t})).toBeCloseTo(0.4, 12);
      if (slopes.includes(`t=${t}`)) expect(value(lift.u, {...at, t}, 't')).toBeCloseTo(Math.sin(0.4), 12);
    }
  });

  it('blend initial value and velocity with values on the sides', () => {
    const {lift, notes} = impose(['t=0: u = x^2', 't=0: u_t = cos(x)', 'x=-1: u = 1 + t*cos(1)', 'x=3: u = 9 + t*cos(3) + t^2']);
    expect(notes).toEqual([]);
    const at = {y: 0.9};
    expect(value(lift.u, {...at, t: 0, x: 0.3})).toBeCloseTo(0.09, 12);
    expect(value(lift.u, {...at, t: 0, x: 0.3}, 't')).toBeCloseTo(Math.cos(0.3), 12);
    expect(value(lift.u, {...at, t: 1.3, x: 3})).toBeCloseTo(9 + 1.3 * Math.cos(3) + 1.69, 12);
  });
});

describe('soft conditions', () => {
  it('are slopes alone, Robin, coupled and nonlinear ones', () => {
    const where = ['x=-1: u_x = 0', 'x=3: u + 2*u_x = 1', 'y=1: u = v', 'y=0.5: u^2 = 1'];
    const {lift, soft} = impose(where);
    expect(lift).toEqual({});
    expect(new Set(soft.map(({equation}) => equation))).toEqual(new Set(['u_x = 0', 'u + 2*u_x = 1', 'u = v', 'u^2 = 1']));
  });
  it('are all of them when asked for', () => {
    const {lift, soft} = impose(['x=-1|x=3: u = 0'], BOX, 'soft');
    expect(lift).toEqual({});
    expect(soft.map(({face}) => face)).toEqual([
      {axis: 1, side: 'lower'},
      {axis: 1, side: 'upper'},
    ]);
  });
  it('take the place of hard ones that disagree on an edge, and of those alone', () => {
    const {lift, soft, notes, hard} = impose(['t=0: u = 1', 'x=-1: u = 0', 'x=3: u = 1', 'y=1: v = 0']);
    expect(notes).toEqual([expect.stringMatching(/t=0 and x=-1 disagree on u.*\(1 against 0\)/)]);
    expect(soft.map(({equation, face}) => `${equation} ${face.axis} ${face.side}`)).toEqual(['u = 1 0 lower', 'u = 0 1 lower']);
    expect(hard).toEqual(['u on x=3', 'v on y=1']);
    expect(Object.keys(lift)).toEqual(['u', 'v']);
  });
  it('are found out by a velocity that the sides contradict', () => {
    const {notes} = impose(['t=0: u = 0', 't=0: u_t = 0', 'x=-1: u = sin(t)']);
    expect(notes[0]).toContain('a derivative of u');
  });
});

it.each([
  ['x=2: u=0', /x is bounded by -1 and 3; write x=-1 or x=3/],
  ['z=0: u=0', /z is no coordinate.*t, x, y/],
  ['x=-1 u=0', /has no colon/],
  ['x: u=0', /"x" is no face/],
  ['x=-1:', /its equation is expected/],
  ['x=-1: u', /has no =/],
  ['x=-1: k = 1', /says nothing about an unknown/],
  ['x=-1: u = w', /unknown symbol w/],
  ['x=-1: u = log(t)', /at x=-1, t=0, y=0.5 is -Infinity/],
  ['x=-1|x=-1: u = 1', /u is given twice on x=-1/],
])('refuses %j', (where, message) => {
  expect(() => impose([where])).toThrow(message);
});

it('reads bounds as expressions', () => {
  const box = [{name: 'x', lower: 0, upper: 2 * Math.PI}];
  expect(readCondition(' x = 2*pi | x=0 : u = 0', box)).toMatchObject({
    faces: [
      {axis: 0, side: 'upper'},
      {axis: 0, side: 'lower'},
    ],
    equation: 'u = 0',
  });
});
