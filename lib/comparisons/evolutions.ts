/** What is carried, turned and smoothed in time (paper, section 4.5): each against its exact solution. */
import type {EvolutionCase, EvolutionSystem} from '../cases/evolution';
import {evolution, measure} from '../cases/evolution';
import {evolutionDefinition} from '../cases/evolution-definition';
import {upright} from '../cases/comparison';
import {ERROR_HINTS} from '../cases/metrics';
import {problemNotes} from '../compile/notes';
import type {BytePicture} from '../files/image';
import {fieldPicture} from '../pictures/pictures';
import {fieldColours} from '../pictures/ranges';
import {linspace} from '../pose/sampling';
import {advection} from '../problems/advection';
import {advection2d} from '../problems/advection-2d';
import {heat} from '../problems/heat';
import {zalesak} from '../problems/zalesak';
import type {Solution} from '../solve/solution';
import type {ContenderName, Rates} from './contenders';
import {optionsOf} from './contenders';
import type {PosedSystem, System} from './system';
import {entryOf, ratesAt} from './system';

/** What the reduced size has less of: boxes an axis of stratified samples, cells, points that errors are taken at. */
interface Reduction {
  readonly boxes: number;
  readonly fast: readonly number[];
  readonly paper: number;
  readonly evaluation: readonly number[];
  readonly rates: Rates;
}

const IN_ONE_DIMENSION = {boxes: 32, evaluation: [129, 129]};
const IN_TWO = {boxes: 12, evaluation: [17, 49, 49]};

/** Points an axis of a picture. */
const PICTURE = 193;

function reduced(system: EvolutionSystem, {boxes, fast, paper, evaluation}: Reduction): EvolutionSystem {
  return {
    ...system,
    paper: {...system.paper, boxes, resolution: paper},
    fast: {...system.fast, resolution: fast},
    evaluation,
  };
}

function posed(name: string, system: EvolutionSystem, reduction: Reduction, full: boolean): PosedSystem {
  const rates = ratesAt(full, reduction.rates);
  const sides = system.fast.resolution.join(' × ');
  const judged: Pick<EvolutionCase, 'system'> = {system};
  return {
    size: `${full ? "the preset's own size" : 'reduced'}: a grid of ${sides} cells, ${system.paper.boxes}^${system.evaluation.length} samples an iteration of Adam`,
    async entry(contender: ContenderName) {
      const definition = evolutionDefinition({name, summary: '', pose: (options) => evolution(system, options, name)});
      const prepared = await definition.prepare(optionsOf(contender, rates));
      const blind = contender === 'hat' ? problemNotes(prepared.problem.spec) : [];
      return blind.length > 0 ? blind.join('. ') : entryOf(prepared);
    },
    error: async (solution) => (await measure(judged as EvolutionCase, solution)).metrics.relativeL2,
    picture: (solution) => lastPicture(system, solution),
    truth: pictureOfTruth(system),
  };
}

/** Places of a picture: space and time where space is a line, the end of the time where it is a plane. */
function planeOf(system: EvolutionSystem): Float64Array[] {
  return Object.values(system.domain).map(([lower, upper], k, all) =>
    all.length > 2 && k === 0 ? Float64Array.of(upper) : linspace(lower, upper, PICTURE),
  );
}

const square = {width: PICTURE, height: PICTURE};

/** The truth in rows of the picture: of a line, time upwards. */
function truthOf(system: EvolutionSystem): Float64Array {
  const axes = planeOf(system);
  const [rows, columns] = axes.length > 2 ? [axes[1], axes[2]] : [axes[0], axes[1]];
  const before = axes.length > 2 ? [axes[0][0]] : [];
  return Float64Array.from({length: PICTURE ** 2}, (_, i) =>
    system.exact(...before, rows[Math.floor(i / PICTURE)], columns[i % PICTURE]),
  );
}

const coloursOf = (system: EvolutionSystem): {map: 'viridis' | 'diverging' | 'inferno'; range: readonly [number, number]} =>
  fieldColours(truthOf(system)) as ReturnType<typeof coloursOf>;

function pictureOfTruth(system: EvolutionSystem): BytePicture {
  return fieldPicture(upright({values: truthOf(system), ...square}), square, {...coloursOf(system), colorBar: false});
}

async function lastPicture(system: EvolutionSystem, solution: Solution): Promise<BytePicture> {
  const axes = planeOf(system);
  const {u} = await solution.evaluate({kind: 'tensor', axes, draws: 0});
  return fieldPicture(upright({values: u, ...square}), square, {...coloursOf(system), colorBar: false});
}

function systemOf(name: string, summary: string, whole: () => EvolutionSystem, reduction: Reduction): System {
  return {
    name,
    summary,
    metric: 'relative L2 error',
    hint: ERROR_HINTS.relativeL2,
    pose: (full) => Promise.resolve(posed(name, full ? whole() : reduced(whole(), reduction), reduction, full)),
  };
}

/** Each with the lift of its preset: the grid, the networks and the hat grid have the same one. */
export const EVOLUTION_SYSTEMS: readonly System[] = [
  systemOf('advection', 'a bump carried along a line', () => advection().system, {
    ...IN_ONE_DIMENSION,
    ...{fast: [32, 128], paper: 64, rates: {siren: 3e-4, pinn: 1e-3, paper: 1e-3, formulations: {siren: 'paper', pinn: 'paper'}}},
  }),
  systemOf('advection-2d', 'a bump carried across a square', () => advection2d().system, {
    ...IN_TWO,
    ...{
      fast: [16, 32, 32],
      paper: 32,
      rates: {siren: 1e-3, pinn: 1e-3, paper: 1e-3, formulations: {siren: 'paper', pinn: 'paper'}},
    },
  }),
  systemOf('heat', 'heat in a rod whose ends are kept cold', () => heat().system, {
    ...IN_ONE_DIMENSION,
    ...{fast: [64, 16], paper: 128, rates: {siren: 1e-3, pinn: 1e-2, paper: 1e-3, formulations: {siren: 'paper'}}},
  }),
  systemOf('zalesak', "Zalesak's slotted disk (signed distance), half a turn", () => zalesak().system, {
    ...IN_TWO,
    ...{fast: [32, 32, 32], paper: 32, rates: {siren: 1e-3, pinn: 1e-2, paper: 2e-2}},
  }),
];
