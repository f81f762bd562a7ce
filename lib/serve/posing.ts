/** From what a stranger sent to a problem that is ready to be solved. No option of it reads or writes a file. */
import {DinfError} from '../base/errors';
import {checkRecord} from '../base/options';
import {closest} from '../base/spelling';
import {Case} from '../cases/case';
import {runOptionsOf} from '../cases/case-options';
import type {ProblemDefinition} from '../cases/definition';
import {checkFieldOptions} from '../cases/field-options';
import {goesOn} from '../cases/solve-prepared';
import {equation} from '../equation/equation';
import {problemOf, problemTexts, sharedValues} from '../equation/problem-file';
import {PROBLEMS} from '../problems';
import type {SolveOptions} from '../solve/solve';
import type {Subject} from './tasks';

/** A problem, and the precision and seed that it names itself. */
export interface Posed {
  readonly posed: Case;
  readonly solve: Pick<SolveOptions, 'dtype' | 'seed'>;
  /** Whether a solve that was cut goes on from its saved field to the same end. */
  readonly goesOn: boolean;
}

/** Limits that a service sets, whatever is asked for. */
export interface GoalLimits {
  readonly maxSeconds: number;
  readonly maxMemory: number;
}

/** An option of a built-in problem. */
export interface SystemOption {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[] | undefined;
  /** Whether it is on or off. */
  readonly flag: boolean;
}

/** The options of a built-in problem that name no file. */
export function systemOptions({options}: ProblemDefinition): SystemOption[] {
  return options
    .filter(({flag}) => !flag.includes('<file>'))
    .map(({flag, description, choices}) => ({
      name: flag.replace(/^--(\S+).*/, '$1').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
      ...{description, choices},
      flag: !flag.includes('<'),
    }));
}

/**
 * Poses it.
 *
 * @throws DinfError INVALID_ARGUMENT, UNKNOWN_OPTION, SYNTAX, UNKNOWN_SYMBOL, ORDER_TOO_HIGH, EXPRESSION_TOO_LARGE (rejects)
 */
export async function pose({problem, system}: Subject, limits: GoalLimits): Promise<Posed> {
  if (problem !== undefined) return poseEquation(problem, limits);
  const {name, options = {}} = system!;
  const definition = PROBLEMS.find((one) => one.name === name);
  if (definition === undefined) {
    const names = PROBLEMS.map((one) => one.name);
    const near = closest(name, names);
    throw new DinfError(
      'INVALID_ARGUMENT',
      `there is no system '${name}'${near === undefined ? '' : `, did you mean '${near}'?`} There are: ${names.join(', ')}`,
    );
  }
  return poseSystem(definition, options, limits);
}

/** Refuses what a problem file may say of files. */
export function refuseFiles(problem: Readonly<Record<string, unknown>>): void {
  if (Object.hasOwn(problem, 'out'))
    throw new DinfError('INVALID_ARGUMENT', "problem: 'out' names a folder, and this service writes no files: leave it out");
}

async function poseEquation(problem: Readonly<Record<string, unknown>>, limits: GoalLimits): Promise<Posed> {
  refuseFiles(problem);
  const {problem: options, solve} = problemOf(problemTexts(problem, 'problem'), 'problem');
  const {maxSeconds = Infinity, maxMemory = Infinity} = options;
  const posed = await equation({
    ...options,
    maxSeconds: Math.min(maxSeconds, limits.maxSeconds),
    maxMemory: Math.min(maxMemory, limits.maxMemory),
  });
  return {posed, solve, goesOn: goesOn(posed.prepared, problem.resolution !== undefined)};
}

async function poseSystem(
  definition: ProblemDefinition,
  given: Readonly<Record<string, unknown>>,
  limits: GoalLimits,
): Promise<Posed> {
  const known = systemOptions(definition);
  const own: Record<string, string | undefined> = {};
  const others: [string, unknown][] = [];
  for (const [name, value] of Object.entries(checkRecord(given, 'system: options'))) {
    const option = known.find((one) => one.name === name);
    if (option === undefined) others.push([name, value]);
    else if (option.choices !== undefined && !option.choices.includes(String(value)))
      throw new DinfError('INVALID_ARGUMENT', `system: ${name} is one of ${option.choices.join(', ')}`);
    else if (!option.flag) own[name] = String(value);
    else if (value === true) own[name] = true as never; // as the command line has a flag that takes nothing
  }
  const problem = Object.fromEntries(others);
  refuseFiles(problem);
  const {equation: foreign, shared} = problemTexts(problem, `system ${definition.name}`);
  for (const name of Object.keys(foreign)) {
    throw new DinfError(
      'UNKNOWN_OPTION',
      `system ${definition.name} has no option '${name}'. It has: ${known.map((one) => one.name).join(', ') || 'none of its own'}, and resolution, kernel and the like`,
    );
  }
  const {options, solve} = sharedValues(shared, `system ${definition.name}`);
  const {maxSeconds = Infinity, maxMemory = Infinity} = options;
  const run = runOptionsOf(
    {...options, maxSeconds: Math.min(maxSeconds, limits.maxSeconds), maxMemory: Math.min(maxMemory, limits.maxMemory)},
    own,
  );
  checkFieldOptions(run);
  const posed = new Case(await definition.prepare(run));
  return {posed, solve, goesOn: goesOn(posed.prepared, true)};
}
