/** The packed package with a prebuilt binary, installed where there is nothing but node, npm and sh. Nothing is downloaded. */
import {execFileSync, spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {temporaryFolder} from '../support/temporary-folder';

const ROOT = path.join(__dirname, '..', '..');
const BUILT = path.join(ROOT, 'build', 'Release', 'dinf_grid.node');

// What is installed is the binary of this checkout, so a stale one is tested as little as anywhere in these tests.
const scratch = temporaryFolder('folder');
const app = path.join(scratch, 'app');
const installed = path.join(app, 'node_modules', 'dinf-grid');
const bin = path.join(scratch, 'bin');
const environment = {PATH: bin, HOME: scratch, npm_config_offline: 'true', npm_config_cache: path.join(scratch, 'cache')};

function run(file: string, ...args: string[]): {status: number | null; output: string} {
  const result = spawnSync(path.join(bin, file), args, {cwd: app, env: environment, encoding: 'utf8', timeout: 50_000});
  return {status: result.status, output: result.stdout + result.stderr};
}

/** The absolute path of a program of this machine. */
function which(program: string): string {
  const folder = process.env.PATH!.split(':').find((entry) => fs.existsSync(path.join(entry, program)));
  return fs.realpathSync(path.join(folder!, program));
}

function pack(folder: string): string {
  const args = ['pack', folder, '--ignore-scripts', '--json', '--pack-destination', scratch];
  const [{filename}] = JSON.parse(execFileSync('npm', args, {cwd: scratch, encoding: 'utf8'})) as [{filename: string}];
  return path.join(scratch, filename);
}

/** The package as it is published: what npm would pack, with the binary that is built here where a prebuilt one goes. */
function packPackage(): string {
  const stage = path.join(scratch, 'stage');
  const {files} = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {files: string[]};
  for (const name of [...files, 'package.json', 'README.md', 'LICENSE']) {
    const from = path.join(ROOT, name);
    if (name !== 'prebuilds' && fs.existsSync(from)) fs.cpSync(from, path.join(stage, name), {recursive: true});
  }
  const folder = path.join(stage, 'prebuilds', `${process.platform}-${process.arch}`);
  fs.mkdirSync(folder, {recursive: true});
  fs.copyFileSync(BUILT, path.join(folder, 'dinf-grid.glibc.node'));
  return pack(stage);
}

/** The runtime dependencies, direct and not, packed from node_modules. */
function packDependencies(): string[] {
  const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {cwd: ROOT, encoding: 'utf8'});
  return listed
    .trim()
    .split('\n')
    .filter((folder) => folder !== ROOT)
    .map(pack);
}

beforeAll(() => {
  fs.mkdirSync(bin);
  fs.mkdirSync(app);
  for (const program of ['node', 'npm', 'sh']) fs.symlinkSync(which(program), path.join(bin, program));
  fs.writeFileSync(path.join(app, 'package.json'), '{"name": "app", "private": true}');
}, 60_000);

const PROBLEM = `
  const u = dinf.problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution: 16, levels: 1, kernel: dinf.bspline(5)}),
    lift: ({u}) => ({u: dinf.eq\`x*(1 - x)*\${u}\`}),
    terms: ({u_xx}) => [dinf.term(dinf.gauss(4), dinf.eq\`\${u_xx} = -2\`)],
  });
  dinf.solve(u, {optimizer: dinf.leastSquares()}).then(async (solution) => {
    const {u: [value]} = await solution.evaluate(Float64Array.of(0.25));
    console.log(Math.abs(value - 0.1875) < 1e-4 ? 'solved' : 'wrong ' + value);
  });`;

describe('the package', () => {
  it('installs from a tarball without compiler, CMake, Python or network', () => {
    const tarballs = [packPackage(), ...packDependencies()];
    const {status, output} = run('npm', 'install', '--no-audit', '--no-fund', '--foreground-scripts', ...tarballs);
    expect({status, output}).toMatchObject({status: 0});
    expect(fs.existsSync(path.join(installed, 'build'))).toBe(false); // nothing was compiled
    expect(fs.existsSync(path.join(installed, 'dist', '.tsbuildinfo'))).toBe(false);
  }, 120_000);

  it('is imported and solves', () => {
    fs.writeFileSync(path.join(app, 'solve.mjs'), `import * as dinf from 'dinf-grid';${PROBLEM}`);
    expect(run('node', 'solve.mjs')).toEqual({status: 0, output: 'solved\n'});
  });

  it('is required and solves', () => {
    fs.writeFileSync(path.join(app, 'solve.cjs'), `const dinf = require('dinf-grid');${PROBLEM}`);
    expect(run('node', 'solve.cjs')).toEqual({status: 0, output: 'solved\n'});
  });

  it('gives an ESM import every name that require gives', () => {
    const names = `import * as esm from 'dinf-grid'; import {createRequire} from 'node:module';
      const cjs = createRequire(import.meta.url)('dinf-grid');
      console.log(Object.keys(cjs).filter((name) => !(name in esm)).join() || 'all');`;
    fs.writeFileSync(path.join(app, 'names.mjs'), names);
    expect(run('node', 'names.mjs').output).toBe('all\n');
  });

  it('says what is missing for CUDA', () => {
    const main = path.join('node_modules', '.bin', 'dinf-grid');
    const {status, output} = run('node', main, 'info', '--json');
    expect(status).toBe(0);
    const info = JSON.parse(output) as {
      cuda: string;
      cudaToolkit: string | null;
      cudaDriver: string | null;
      cudaDevices: unknown[];
    };
    if (info.cudaDriver !== null) return; // a machine with a driver: nothing is missing
    expect(info.cudaDevices).toEqual([]);
    expect(run('node', main, 'info').output).toMatch(
      info.cudaToolkit === null ? /CUDA toolkit +not built in/ : /no NVIDIA driver installed/,
    );
    expect(run('node', main, 'solve', 'heat', '--device', 'cuda')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/there is no cuda: .*--device cpu or auto/),
    });
  });

  it('asks nothing of the machine but glibc', () => {
    const check = path.join(ROOT, 'scripts', 'check-binary.mjs');
    const result = spawnSync(process.execPath, [check, BUILT], {encoding: 'utf8'});
    const binary = JSON.parse(result.stdout) as {glibc: string; bytes: number; problems: string[]};
    expect(binary.problems).toEqual([]);
    expect(result.status).toBe(0);
    expect(binary.bytes).toBeLessThan(40 * 2 ** 20);
  });

  it('says how to build where it holds no binary for the machine', () => {
    fs.rmSync(path.join(installed, 'prebuilds'), {recursive: true});
    fs.rmSync(path.join(installed, 'dist', 'wasm'), {recursive: true, force: true}); // which would do instead
    const {status, output} = run('node', path.join('node_modules', '.bin', 'dinf-grid'), 'info');
    expect(status).toBe(1);
    expect(output).toMatch(/^dinf-grid: no native build .* run 'npm rebuild dinf-grid' with CMake/);
  });
});
