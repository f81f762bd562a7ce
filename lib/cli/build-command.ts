/** `dinf-grid build`: the native binary compiled on this machine, where the package brings none for it or one with other devices is wanted. */
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type {Command} from 'commander';
import {Option} from 'commander';
import {packageFolder} from '../base/binary';
import {DinfError} from '../base/errors';

const CMAKE = [3, 22] as const;
const COMPILERS = ['c++', 'g++', 'clang++'];

/** What a program prints of its version; undefined where it does not run. */
function versionOf(program: string): string | undefined {
  const {status, stdout} = spawnSync(program, ['--version'], {encoding: 'utf8'});
  return status === 0 ? stdout : undefined;
}

/** What is missing for a build, in words that go on after 'needs'. */
function missingTools(): string[] {
  const missing: string[] = [];
  const cmake = versionOf('cmake');
  const [major, minor] = (/(\d+)\.(\d+)/.exec(cmake ?? '') ?? []).slice(1).map(Number);
  const least = CMAKE.join('.');
  if (cmake === undefined) missing.push(`CMake ${least} or newer, which is not on PATH`);
  else if (major < CMAKE[0] || (major === CMAKE[0] && minor < CMAKE[1]))
    missing.push(`CMake ${least} or newer, which is here ${major}.${minor}`);
  if (process.platform === 'win32') return missing; // CMake finds Visual Studio by itself
  const named = process.env.CXX;
  const compilers = named === undefined || named === '' ? COMPILERS : [named];
  if (!compilers.some((name) => versionOf(name) !== undefined))
    missing.push(`a C++20 compiler (g++ 11, clang 14 or newer), of which there is none called ${compilers.join(', ')}`);
  if (versionOf('make') === undefined && versionOf('ninja') === undefined) missing.push('make or ninja');
  return missing;
}

/** @throws NO_NATIVE_BUILD naming what is missing. */
function checkTools(): void {
  const missing = missingTools();
  if (missing.length === 0) return;
  const debian = process.platform === 'linux' ? ' On Debian and Ubuntu: apt install cmake g++ make.' : '';
  throw new DinfError('NO_NATIVE_BUILD', `building from source needs ${missing.join('; ')}.${debian}`);
}

/** @throws FILE_UNWRITABLE where the package's folder may not be written. */
function checkFolder(): void {
  try {
    fs.mkdirSync(path.join(packageFolder(), 'build'), {recursive: true});
    fs.accessSync(path.join(packageFolder(), 'build'), fs.constants.W_OK);
  } catch (cause) {
    throw new DinfError(
      'FILE_UNWRITABLE',
      `the binary is built in the package's own folder, ${packageFolder()}, which cannot be written: install dinf-grid in a project of yours`,
      {cause},
    );
  }
}

export function addBuildCommand(program: Command, finish: (code: number) => void): void {
  program
    .command('build')
    .description('compiles the native binary on this machine, with CMake and a C++ compiler; minutes')
    .addOption(new Option('--cuda <when>', 'the CUDA backend, which needs nvcc').choices(['auto', 'on', 'off']).default('auto'))
    .option('--architectures <list>', "compute capabilities, such as '80;90' (default: of the GPU that is here, else 90)")
    .action(({cuda, architectures}: {cuda: string; architectures?: string}) => {
      checkTools();
      checkFolder();
      const options = [`-DDINF_CUDA=${cuda.toUpperCase()}`];
      if (architectures !== undefined) options.push(`-DDINF_CUDA_ARCHITECTURES=${architectures}`);
      const {status} = spawnSync(process.execPath, [path.join(packageFolder(), 'scripts', 'build-native.js'), ...options], {
        stdio: 'inherit',
      });
      if (status !== 0) throw new DinfError('NO_NATIVE_BUILD', 'the build failed; what the compiler said of it stands above');
      // In a process of its own: this one may have loaded another binary.
      const {status: loads} = spawnSync(process.execPath, [path.join(packageFolder(), 'dist', 'cli', 'main.js'), 'info'], {
        stdio: 'inherit',
      });
      finish(loads ?? 1);
    });
}
