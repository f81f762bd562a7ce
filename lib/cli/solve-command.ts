/** `dinf-grid solve NAME`: a built-in problem, from its options to its outputs. */
import * as path from 'node:path';
import type {Command} from 'commander';
import {Option} from 'commander';
import {DinfError} from '../base/errors';
import {PROBLEMS} from '../problems';
import type {Assessment, Prepared, ProblemDefinition, RunOptions} from '../cases/definition';
import {solvePrepared} from '../cases/solve-prepared';
import {writeOutputs} from '../report/write-outputs';
import type {Device} from '../devices';
import {findDevice} from '../devices';
import type {ErrorEstimate} from '../solve/error-estimate';
import {estimateText} from '../solve/error-estimate';
import type {Solution} from '../solve/solution';
import type {SolveOptions} from '../solve/solve';
import {commandLine} from './arguments';
import {addEquationCommand, EQUATION_EXAMPLE} from './equation-command';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';
import {FIELD_FILE, OutputFolder} from './output-folder';
import {duration, progressView} from '../report/progress';
import type {Resumption} from './resume';
import {readResumption} from './resume';
import type {SharedOptions} from './shared-options';
import {addSharedOptions, runOptions} from './shared-options';

/** Adds `solve` with one subcommand a problem. */
export function addSolveCommand(program: Command, finish: (code: number) => void): void {
  const command = program.command('solve').description('solve one of the built-in problems, or your own equations');
  for (const definition of PROBLEMS) {
    const sub = command.command(definition.name).description(definition.summary);
    for (const {flag, description, choices} of definition.options) {
      const option = new Option(flag, description);
      sub.addOption(choices === undefined ? option : option.choices([...choices]));
    }
    addSharedOptions(sub);
    sub.action(async (parsed: SharedOptions) => {
      finish(await run(definition, parsed));
    });
  }
  const names = PROBLEMS.map(({name}) => name);
  addEquationCommand(command, {names, run}, finish);
  command.addHelpText('after', EQUATION_EXAMPLE);
}

async function run(definition: ProblemDefinition, parsed: SharedOptions): Promise<number> {
  await findDevice(parsed.device); // before any file is read
  const out = parsed.out ?? path.join('out', definition.name);
  const options = runOptions(definition, parsed);
  const prepared = await definition.prepare(options);
  const {resume: file} = parsed;
  const resumption = await resumptionOf(definition, prepared, options, parsed);
  const optimizers = resumption?.optimizers ?? prepared.optimizers;
  const folder = await OutputFolder.open(out);
  const view = progressView(process.stderr, parsed.quiet === true);
  const interruption = listenForInterruption();
  try {
    if (parsed.json !== true && parsed.quiet !== true) process.stderr.write(`${prepared.headline}\n`);
    const origin = commandLine();
    const {checkpointEvery: everySeconds} = parsed;
    const settings: SolveOptions = {
      device: parsed.device as Device,
      dtype: parsed.dtype,
      threads: parsed.threads,
      tf32: parsed.tf32,
      seed: parsed.seed,
      signal: interruption.signal,
      onProgress: (progress) => {
        view.update(progress);
      },
    };
    const whole: SolveOptions = {
      ...settings,
      optimizer: optimizers.map(({stage}) => stage),
      resume: resumption?.checkpoint,
      checkpoint: everySeconds === undefined ? undefined : {file: folder.file(FIELD_FILE), everySeconds, origin},
    };
    // A sequence of problems has its own stages.
    const sequence = prepared.solve !== undefined && prepared.resumes !== true;
    using solution = await solvePrepared(prepared.problem, prepared, sequence ? settings : whole).finally(() => {
      view.stop();
    });
    // Before anything else can fail: what was solved is not lost.
    await folder.write(FIELD_FILE, (target) => solution.save(target, {origin}));
    const assessment = await prepared.assess(solution);
    solution.dispose(); // what is left reads how the solve went, and writes large files
    const notes = notesOf({...prepared, optimizers}, solution, assessment);
    await writeOutputs(folder, solution, assessment, {
      name: definition.name,
      headline: prepared.headline,
      settings: {...prepared.settings, ...assessment.settings},
      notes,
      conditions: assessment.conditions,
      command: commandLine(),
    });
    const summary = {
      problem: definition.name,
      ...howSolved(solution),
      optimizer: optimizers.map(({name}) => name).join(','),
      samplesPerIteration: prepared.samplesPerIteration,
      metrics: assessment.metrics,
      conditions: assessment.conditions, // undefined where there are none, and JSON leaves it out then
      outputs: folder.written,
      seed: solution.seed,
      settings: {...prepared.settings, ...assessment.settings},
      notes,
      ...(resumption && {resumed: {file, iterations: resumption.checkpoint.standing.iterations}}),
    };
    for (const note of notes) process.stderr.write(`dinf-grid: note: ${note}.\n`);
    process.stdout.write(parsed.json === true ? `${JSON.stringify(summary)}\n` : summaryText(summary));
    return exitOf(solution, interruption.code);
  } catch (error) {
    await folder.discard();
    throw error;
  } finally {
    interruption.stop();
  }
}

/** How a solve went, by the names that `--json` has for it. */
function howSolved({device, dtype, iterations, seconds, unknowns, loss, stopReason, errorEstimate, solver}: Solution) {
  return {
    ...{device, dtype, iterations, seconds, parameters: unknowns, loss},
    errorEstimate,
    stopReason,
    ...(solver && {solver}),
  };
}

/** What a run goes on from. A sequence of problems has no one field to go on from. */
async function resumptionOf(
  {name}: ProblemDefinition,
  prepared: Prepared,
  options: RunOptions,
  {resume: file, seed}: SharedOptions,
): Promise<Resumption | undefined> {
  if (file === undefined) return undefined;
  if (prepared.solve !== undefined && prepared.resumes !== true) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `--resume: ${name} solves a sequence of problems here, which begins anew each time; --optimizer adam trains one field that can go on`,
    );
  }
  return readResumption(file, prepared, options, seed);
}

/** What is to be known of a result, in the order in which it came up. */
function notesOf(prepared: Prepared, solution: Solution, assessment: Assessment): string[] {
  return [
    ...(prepared.notes ?? []),
    ...prepared.optimizers.flatMap(({note}) => note ?? []),
    ...solution.notes,
    ...(assessment.notes ?? []),
  ];
}

/** The exit code of a solve; a diverged one says so. */
function exitOf({stopReason, message, errorEstimate}: Solution, interrupted: number): number {
  if (stopReason === 'diverged') {
    process.stderr.write(
      `dinf-grid: diverged: ${message}. The last good field was kept; lower the learning rate or check the equation.\n`,
    );
    return EXIT.diverged;
  }
  if (stopReason === 'aborted') return interrupted;
  return errorEstimate.met === false ? EXIT.notResolved : EXIT.solved;
}

function summaryText(summary: {
  metrics: Readonly<Record<string, number>>;
  seconds: number;
  iterations: number;
  device: string;
  parameters: number;
  stopReason: string;
  errorEstimate: ErrorEstimate;
  outputs: string[];
}): string {
  const metrics = Object.entries(summary.metrics).map(
    ([name, value]) => `${name} ${name.startsWith('psnr') ? `${value.toFixed(2)} dB` : value.toPrecision(4)}`,
  );
  return [
    metrics.join(', '),
    ...(summary.errorEstimate.tolerance === null ? [] : [estimateText(summary.errorEstimate)]),
    `${duration(summary.seconds)} (${summary.seconds.toFixed(3)} seconds) on ${summary.device}: ${summary.iterations} iterations, ${summary.parameters} unknowns, stopped by ${summary.stopReason}`,
    ...summary.outputs,
    '',
  ].join('\n');
}
