/**
 * A square of cloth at rest (paper, section 4.4): a Kirchhoff–Love thin shell, flat when unloaded, under gravity, two corners held. The
 * unknowns are the displacement (u, v, w) of the point (x, y, 0) of the flat sheet; y is up, w out of its plane.
 */
import type {Equation, EquationSource} from '../expression/equation';
import {eq, resolve} from '../expression/equation';
import type {Expression} from '../expression/node';
import {derivative} from '../expression/node';
import {cross, d, dot, jacobian} from '../expression/vector';
import type {Decoder, Field} from '../pose/field';
import type {Problem} from '../pose/problem';
import type {Term} from '../pose/term';
import {problem} from '../pose/problem';
import {term} from '../pose/term';
import type {Samples} from '../pose/sampling';
import {gauss, gaussRule, lattice} from '../pose/sampling';
import type {Solution} from '../solve/solution';

/** A fabric of the paper. */
export interface Fabric {
  /** kg/m² */
  readonly density: number;
  /** m */
  readonly thickness: number;
  /** Young's modulus, Pa. */
  readonly young: number;
  /** Poisson's ratio. */
  readonly poisson: number;
}

export const FABRIC: Fabric = {density: 0.144, thickness: 1.2e-3, young: 5000, poisson: 0.25};
/** m/s² along y. */
const GRAVITY = -9.8;
/** Distance in m by which each of the held corners (∓1, 1) is moved towards the other. */
export const SHIFT = 0.4;

/**
 * `linearised`: the authors', −∂₁w, −∂₂w, 1, right for small slopes alone. `exact`: the unit normal of the deformed sheet.
 */
export type Normal = 'linearised' | 'exact';

/** The symmetric tensors of a sheet, components 11, 12, 22. */
export interface Strains {
  /** ε_ab = ½(∂_a r·∂_b r − δ_ab): stretching. */
  readonly membrane: readonly [Expression, Expression, Expression];
  /** κ_ab = n·∂_ab r: bending. The sign of n does not matter to the energy. */
  readonly bending: readonly [Expression, Expression, Expression];
}

const SCOPE = {coordinates: ['x', 'y'], unknowns: ['u', 'v', 'w']};
const read = (source: EquationSource): Expression => resolve(source, SCOPE);

/** Strains of the displacement (u, v, w) over (x, y). */
export function clothStrains(normal: Normal): Strains {
  const displacement = [derivative('u'), derivative('v'), derivative('w')];
  const columns = (a: number): Expression[] => jacobian(displacement, SCOPE.coordinates).map((row) => row[a]);
  const [d1, d2] = [columns(0), columns(1)];
  // ∂_a r = e_a + d_a, multiplied out: the difference of nearly equal numbers would be lost in float32.
  const membrane = (a: 0 | 1, b: 0 | 1): Expression => {
    const [da, db] = [[d1, d2][a], [d1, d2][b]];
    return read(eq`(${da[b]} + ${db[a]} + ${dot(da, db)})/2`);
  };
  const tangents = [d1, d2].map((column, a) => column.map((value, k) => (k === a ? read(eq`1 + ${value}`) : value)));
  const across = cross(tangents[0], tangents[1]);
  const n =
    normal === 'exact'
      ? across.map((component) => read(eq`${component}/sqrt(${dot(across, across)})`))
      : [read('-w_x'), read('-w_y'), read('1')];
  const bending = (a: string, b: string): Expression =>
    dot(
      n,
      displacement.map((component) => d(d(component, a), b)),
    );
  return {
    membrane: [membrane(0, 0), membrane(0, 1), membrane(1, 1)],
    bending: [bending('x', 'x'), bending('x', 'y'), bending('y', 'y')],
  };
}

/** Stiffnesses D = Eh/(1 − ν²) and B = h²D/12. */
export function stiffness({young, thickness, poisson}: Fabric): {membrane: number; bending: number} {
  const membrane = (young * thickness) / (1 - poisson ** 2);
  return {membrane, bending: (thickness ** 2 * membrane) / 12};
}

/**
 * ½C ε:H:ε = ½C(ε₁₁² + ε₂₂² + 2ν ε₁₁ε₂₂ + 2(1 − ν)ε₁₂²) as the sum of three squares. Written so, the solver sees rows, whose columns
 * scale the unknowns.
 */
function squares([e11, e12, e22]: Strains['membrane'], stiff: number, nu: number): Equation[] {
  const root = Math.sqrt(stiff / 2);
  return [
    eq`${root}*(${e11} + ${nu}*${e22})`,
    eq`${root * Math.sqrt(1 - nu ** 2)}*${e22}`,
    eq`${root * Math.sqrt(2 * (1 - nu))}*${e12}`,
  ];
}

/** Elastic energy a unit area, as squares: stretching, then bending. */
function elasticSquares(normal: Normal, fabric: Fabric = FABRIC): {membrane: Equation[]; bending: Equation[]} {
  const strains = clothStrains(normal);
  const {membrane, bending} = stiffness(fabric);
  return {
    membrane: squares(strains.membrane, membrane, fabric.poisson),
    bending: squares(strains.bending, bending, fabric.poisson),
  };
}

/** −f·u, the potential of gravity a unit area. */
const gravityEnergy = ({density}: Fabric = FABRIC): string => `${-density * GRAVITY}*v`;

/** exp(−‖x − corner‖²/σ), 1 at the corner. */
const near = (x: number, sigma: number): string => `exp(-((x - ${x})^2 + (y - 1)^2)/${sigma})`;

export interface ClothOptions {
  readonly normal: Normal;
  /** σ of the held corners, in squared units of the sheet. The paper's: 0.01. */
  readonly sigma: number;
  /** Sample sets whose rows together are the sheet, and what makes their weights a mean over it. */
  readonly samples: readonly {readonly samples: Samples; readonly weight: number}[];
}

/**
 * The cloth problem on [−1, 1]²: the mean over the sheet of its elastic energy and the potential of gravity. The lift holds the corners
 * exactly: displacement g + B·(u, v, w) with B = (1 − e_l)(1 − e_r), g = 0.4(e_l − e_r) along x, e = exp(−distance²/σ) at either corner.
 */
export function cloth(represented: {field: Field; decoder?: Decoder}, options: ClothOptions): Problem {
  const [left, right] = [near(-1, options.sigma), near(1, options.sigma)];
  const free = `(1 - ${left})*(1 - ${right})`;
  const {membrane, bending} = elasticSquares(options.normal);
  return problem({
    domain: {y: [-1, 1], x: [-1, 1]},
    unknowns: ['u', 'v', 'w'],
    ...represented,
    // e is not quite 0 at the other corner: dividing makes the shift exact.
    lift: {
      u: `${SHIFT}*(${left} - ${right})/(1 - ${Math.exp(-4 / options.sigma)}) + ${free}*u`,
      v: `${free}*v`,
      w: `${free}*w`,
    },
    terms: options.samples.flatMap(({samples, weight}, i): Term[] => {
      const part = options.samples.length > 1 ? ` ${i + 1}` : '';
      return [
        term(samples, [...membrane, ...bending], {name: `stretching and bending${part}`, weight}),
        term(samples, gravityEnergy(), {name: `gravity${part}`, loss: 'identity', weight}),
      ];
    }),
  });
}

/** Ends of n cells on [−1, 1], those nearer than `reach` to one of `ends` cut into `parts`. */
export function refined(n: number, ends: readonly number[], parts: number, reach = 0.3): number[] {
  const breaks = [-1];
  for (let i = 0; i < n; i++) {
    const [from, to] = [-1 + (2 * i) / n, -1 + (2 * (i + 1)) / n];
    const cut = ends.some((end) => Math.abs((from + to) / 2 - end) < reach) ? parts : 1;
    for (let k = 1; k <= cut; k++) breaks.push(k === cut ? to : from + ((to - from) * k) / cut);
  }
  return breaks;
}

/** Gauss points an axis and cell over a sheet of `cells`², those near the held corners cut into `parts`; the weight makes a mean of them. */
export function refinedGauss(points: number, cells: number, parts: number): ClothOptions['samples'] {
  const across = refined(cells, [-1, 1], parts);
  const up = refined(cells, [1], parts);
  const border = up.findIndex((y, i) => i > 0 && y - up[i - 1] < 1.5 / cells);
  const low = border < 1 ? [] : up.slice(0, border);
  const high = border < 1 ? up : up.slice(border - 1);
  const plain = refined(cells, [], 1);
  return [
    ...(low.length > 1 ? [{samples: gauss(points, {breaks: [low, plain]}), weight: 0.25}] : []),
    {samples: gauss(points, {breaks: [high, across]}), weight: 0.25},
  ];
}

/** Mean energies over the sheet. */
export interface ClothEnergy {
  readonly total: number;
  readonly membrane: number;
  readonly bending: number;
  readonly gravity: number;
}

/**
 * The energy of a solution on a rule of its own: 8 × 8 Gauss points a cell, cells near the held corners cut into four each way. An
 * optimizer finds whatever its own samples do not see.
 *
 * @param halvings how often every cell is halved on top.
 */
export async function clothEnergy(solution: Solution, normal: Normal, cells: number, halvings = 0): Promise<ClothEnergy> {
  const halve = (breaks: number[]): number[] => breaks.flatMap((end, i) => (i === 0 ? [end] : [(breaks[i - 1] + end) / 2, end]));
  const rule = gaussRule(8);
  const axis = (ends: readonly number[]): {points: number[]; weights: number[]} => {
    let breaks = refined(cells, ends, 4);
    for (let i = 0; i < halvings; i++) breaks = halve(breaks);
    const all = <T>(value: (from: number, length: number, k: number) => T): T[] =>
      breaks.slice(1).flatMap((to, i) => Array.from(rule.points, (_, k) => value(breaks[i], to - breaks[i], k)));
    return {
      points: all((from, length, k) => from + length * rule.points[k]),
      weights: all((_, length, k) => length * rule.weights[k]),
    };
  };
  const [ys, xs] = [axis([1]), axis([-1, 1])];
  const parts = elasticSquares(normal);
  const sum = (list: readonly Equation[]): Equation => list.map((part) => eq`${part}^2`).reduce((a, b) => eq`${a} + ${b}`);
  const expressions = [eq`${sum(parts.membrane)}`, eq`${sum(parts.bending)}`, gravityEnergy()];
  const values = Object.values(await solution.evaluate(lattice([ys.points, xs.points]), {expressions}));
  const [membrane, bending, gravity] = values.map((list) => {
    let mean = 0;
    for (let row = 0; row < ys.points.length; row++) {
      let across = 0;
      for (let column = 0; column < xs.points.length; column++) {
        across += xs.weights[column] * list[row * xs.points.length + column];
      }
      mean += (ys.weights[row] * across) / 4;
    }
    return mean;
  });
  return {total: membrane + bending + gravity, membrane, bending, gravity};
}
