/** A wave and a cloth (paper, sections 4.2 and 4.4). */
import {upright} from '../cases/comparison';
import type {Prepared} from '../cases/definition';
import {problemNotes} from '../compile/notes';
import {fieldPicture} from '../pictures/pictures';
import {fieldColours} from '../pictures/ranges';
import {renderMesh} from '../pictures/render-mesh';
import {Problem} from '../pose/problem';
import type {Samples} from '../pose/sampling';
import {lattice, linspace, stratified} from '../pose/sampling';
import {cloth, clothEnergy} from '../problems/cloth';
import {clothDefinition, clothMesh, CLOTH_SIGMA, FABRIC_COLOURS, FRONT} from '../problems/cloth-definition';
import {measureWave, pointWave, WAVE_HINTS} from '../problems/helmholtz';
import {helmholtzDefinition} from '../problems/helmholtz-definition';
import type {ContenderName, Rates} from './contenders';
import {optionsOf} from './contenders';
import type {Entry, System} from './system';
import {entryOf, ratesAt, representedOf} from './system';

const isGrid = (name: ContenderName): boolean => name === 'grid' || name === 'hat';

/** A reason where a problem reads derivatives that the hat grid does not have. */
const blindness = (name: ContenderName, {problem: {spec}}: Prepared): string =>
  name === 'hat' ? problemNotes(spec).join('. ') : '';

const WAVENUMBER = 20;
/** Cells of the grids an axis, and boxes an axis of the samples of all that Adam trains. */
const WAVE = {reduced: {resolution: 64, boxes: 64}, full: {resolution: 128, boxes: 256}};
const WAVE_RATES: Rates = {siren: 1e-4, pinn: 3e-4, paper: 1e-2};
const PICTURE = 193;

/** A prepared problem whose first term has other samples. */
function withSamples(prepared: Prepared, samples: Samples, count: number): Entry {
  const {spec} = prepared.problem;
  const terms = spec.terms.map((term, i) => (i === 0 ? {...term, samples} : term));
  return entryOf(prepared, {problem: new Problem({...spec, terms}), samplesPerIteration: count});
}

const HELMHOLTZ: System = {
  name: 'helmholtz',
  summary: `the wave of a point source at wavenumber ${WAVENUMBER}, absorbed at the border`,
  metric: 'relative L2 error',
  hint: `${WAVE_HINTS.relativeL2}; the source is no point but 0.01 wide, which alone leaves some 1e-3`,
  notes: [
    'The equation is stiff for what Adam trains: a field of 0 has a relative error of 1, and a budget of seconds hardly leaves that.',
  ],
  pose(full) {
    const {resolution, boxes} = WAVE[full ? 'full' : 'reduced'];
    const rates = ratesAt(full, WAVE_RATES);
    const places = linspace(-0.5, 0.5, PICTURE);
    const shape = {width: PICTURE, height: PICTURE};
    const truth = Float64Array.from(
      {length: PICTURE ** 2},
      (_, i) => pointWave(WAVENUMBER, Math.max(0.05, Math.hypot(places[i % PICTURE], places[Math.floor(i / PICTURE)]))).re,
    );
    const colours = {...fieldColours(truth), colorBar: false};
    return Promise.resolve({
      size: `grids of ${resolution} × ${resolution} cells; ${boxes}² samples an iteration of Adam`,
      async entry(name) {
        const prepared = await helmholtzDefinition.prepare(optionsOf(name, rates, {resolution}));
        const blind = blindness(name, prepared);
        if (blind !== '') return blind;
        return isGrid(name) ? entryOf(prepared) : withSamples(prepared, stratified([boxes, boxes]), boxes ** 2);
      },
      error: async (solution) => (await measureWave(solution, WAVENUMBER)).metrics.relativeL2,
      async picture(solution) {
        const {u} = await solution.evaluate(lattice([places, places]), {expressions: ['u']});
        return fieldPicture(upright({values: u, ...shape}), shape, colours);
      },
      truth: fieldPicture(upright({values: truth, ...shape}), shape, colours),
    });
  },
};

/**
 * The least energy of the cloth that was found: `dinf-grid solve cloth --resolution 64 --iterations 3000 --tolerance 0`, by the rule of
 * `clothEnergy`, which says the same on cells halved. Errors are relative to it; the minimum itself lies a little lower.
 */
const LEAST_ENERGY = -0.699445;
const CLOTH = {reduced: {resolution: 16, boxes: 32}, full: {resolution: 32, boxes: 64}};
const CLOTH_RATES: Rates = {siren: 3e-4, pinn: 1e-2, paper: 5e-3};

const HANGING: System = {
  name: 'cloth',
  summary: 'a cloth at rest, held at two corners: the least energy of a thin shell',
  metric: 'energy above the least known, relative',
  hint: `(energy − least)/|least|, least = ${LEAST_ENERGY} J/m² the lowest energy that a solve of ours has found, by L-BFGS on a grid of 64 × 64 cells`,
  notes: ['The energy has several minima, one a way to fold: where a run ends depends on its start.'],
  pose(full) {
    const {resolution, boxes} = CLOTH[full ? 'full' : 'reduced'];
    const rates = ratesAt(full, CLOTH_RATES);
    return Promise.resolve({
      size: `grids of ${resolution} × ${resolution} cells; ${boxes}² samples an iteration of Adam`,
      async entry(name) {
        const prepared = await clothDefinition.prepare(optionsOf(name, rates, {resolution}));
        const blind = blindness(name, prepared);
        if (blind !== '') return blind;
        if (isGrid(name)) return entryOf(prepared);
        const samples = [{samples: stratified(boxes), weight: 1}];
        const problem = cloth(representedOf(prepared.problem), {normal: 'linearised', sigma: CLOTH_SIGMA, samples});
        return entryOf(prepared, {problem, samplesPerIteration: boxes ** 2});
      },
      async error(solution) {
        const {total} = await clothEnergy(solution, 'linearised', resolution);
        return (total - LEAST_ENERGY) / -LEAST_ENERGY;
      },
      picture: async (solution) =>
        renderMesh(await clothMesh(solution, 65), FRONT, {...FABRIC_COLOURS, width: 240, height: 300, samples: 2}),
      truth: undefined,
    });
  },
};

export const STATIONARY_SYSTEMS: readonly System[] = [HELMHOLTZ, HANGING];
