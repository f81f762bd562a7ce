import {DinfError} from '../base/errors';
import {linearDecoder, mlpDecoder} from '../pose/field';
import {bspline, gaussian} from '../pose/kernel';
import {phasePicture} from '../pictures/phase';
import type {Solution} from '../solve/solution';
import {comparisonPictures, upright} from '../cases/comparison';
import type {Assessment, Prepared, ProblemDefinition, RunOptions} from '../cases/definition';
import type {NetworkPreset} from '../cases/field-options';
import {fieldFrom, fieldSettings} from '../cases/field-options';
import {gridFrom, halvingLevels} from '../cases/grids';
import {latticeOutputs, uniformAxes} from '../cases/lattice-outputs';
import {numberOption} from '../cases/own-options';
import {stagesFrom} from '../cases/stages';
import {BOXES, gaussPoints, helmholtz, LAYER, measureWave, TAKEN, WAVE_HINTS} from './helmholtz';

const NETWORK: NetworkPreset = {width: 512, hiddenLayers: 4, learningRate: 2e-5};

/** `dinf-grid solve helmholtz`. */
export const helmholtzDefinition: ProblemDefinition = {
  name: 'helmholtz',
  summary: 'the wave of a point source, absorbed at the border',
  options: [{flag: '--wavenumber <k>', description: 'of the wave, 2π over its length (default: 20)'}],
  async prepare(options) {
    return prepare(options);
  },
};

function prepare(options: RunOptions): Prepared {
  const wavenumber = numberOption(options.own.wavenumber, '--wavenumber', 20, 0);
  const paper = options.preset === 'paper';
  const resolution = options.resolution ?? 128;
  // Fewer than 4 cells a wave are no wave.
  const limit = (Math.PI / 4) * resolution;
  if (wavenumber > limit) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--wavenumber ${wavenumber} has waves of less than 4 cells at a resolution of ${resolution}: use at most ${Math.floor(limit)}, or a resolution of at least ${Math.ceil((4 * wavenumber) / Math.PI)}`,
    );
  }
  const grid = gridFrom(
    options,
    paper
      ? {resolution, levels: halvingLevels(resolution, {most: 4}), features: 2, kernel: gaussian({rings: 3}), edge: 'clamp'}
      : {resolution, levels: halvingLevels(resolution), kernel: bspline(5)},
  );
  const {field, decoder = linearDecoder()} = fieldFrom(options, grid, NETWORK, paper ? mlpDecoder() : linearDecoder());
  const optimizers = stagesFrom(options, {
    schedule: [paper || decoder.type !== 'linear' ? 'adam' : 'lsq'],
    adam: {iterations: 10_000, learningRate: 1e-3},
    lsq: {iterations: 150},
    'gauss-newton': {iterations: 150},
    network: NETWORK,
  });
  const posed = helmholtz(options.preset, wavenumber, grid, decoder, field.type === 'network' ? field : undefined);
  return {
    problem: posed,
    optimizers,
    samplesPerIteration: paper ? BOXES ** 2 : (gaussPoints(resolution) * resolution) ** 2,
    headline: `wave of a point source, wavenumber ${wavenumber}, absorbing layers of width ${LAYER}`,
    settings: {
      wavenumber,
      ...fieldSettings(posed.spec.fields[0], resolution),
    },
    assess: (solution) => assess(solution, wavenumber),
  };
}

async function assess(solution: Solution, wavenumber: number): Promise<Assessment> {
  const {axis, u, v, side, found, truth, judged, scale, metrics} = await measureWave(solution, wavenumber);
  const scaled = found.re.map((re, i) => scale.re * re - scale.im * found.im[i]); // the real part
  const inside = new Set(judged);
  const plane = {width: TAKEN, height: TAKEN};
  const square = {width: side, height: side};
  const most = judged.reduce((largest, i) => Math.max(largest, Math.hypot(found.re[i], found.im[i])), 0);
  return {
    metrics,
    hints: WAVE_HINTS,
    pictures: [
      {
        name: 'wave',
        title: 'The wave on the whole domain: hue = phase, brightness = magnitude',
        picture: phasePicture(upright({...plane, values: u}), upright({...plane, values: v}), plane, {
          magnitude: most > 0 ? most : 1,
        }),
      },
      ...comparisonPictures(
        {...square, values: truth.re},
        {...square, values: scaled},
        {
          unjudged: (i) => !inside.has(i),
          notes: {
            truth: 'real part of the point wave',
            solution: `relative L2 ${metrics.relativeL2.toExponential(1)}`,
            error: `r > 0.05, at most ${metrics.maxError.toExponential(1)}`,
          },
        },
      ),
    ],
    ...latticeOutputs(uniformAxes({y: axis, x: axis}), {real: u, imaginary: v}),
  };
}
