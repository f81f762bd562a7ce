// Builds prebuilds/<platform>-<arch>/dinf-grid[.<libc>].node, what the published package holds: node scripts/prebuilds.mjs [target ...]
// [-DOPTION=VALUE ...], by default for this machine. In folders of its own (build/prebuilds), so that what is developed stays as it is.
// Where nvcc is, linux-x64 gets CUDA for all architectures of a release in the same file, which takes seven times as long to build.
import {spawnSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Without CUDA, and without kernels for AVX-512: the tarball holds six binaries, and is to stay below 20 MB. */
const SMALL = ['-DDINF_CUDA=OFF', '-DDINF_X86_LEVELS=v2;v3'];

/**
 * Platform, architecture and C library, with the file that it gives. `cross` names the toolchain for where it is not this machine's.
 *
 * @type {Record<string, {file: string, cross?: string, options?: string[]} | undefined>}
 */
const TARGETS = {
  'linux-x64-glibc': {file: 'linux-x64/dinf-grid.glibc.node', options: ['-DDINF_CUDA_ARCHITECTURES=release']},
  'linux-x64-musl': {file: 'linux-x64/dinf-grid.musl.node', options: SMALL},
  'linux-arm64-glibc': {file: 'linux-arm64/dinf-grid.glibc.node', cross: 'linux-arm64', options: ['-DDINF_CUDA=OFF']},
  'darwin-arm64': {file: 'darwin-arm64/dinf-grid.node', options: ['-DDINF_CUDA=OFF']},
  'darwin-x64': {file: 'darwin-x64/dinf-grid.node', options: SMALL},
  'win32-x64': {file: 'win32-x64/dinf-grid.node', options: SMALL},
};

function ownTarget() {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return platform;
  // Node says which glibc runs it, and nothing where it is another C library.
  const {header} = /** @type {{header: {glibcVersionRuntime?: string}}} */ (process.report.getReport());
  return `${platform}-${header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'}`;
}

function run(command, args) {
  const {status, error} = spawnSync(command, args, {cwd: root, stdio: 'inherit'});
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function build(name, given) {
  const target = TARGETS[name];
  if (target === undefined) throw new Error(`no target is called ${name}: ${Object.keys(TARGETS).join(', ')}`);
  const {file, cross, options = []} = target;
  const folder = path.join(root, 'build', 'prebuilds', name);
  rmSync(folder, {recursive: true, force: true}); // from nothing: an option that is left over decides what users get
  const toolchain = name === ownTarget() || cross === undefined ? [] : [`-DCMAKE_TOOLCHAIN_FILE=cmake/toolchains/${cross}.cmake`];
  const own = [`-DDINF_NODE=${process.execPath}`, `-DDINF_OUTPUT=${folder}/out`, '-DCMAKE_BUILD_TYPE=Release'];
  run('cmake', ['-S', root, '-B', folder, '--log-level=NOTICE', ...own, ...toolchain, ...options, ...given]);
  run('cmake', [
    '--build',
    folder,
    '--target',
    'dinf_grid',
    '--config',
    'Release',
    '--parallel',
    String(os.availableParallelism()),
  ]);
  // The same of every architecture as continuous integration asks of one: no hot kernel spills.
  if (
    existsSync(path.join(folder, 'CMakeFiles', 'dinf_cuda.dir')) &&
    readdirSync(folder, {recursive: true}).some((each) => String(each).endsWith('.ptxas'))
  )
    run(process.execPath, [path.join(root, 'scripts', 'kernel-resources.mjs'), folder]);
  const place = path.join(root, 'prebuilds', file);
  mkdirSync(path.dirname(place), {recursive: true});
  // Whole or not at all.
  cpSync(path.join(folder, 'out', 'dinf_grid.node'), `${place}.tmp`);
  renameSync(`${place}.tmp`, place);
  console.log(`${path.relative(root, place)}: ${(statSync(place).size / 1e6).toFixed(2)} MB`);
}

const given = process.argv.slice(2);
const names = given.filter((word) => !word.startsWith('-'));
for (const name of names.length > 0 ? names : [ownTarget()])
  build(
    name,
    given.filter((word) => word.startsWith('-')),
  );
