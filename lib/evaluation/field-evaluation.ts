/** Expressions on a solution at the points of a file or a lattice: what `dinf-grid evaluate` does, callable. */
import * as path from 'node:path';
import {DinfError} from '../base/errors';
import type {OptionChecks} from '../base/options';
import {checkChoice, checkFunction, checkList, checkOptions, checkPath, checkSignal, checkText} from '../base/options';
import {checkMemory} from '../compile/memory';
import {writeFileAtomic} from '../files/atomic-write';
import {writeVti} from '../files/vti';
import type {ProblemSpec} from '../pose/problem-spec';
import type {Solution} from '../solve/solution';
import {csvPoints} from './csv-points';
import type {EvaluatedBatch, EvaluationRun, EvaluationSummary} from './evaluate';
import {checkPoints, emptySummary, evaluateBatches} from './evaluate';
import type {GridSource} from './grid-points';
import {gridPoints} from './grid-points';
import {npyPoints} from './npy-points';
import type {PointSource} from './source';
import {csvParts, npyParts} from './write';

/** The points at which a solution is evaluated, and the expressions. */
export interface FieldEvaluationOptions {
  /** A file of points: text with a column a coordinate, or `.npy` of shape (n, dimensions). */
  readonly points?: string | undefined;
  /** A lattice in place of `points`, such as `x=0..1:101,y:51,t=0.5`. */
  readonly grid?: string | undefined;
  /** Expressions in the problem's names. Default: all unknowns. */
  readonly expressions?: readonly string[] | undefined;
  /** A point outside the domain is an error, or has NaN for values. Default `error`. */
  readonly outside?: 'error' | 'nan' | undefined;
  /** Stops the evaluation, which rejects with ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the part of the points, from 0 to 1, that has been checked or evaluated. */
  readonly onProgress?: ((what: 'checked' | 'evaluated', part: number) => void) | undefined;
}

const OPTIONS: OptionChecks<FieldEvaluationOptions> = {
  points: checkPath,
  grid: checkText,
  expressions: (value, name) => checkList(value, name, checkText, 1),
  outside: (value, name) => checkChoice(value, name, ['error', 'nan'] as const),
  signal: checkSignal,
  onProgress: (value, name) => checkFunction<NonNullable<FieldEvaluationOptions['onProgress']>>(value, name),
};

const FORMATS = ['.csv', '.npy', '.vti'] as const;

/**
 * Makes sure that points, lattice and output go together.
 *
 * @throws DinfError INVALID_ARGUMENT
 */
export function checkEvaluation({points, grid}: FieldEvaluationOptions, out: string | undefined): void {
  if ((points === undefined) === (grid === undefined)) {
    throw new DinfError('INVALID_ARGUMENT', 'say where to evaluate: --points FILE, or --grid "x=0..1:101", one of them');
  }
  if (out !== undefined && formatOf(out) === '.vti' && grid === undefined) {
    throw new DinfError('INVALID_ARGUMENT', `--out ${out}: .vti holds a lattice: give --grid, or write .csv or .npy`);
  }
}

function formatOf(out: string): (typeof FORMATS)[number] {
  const format = FORMATS.find((one) => path.extname(out).toLowerCase() === one);
  if (format === undefined) {
    throw new DinfError('INVALID_ARGUMENT', `--out ${out}: its ending says what is written, and must be ${FORMATS.join(', ')}`);
  }
  return format;
}

/**
 * An evaluation that is ready to run. Points are gone through in batches, so that a file of them may be larger than the memory; those of a
 * file are all checked before the first is evaluated.
 */
export class FieldEvaluation {
  /** Figures of the values, which grow while these are written or measured. */
  readonly summary: EvaluationSummary;

  private constructor(
    private readonly run: EvaluationRun,
    private readonly lattice: GridSource | undefined,
  ) {
    this.summary = emptySummary(run.expressions);
  }

  /**
   * Reads where to evaluate, and makes sure that the expressions can be understood.
   *
   * @throws DinfError INVALID_ARGUMENT, SYNTAX, OUT_OF_DOMAIN, FILE_NOT_FOUND, FILE_UNREADABLE, and what reading an expression throws (rejects)
   */
  static async open(solution: Solution, options: FieldEvaluationOptions): Promise<FieldEvaluation> {
    const given = checkOptions(options, 'evaluate', OPTIONS);
    checkEvaluation(given, undefined);
    const {points, grid, outside = 'error', signal, onProgress} = given;
    const {domain, fields} = solution.problem.spec;
    const expressions = given.expressions ?? fields.flatMap(({unknowns}) => unknowns);
    // One point, so that an expression that cannot be understood is refused before any point is read.
    await solution.evaluate(
      domain.map(({lower}) => lower),
      {expressions},
    );
    const lattice = grid === undefined ? undefined : gridPoints(grid, domain);
    const source = lattice ?? (await pointsOf(points!, domain));
    return new FieldEvaluation({solution, source, expressions, outside, signal, onProgress}, lattice);
  }

  /**
   * Writes the values to a file, complete or not at all: `.csv`, `.npy`, or for a lattice `.vti`, by its ending.
   *
   * @throws DinfError INVALID_ARGUMENT for another ending; OUT_OF_MEMORY, OUT_OF_DOMAIN, FILE_UNREADABLE, FILE_UNWRITABLE, ABORTED (rejects)
   */
  async write(file: string): Promise<void> {
    const format = formatOf(file);
    const {expressions} = this.run;
    if (format === '.csv') await writeFileAtomic(file, this.csv());
    else if (format === '.npy') await writeFileAtomic(file, this.npy());
    else if (this.lattice === undefined) checkEvaluation({points: ''}, file);
    else {
      const {shape, axes} = this.lattice;
      // All arrays are held, and one of them turned.
      const values = shape.reduce((product, n) => product * n, 1) * (expressions.length + 1);
      checkMemory(8 * values, `a .vti file of ${shape.join(' × ')} points`, 'write .npy, or take fewer points');
      await writeVti(file, {axes, arrays: await this.collected(shape)});
    }
  }

  /** The values as a CSV table: a row a point, coordinates first. */
  async *csv(): AsyncGenerator<Uint8Array> {
    const {solution, expressions} = this.run;
    const names = [...solution.problem.spec.domain.map(({name}) => name), ...expressions];
    await this.check();
    yield* csvParts(this.batches(), names, solution.dtype);
  }

  /** Evaluates all points and keeps nothing but the summary. */
  async measure(): Promise<EvaluationSummary> {
    await this.check();
    const batches = this.batches();
    while ((await batches.next()).done !== true);
    return this.summary;
  }

  private async *npy(): AsyncGenerator<Uint8Array> {
    const shape = await this.check();
    yield* npyParts(this.batches(), shape, this.run.expressions.length);
  }

  /** The shape of the points. A lattice has been checked with its text, and its points are known. */
  private async check(): Promise<readonly number[]> {
    return this.lattice?.shape ?? [await checkPoints(this.run)];
  }

  private batches(): AsyncGenerator<EvaluatedBatch> {
    return evaluateBatches(this.run, this.summary);
  }

  private async collected(shape: readonly number[]): Promise<Record<string, Float64Array>> {
    const {expressions} = this.run;
    const points = shape.reduce((product, n) => product * n, 1);
    const arrays = expressions.map(() => new Float64Array(points));
    for await (const {first, values} of this.batches()) {
      values.forEach((column, e) => {
        arrays[e].set(column, first);
      });
    }
    return Object.fromEntries(expressions.map((expression, e) => [expression, arrays[e]]));
  }
}

/**
 * Evaluates expressions on a solution at the points of a file or lattice, and writes them to a file.
 *
 * @param file the output: `.csv`, `.npy`, or for a lattice `.vti`, by its ending.
 * @returns how many points there were, and the extremes of each expression.
 * @throws DinfError as {@link FieldEvaluation.open} and {@link FieldEvaluation.write} (rejects)
 */
export async function evaluateToFile(
  solution: Solution,
  file: string,
  options: FieldEvaluationOptions,
): Promise<EvaluationSummary> {
  checkEvaluation(options, file);
  const evaluation = await FieldEvaluation.open(solution, options);
  await evaluation.write(file);
  return evaluation.summary;
}

function pointsOf(file: string, domain: ProblemSpec['domain']): Promise<PointSource> {
  if (path.extname(file).toLowerCase() === '.npy') return npyPoints(file, domain);
  return csvPoints(
    file,
    domain.map(({name}) => name),
  );
}
