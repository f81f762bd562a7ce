/** The face of a time-dependent problem for the command line: headline, settings, pictures through time. */
import {axesPicture, pictureFrames} from '../pictures/frames';
import {shortNumber} from '../pictures/numbers';
import {sideBySide} from '../pictures/pictures';
import {curveFrames} from '../pictures/plots';
import {errorColours, fieldColours} from '../pictures/ranges';
import {linspace} from '../pose/sampling';
import type {Solution} from '../solve/solution';
import type {Assessment, Prepared, ProblemDefinition, RunOptions} from './definition';
import type {EvolutionCase, EvolutionOptions} from './evolution';
import {forEachPoint, measure} from './evolution';
import {fieldSettings} from './field-options';
import {latticeOutputs, uniformAxes} from './lattice-outputs';
import {ERROR_HINTS} from './metrics';
import {stagesFrom} from './stages';

/** The part of a time-dependent problem's definition that is its own. */
export interface EvolutionFace extends Pick<ProblemDefinition, 'name' | 'summary'> {
  /** Options of this problem alone. Default none. */
  readonly options?: ProblemDefinition['options'];
  /** Poses the problem; `own` are its own options. */
  readonly pose: (options: EvolutionOptions, own: RunOptions['own']) => EvolutionCase;
}

/** The definition of a time-dependent problem. */
export function evolutionDefinition({name, summary, options = [], pose}: EvolutionFace): ProblemDefinition {
  return {
    name,
    summary,
    options,
    async prepare(run) {
      const {preset, field, width, hiddenLayers, kernel, edge, resolution, levels, features, decoder, own} = run;
      const posing = {preset, field, width, hiddenLayers, kernel, edge, resolution, levels, features, decoder};
      return prepareEvolution(pose(posing, own), run);
    },
  };
}

function prepareEvolution(posed: EvolutionCase, options: RunOptions): Prepared {
  const {
    system,
    problem: {spec},
  } = posed;
  const [field] = spec.fields;
  const samples = spec.terms[0].samples;
  return {
    problem: posed.problem,
    optimizers: stagesFrom(options, posed.stages),
    samplesPerIteration: posed.samplesPerIteration,
    headline: `${system.title}: ${system.equation} with ${Object.entries(system.uniforms)
      .map(([name, value]) => `${name} = ${shortNumber(value)}`)
      .join(', ')}`,
    settings: {
      preset: posed.preset,
      equation: spec.terms[0].equations[0].text,
      lift: spec.lift.u.text,
      loss: spec.terms[0].loss,
      samples: samples.kind,
      ...fieldSettings(field, (field.grid?.resolution as readonly number[] | undefined)?.join(' × ') ?? ''),
      evaluation: system.evaluation.join(' × '),
    },
    assess: (solution) => assess(posed, solution),
  };
}

/** Solution, truth and absolute error on the evaluation lattice. */
interface Measured {
  readonly axes: readonly Float64Array[];
  readonly u: Float64Array;
  readonly truth: Float64Array;
  readonly error: Float64Array;
}

async function assess(posed: EvolutionCase, solution: Solution): Promise<Assessment> {
  const {system} = posed;
  const {axes, u, truth, metrics} = await measure(posed, solution);
  const error = u.map((value, i) => Math.abs(value - truth[i]));
  // What the data leave open is no error, and must not drown what is.
  if (system.determined !== undefined) {
    forEachPoint(axes, (point, i) => {
      if (!system.determined!(...point)) error[i] = 0;
    });
  }
  const names = Object.keys(system.domain);
  const named = uniformAxes(Object.fromEntries(names.map((name, k) => [name, axes[k]])));
  const {arrays, volumes} = latticeOutputs(named, {solution: u, truth});
  return {
    metrics,
    hints: ERROR_HINTS,
    pictures: picturesOf(posed, {axes, u, truth, error}, metrics),
    arrays: [...arrays, ...axes.map((values, k) => ({name: names[k], values, shape: [values.length]}))],
    volumes,
  };
}

/** The values of all arrays at one time. */
interface Frame extends Pick<Measured, 'u' | 'truth' | 'error'> {
  readonly title: string;
}

/** The times that the strip of frames shows. */
function framesOf({system}: EvolutionCase, {axes, u, truth, error}: Measured): Frame[] {
  const [name] = Object.keys(system.domain);
  const [times, ...places] = axes;
  const slice = places.reduce((points, axis) => points * axis.length, 1);
  const [begin, end] = system.domain[name];
  return [...(system.frames ?? linspace(begin, end, 5))].map((time) => {
    const index = Math.round(((time - begin) / (end - begin)) * (times.length - 1));
    const at = (values: Float64Array): Float64Array => values.subarray(index * slice, (index + 1) * slice);
    return {title: `${name} = ${shortNumber(times[index])}`, u: at(u), truth: at(truth), error: at(error)};
  });
}

/** On a line, space and time make one picture; on a plane, the end of the time does. */
function picturesOf(posed: EvolutionCase, measured: Measured, metrics: Assessment['metrics']): Assessment['pictures'] {
  const {system} = posed;
  const {axes, truth, error} = measured;
  const onLine = axes.length === 2;
  const names = Object.keys(system.domain);
  const [t, x, y] = uniformAxes(Object.fromEntries(names.map((name, k) => [name, axes[k]])));
  const plane = onLine ? ([t, x] as const) : ([x, y] as const);
  const frames = framesOf(posed, measured);
  const last = frames[frames.length - 1];
  const shown = onLine ? measured : last;
  const when = onLine ? 'space and time' : `at the end, ${last.title}`;
  // Prediction and truth share their colours; a wild prediction must not wash out the truth.
  const style = {...fieldColours(truth), contour: system.contour};
  const solutionPicture = axesPicture(shown.u, plane, style);
  const truthPicture = axesPicture(shown.truth, plane, style);
  const errorPicture = axesPicture(shown.error, plane, errorColours(Float64Array.from(shown.error)));
  const comparison = sideBySide([
    {caption: 'Truth', note: when, picture: truthPicture},
    {caption: 'Solution', note: `relative L2 ${metrics.relativeL2.toExponential(1)}`, picture: solutionPicture},
    {
      caption: 'Error',
      note: `largest of all ${metrics.maxError.toExponential(1)}${system.determined ? ', in the unit circle' : ''}`,
      picture: errorPicture,
    },
  ]);
  const strip = onLine
    ? curveFrames(
        frames.map(({title, ...values}) => ({title, curves: [values.truth, values.u]})),
        x,
        ['truth', 'solution'],
      )
    : pictureFrames(
        frames.map(({title}) => title),
        [
          {label: 'truth', frames: frames.map((frame) => frame.truth), ...style},
          {label: 'solution', frames: frames.map((frame) => frame.u), ...style},
          {label: 'error', frames: frames.map((frame) => frame.error), ...errorColours(error)},
        ],
        plane,
      );
  return [
    {name: 'comparison', title: `Truth, solution, error (${when})`, picture: comparison},
    {name: 'frames', title: 'Through time', picture: strip},
    {name: onLine ? 'space-time' : 'solution', title: `Solution (${when})`, picture: solutionPicture},
    {name: 'truth', title: `Truth (${when})`, picture: truthPicture},
    {name: 'error', title: `Absolute error (${when})`, picture: errorPicture},
  ];
}
