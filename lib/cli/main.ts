#!/usr/bin/env node
import {Command, CommanderError} from 'commander';
import {DinfError} from '../base/errors';
import {VERSION} from '../base/version';
import {PROBLEMS} from '../problems';
import {addAblateCommand} from './ablate-command';
import {addBenchCommand} from './bench-command';
import {addBuildCommand} from './build-command';
import {addEvaluateCommand} from './evaluate-command';
import {EXIT, exitCode} from './exit';
import {info, infoLines} from '../devices/info';
import {addServeCommand} from './serve-command';
import {addSolveCommand} from './solve-command';
import {Streams} from './streams';
import {addSweepCommand} from './sweep-command';
import {addWorkerCommand} from './worker-command';

function build(finish: (code: number) => void): Command {
  const program = new Command('dinf-grid')
    .description('Solves differential equations with neural fields on differentiable feature grids.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'dinf-grid: '));
      },
    })
    .showSuggestionAfterError();
  addSolveCommand(program, finish);
  addAblateCommand(program, finish);
  addBenchCommand(program, finish);
  addEvaluateCommand(program, finish);
  addServeCommand(program, finish);
  addSweepCommand(program, finish);
  addWorkerCommand(program, finish);
  addBuildCommand(program, finish);
  program
    .command('list')
    .description('the built-in problems')
    .option('--json', 'print one JSON array on stdout')
    .action(({json}: {json?: boolean}) => {
      if (json) process.stdout.write(`${JSON.stringify(PROBLEMS.map(({name, summary}) => ({name, summary})))}\n`);
      else for (const {name, summary} of PROBLEMS) process.stdout.write(`${name.padEnd(14)}${summary}\n`);
    });
  program
    .command('info')
    .description('devices, build and versions')
    .option('--json', 'print one JSON object on stdout')
    .action(({json}: {json?: boolean}) => {
      process.stdout.write(json ? `${JSON.stringify(info())}\n` : infoLines());
    });
  inheritExit(program);
  return program;
}

/** Subcommands inherit neither the exit override nor the output settings when made before them. */
function inheritExit(command: Command): void {
  for (const sub of command.commands) {
    sub.exitOverride().copyInheritedSettings(command);
    inheritExit(sub);
  }
}

async function main(): Promise<number> {
  const streams = new Streams();
  const code = await run();
  const failure = await streams.failed();
  if (failure === undefined) return code;
  process.stderr.write(`dinf-grid: ${failure.message}\n`);
  return code === EXIT.solved ? EXIT.failed : code;
}

async function run(): Promise<number> {
  let code: number = EXIT.solved;
  try {
    await build((result) => (code = result)).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.solved : EXIT.usage; // it has printed its message
    if (!(error instanceof DinfError)) throw error;
    process.stderr.write(`dinf-grid: ${error.message}\n`);
    return exitCode(error);
  }
  return code;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `dinf-grid: internal error, please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = EXIT.failed;
  },
);
