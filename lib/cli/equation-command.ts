/** `dinf-grid solve --equation ...` and `dinf-grid solve problem.json`: equations that nobody wrote code for. */
import {existsSync} from 'node:fs';
import type {Command} from 'commander';
import {InvalidArgumentError, Option} from 'commander';
import type {ConstraintMode} from '../equation/constraints';
import {CONSTRAINT_MODES} from '../equation/constraints';
import {DinfError} from '../base/errors';
import type {EquationOptions} from '../equation/equation-options';
import {prepareEquation} from '../equation/equation';
import type {ProblemDefinition} from '../cases/definition';
import {checkOut, readProblemTexts} from '../equation/problem-file';
import {collect} from './arguments';
import {EXIT} from './exit';
import type {SharedOptions} from './shared-options';
import {addSharedOptions} from './shared-options';

/** Parts that the command shares with those of the built-in problems. */
export interface SolveParts {
  /** Names of the built-in problems. */
  readonly names: readonly string[];
  /** Prepares, solves and writes. */
  run(definition: ProblemDefinition, parsed: SharedOptions): Promise<number>;
}

interface Own {
  equation?: string[];
  domain?: string;
  where?: string[];
  unknowns?: string[];
  uniform?: Record<string, number>;
  exact?: string;
  constraints?: ConstraintMode;
  boundaryWeight?: number;
  periodic?: string[];
  windows?: number | 'auto' | 'off';
  grading?: 'auto' | 'off';
}

/** Help that both the command and its parent end with. */
export const EQUATION_EXAMPLE = `
A problem of your own:
  $ dinf-grid solve --equation "u_t = 0.1*u_xx" --domain "t=0..1,x=0..1" \\
      --where "t=0: u=sin(pi*x)" --where "x=0|x=1: u=0"
  $ dinf-grid solve problem.json
Its options: dinf-grid solve equation --help`;

/** Makes `equation` the command that runs where no built-in problem is named. */
export function addEquationCommand(solve: Command, parts: SolveParts, finish: (code: number) => void): void {
  const command = solve
    .command('equation', {isDefault: true})
    .description('your own equations, from options or a problem file; the word equation may be left out')
    .argument('[file]', 'a problem file (JSON); options given here come before what it says')
    .option('--equation <text>', 'an equation, such as "u_xx + u_yy = 1"; repeat it for a system', collect)
    .option('--domain <ranges>', 'coordinates with their bounds, such as "t=0..1,x=-pi..pi"')
    .option('--where <condition>', '"FACE[|FACE...]: EQUATION", such as "x=0|x=1: u=0"; repeat it', collect)
    .option('--periodic <coordinates>', 'coordinates that close to a ring, with commas; their faces take no conditions', list)
    .option('--unknowns <names>', 'names of the unknowns, with commas (default: found in the equations)', list)
    .option('--uniform <name=number>', 'a number by name for the equations; repeat it', uniform)
    .option('--exact <answer>', 'a known answer to compare with: an expression, or "u=...; v=..."')
    .addOption(new Option('--constraints <mode>', 'how conditions are met').choices([...CONSTRAINT_MODES]))
    .option('--boundary-weight <x>', 'weight of conditions met by least squares', weight)
    .option('--windows <windows>', 'windows of time for initial values: auto, a number, or off', windows)
    .addOption(new Option('--grading <mode>', 'smaller cells where they are needed').choices(['auto', 'off']));
  addSharedOptions(command);
  command.addHelpText('after', EQUATION_EXAMPLE.replace(/\nIts options.*/, ''));
  command.action(async (file: string | undefined, parsed: SharedOptions & Own, self: Command) => {
    const nothing = parsed.equation === undefined && parsed.domain === undefined && parsed.where === undefined;
    if (file === undefined && nothing)
      self.error('error: name a problem; see dinf-grid list, or give --equation', {exitCode: EXIT.usage});
    if (file !== undefined && !looksLikeFile(file)) {
      const misplaced = parts.names.includes(file);
      self.error(
        misplaced
          ? `error: the name of a problem comes first: dinf-grid solve ${file} ...`
          : `error: no problem is called '${file}'; see dinf-grid list`,
        {exitCode: EXIT.usage},
      );
    }
    const definition: ProblemDefinition = {
      name: 'equation',
      summary: command.description(),
      options: [],
      prepare: (shared) => prepareEquation(options, shared),
    };
    const {equation: from, shared = {}} = file === undefined ? {} : await readProblemTexts(file);
    if (file !== undefined && parsed.out === undefined) await checkOut(shared.out, file);
    for (const [name, text] of Object.entries(shared)) applyShared(self, name, text, file!);
    const options = merged(parsed, from ?? {});
    finish(await parts.run(definition, self.opts<SharedOptions & Own>()));
  });
}

/** Options of the command line, and in place of those that it leaves out, the file's. */
function merged(parsed: Own, file: Partial<EquationOptions>): EquationOptions {
  const given: Partial<EquationOptions> = {
    equations: parsed.equation ?? file.equations,
    domain: parsed.domain ?? file.domain,
    where: parsed.where ?? file.where,
    unknowns: parsed.unknowns ?? file.unknowns,
    uniforms: {...file.uniforms, ...parsed.uniform},
    exact: parsed.exact ?? file.exact,
    constraints: parsed.constraints ?? file.constraints,
    boundaryWeight: parsed.boundaryWeight ?? file.boundaryWeight,
    periodic: parsed.periodic ?? file.periodic,
    windows: parsed.windows ?? file.windows,
    grading: parsed.grading ?? file.grading,
  };
  const {equations, domain} = given;
  if (equations === undefined) throw new DinfError('INVALID_ARGUMENT', 'no equation is given: write --equation "u_xx = 1"');
  if (domain === undefined) throw new DinfError('INVALID_ARGUMENT', 'no domain is given: write --domain "x=0..1"');
  return {...given, equations, domain};
}

/** Sets a shared option from a problem file, read and refused as the command line would. */
function applyShared(command: Command, name: string, text: string, file: string): void {
  if (command.getOptionValueSource(name) === 'cli') return;
  const option = command.options.find((candidate) => candidate.attributeName() === name)!;
  try {
    const parse = option.parseArg as ((value: string, previous: unknown) => unknown) | undefined;
    const value = parse === undefined ? text : parse(text, undefined);
    command.setOptionValueWithSource(name, value, 'config');
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new DinfError('INVALID_ARGUMENT', `${file}: '${name}' is ${text}: ${error.message}`, {cause: error});
  }
}

const looksLikeFile = (word: string): boolean => /\.json$|[/\\]/i.test(word) || existsSync(word);

const list = (text: string): string[] => text.split(',').map((name) => name.trim());

function uniform(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [, name, number] = (/^\s*([\p{L}][\p{L}0-9_]*)\s*=\s*(\S+)\s*$/u.exec(text) ?? []) as (string | undefined)[];
  const value = Number(number);
  if (name === undefined || number === undefined || !Number.isFinite(value))
    throw new InvalidArgumentError('--uniform is NAME=NUMBER, such as nu=0.05.');
  return {...before, [name]: value};
}

function weight(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('--boundary-weight is a number of at least 0.');
  return value;
}

function windows(text: string): number | 'auto' | 'off' {
  if (text === 'auto' || text === 'off') return text;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && text.trim() !== '') return count;
  throw new InvalidArgumentError('It is auto, off, or a whole number of at least 1.');
}
