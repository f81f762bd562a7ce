#!/usr/bin/env node
import {readFileSync} from 'node:fs';
import * as path from 'node:path';
import {Command, CommanderError} from 'commander';
import {DinfError} from '../errors';
import {PROBLEMS} from '../problems';
import {addAblateCommand} from './ablate-command';
import {addEvaluateCommand} from './evaluate-command';
import {EXIT, exitCode} from './exit';
import {describe, infoLines} from './info';
import {addSolveCommand} from './solve-command';

const {version} = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as {version: string};

function build(finish: (code: number) => void): Command {
  const program = new Command('dinf-grid')
    .description('Solves differential equations with neural fields on differentiable feature grids.')
    .version(version)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'dinf-grid: '));
      },
    })
    .showSuggestionAfterError();
  addSolveCommand(program, finish);
  addAblateCommand(program, finish);
  addEvaluateCommand(program, finish);
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
      const info = describe(version);
      if (json) process.stdout.write(`${JSON.stringify(info)}\n`);
      else process.stdout.write(infoLines(info));
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
