/** Everything that a solved and assessed problem leaves in a folder, beside the field itself. */
import type {BytePicture} from '../files/image';
import {encodePng} from '../files/image';
import {writeFileAtomic} from '../files/atomic-write';
import {writeNpy} from '../files/npy';
import {writeObj} from '../files/obj';
import {writePly} from '../files/ply';
import type {Volume} from '../files/vti';
import {writeVti} from '../files/vti';
import type {Image} from '../imaging/image';
import type {TriangleMesh} from '../mesh/mesh';
import type {ProblemSpec} from '../pose/problem-spec';
import type {ErrorEstimate} from '../solve/error-estimate';
import type {Solution} from '../solve/solution';
import type {ReportEquation} from './html';
import {writeReport} from './html';
import {equationMath} from './mathml';

/** A folder that takes files. */
export interface OutputSink {
  /** Lets `write` make the file of this name; it is called with the path. */
  write(name: string, write: (file: string) => Promise<void>): Promise<void>;
}

/** A picture of a solution, by the name of its file without the ending. */
export interface AssessedPicture {
  readonly name: string;
  readonly title: string;
  /** Of a size to look at. */
  readonly picture: BytePicture;
  /** The image itself where the picture is one reduced or enlarged: the file has its size and bits. Default: the picture. */
  readonly image?: Image | undefined;
}

/** Numbers of a solution, row-major, by the name of their file without the ending. */
export interface AssessedArray {
  readonly name: string;
  readonly values: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

/** Metrics of a solution, and what is written of it. */
export interface AssessedOutputs {
  readonly metrics: Readonly<Record<string, number>>;
  /** A few words on what each metric means, by its name; reports show them beside the value. Default: none. */
  readonly hints?: Readonly<Record<string, string>>;
  /** Written as `<name>.png`, and shown in the report. */
  readonly pictures: readonly AssessedPicture[];
  /** Written as `<name>.npy`. */
  readonly arrays: readonly AssessedArray[];
  /** Written as `<name>.vti`, for ParaView. */
  readonly volumes?: readonly {readonly name: string; readonly volume: Volume}[];
  /** Written as `<name>.ply` and `<name>.obj`. */
  readonly meshes?: readonly {readonly name: string; readonly mesh: TriangleMesh}[];
}

/** The problem and its solve, as the report tells of them. */
export interface SolveReport {
  /** Name of the problem. */
  readonly name: string;
  /** One line: what is solved, on what. */
  readonly headline: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly notes: readonly string[];
  /** How well each condition is met. Default: none is shown. */
  readonly conditions?: readonly {readonly text: string; readonly kind: string; readonly misfit: number}[] | undefined;
  /** The command that repeats the solve. Default: none is shown. */
  readonly command?: string;
}

/**
 * Writes pictures (PNG), arrays (NPY), volumes (VTI), meshes (PLY and OBJ), the loss along the solve (`losses.csv`) and `report.html`.
 *
 * @throws DinfError FILE_UNWRITABLE
 */
export async function writeOutputs(
  folder: OutputSink,
  solution: Solution,
  assessed: AssessedOutputs,
  report: SolveReport,
): Promise<void> {
  // Encoded once, for the file and for the report.
  const pictures = assessed.pictures.map(({name, title, picture}) => ({name, title, png: encodePng(picture)}));
  for (const [i, {name, image}] of assessed.pictures.entries()) {
    await folder.write(`${name}.png`, (file) => writeFileAtomic(file, image === undefined ? pictures[i].png : encodePng(image)));
  }
  for (const {name, values, shape} of assessed.arrays) await folder.write(`${name}.npy`, (file) => writeNpy(file, values, shape));
  for (const {name, volume} of assessed.volumes ?? []) await folder.write(`${name}.vti`, (file) => writeVti(file, volume));
  for (const {name, mesh} of assessed.meshes ?? []) {
    await folder.write(`${name}.ply`, (file) => writePly(file, mesh));
    await folder.write(`${name}.obj`, (file) => writeObj(file, mesh));
  }
  await folder.write('losses.csv', (file) => writeFileAtomic(file, lossesCsv(solution.losses)));
  const {name, headline, settings, notes, conditions, command} = report;
  await folder.write('report.html', (file) =>
    writeReport(file, {
      title: `dinf-grid: ${name}`,
      subtitle: headline,
      command,
      figures: [
        estimateFigure(solution.errorEstimate),
        ...Object.entries(assessed.metrics).map(([label, value]) => ({label, value, hint: assessed.hints?.[label]})),
        {label: 'seconds', value: solution.seconds, hint: 'the solve alone, without reading files and start-up'},
        {label: 'iterations', value: solution.iterations, hint: `stopped by: ${solution.stopReason}`},
        {label: 'loss', value: solution.loss},
        {label: 'parameters', value: solution.unknowns, hint: 'unknowns of the last stage'},
        {label: 'device', value: solution.device, hint: solution.dtype},
      ],
      pictures,
      curves: [
        {
          title: 'Loss',
          xLabel: 'iteration',
          yLabel: 'loss',
          series: [{label: 'loss', x: solution.losses.iteration, y: solution.losses.loss}],
        },
      ],
      equations: equationsOf(solution.problem.spec),
      sections: [
        ...(notes.length > 0 ? [{title: 'Notes', text: notes.join('\n')}] : []),
        ...(conditions === undefined ? [] : [{title: 'Conditions', text: conditions.map(misfitText).join('\n')}]),
        {
          title: 'Settings',
          text: Object.entries({...settings, seed: solution.seed})
            .map(([key, value]) => `${key}: ${value}`)
            .join('\n'),
        },
      ],
    }),
  );
}

const misfitText = ({text, kind, misfit}: NonNullable<SolveReport['conditions']>[number]): string =>
  `${text}: ${kind}, misfit ${misfit.toPrecision(2)} of its size`;

/** The loss along a solve as rows `iteration,loss` with all digits, under a heading. */
function lossesCsv({iteration, loss}: Solution['losses']): string {
  return ['iteration,loss', ...Array.from(iteration, (at, i) => `${at},${loss[i]}`), ''].join('\r\n');
}

/** The equations of a problem as they were written. */
export function equationsOf(spec: Pick<ProblemSpec, 'terms'>): ReportEquation[] {
  return spec.terms.flatMap(({name, loss, equations}) =>
    equations.map(({text, sides}) => ({
      label: `${name} (${loss})`,
      text,
      math: equationMath(sides, {energy: loss === 'identity'}),
    })),
  );
}

/** How far the solution is from the answer, before all that was measured of it. */
function estimateFigure({relativeL2, tolerance, met, how}: ErrorEstimate): {label: string; value: number | string; hint: string} {
  if (tolerance === null) return {label: 'error estimate', value: 'none', hint: how};
  const label = met === true ? 'error estimate' : 'not resolved: error estimate';
  return {label, value: relativeL2 ?? 'none', hint: `relative L2; ${tolerance} was asked for; ${how}`};
}
