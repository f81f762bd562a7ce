import {DinfError} from '../base/errors';
import {linearDecoder} from '../pose/field';
import {bspline, kernelRings} from '../pose/kernel';
import {checkChoice} from '../base/options';
import {comparisonPictures} from '../cases/comparison';
import type {Prepared, ProblemDefinition, RunOptions} from '../cases/definition';
import type {NetworkPreset} from '../cases/field-options';
import {fieldFrom, fieldSettings} from '../cases/field-options';
import {gridFrom, halvingLevels} from '../cases/grids';
import {latticeOutputs, uniformAxes} from '../cases/lattice-outputs';
import {ERROR_HINTS} from '../cases/metrics';
import {numberOption} from '../cases/own-options';
import {stagesFrom} from '../cases/stages';
import type {Plate} from './plate';
import {measurePlate, plate} from './plate';

/** Cells along the longer side of a plate up to twice as long as wide; longer ones get more. */
const RESOLUTION = 16;
/** Fourth derivatives carry ω to the fourth power: narrow, and with small steps. */
const NETWORK: NetworkPreset = {width: 64, hiddenLayers: 3, learningRate: 1e-5};

/** `dinf-grid solve plate`. */
export const plateDefinition: ProblemDefinition = {
  name: 'plate',
  summary: 'the deflection of a simply supported plate, by its equation of fourth order or by its energy',
  options: [
    {
      flag: '--form <form>',
      description: 'the equation D∇⁴w = q, or the least energy (default: strong)',
      choices: ['strong', 'ritz'],
    },
    {flag: '--extent-x <a>', description: 'extent in x (default: 1)'},
    {flag: '--extent-y <b>', description: 'extent in y (default: 1)'},
  ],
  async prepare(options) {
    return prepare(options);
  },
};

function prepare(options: RunOptions): Prepared {
  const {own} = options;
  const form = checkChoice(own.form ?? 'strong', '--form', ['strong', 'ritz'] as const);
  const shape: Plate = {
    width: numberOption(own.extentX, '--extent-x', 1, 0),
    height: numberOption(own.extentY, '--extent-y', 1, 0),
    rigidity: 1,
    load: 1,
  };
  const {width, height} = shape;
  const longest = Math.max(width, height);
  const ratio = longest / Math.min(width, height);
  if (ratio > 20) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the plate is ${width} × ${height}, ${ratio.toPrecision(3)} times as long as wide: a plate is at most 20 times, longer ones are beams`,
    );
  }
  const resolution = options.resolution ?? RESOLUTION * Math.ceil(ratio / 2);
  const base = gridFrom(options, {
    sides: [height, width],
    resolution,
    fewest: 8,
    levels: options.resolution === undefined ? 2 : halvingLevels(resolution),
    kernel: bspline(5),
  });
  const {field, decoder = linearDecoder()} = fieldFrom(options, base, NETWORK);
  const posed = plate(shape, form, base, decoder, field.type === 'network' ? field : undefined);
  const optimizers = stagesFrom(options, {
    schedule: [decoder.type === 'linear' ? 'lsq' : 'adam'],
    adam: {iterations: 5000, learningRate: 1e-3, decaySteps: 5000},
    lsq: {iterations: form === 'strong' ? 200 : 50},
    'gauss-newton': {iterations: 200},
    network: NETWORK,
  });
  const cells = base.resolution as readonly number[];
  const points = form === 'strong' ? 3 : kernelRings(base.kernel);
  const interior = cells[0] * cells[1] * points ** 2;
  const border = form === 'strong' ? 2 * (3 * (cells[0] + cells[1]) + 4) : 0;
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: interior + border,
    headline: `simply supported plate of ${width} × ${height} under a uniform load, ${form === 'strong' ? 'strong form' : 'Ritz form'} (the paper has no plate: both presets are ours)`,
    settings: {
      form,
      width,
      height,
      ...fieldSettings(posed.spec.fields[0], `${cells[1]} × ${cells[0]}`),
    },
    async assess(solution) {
      const {xs, ys, w, truth, metrics} = await measurePlate(shape, solution);
      const plane = {width: xs.length, height: ys.length};
      return {
        metrics,
        hints: ERROR_HINTS,
        pictures: comparisonPictures(
          {...plane, values: truth},
          {...plane, values: w},
          {
            notes: {
              truth: "Navier's series",
              solution: `relative L2 ${metrics.relativeL2.toExponential(1)}`,
              error: `at most ${metrics.maxError.toExponential(1)}`,
            },
          },
        ),
        ...latticeOutputs(uniformAxes({y: ys, x: xs}), {deflection: w, truth}),
      };
    },
  };
}
