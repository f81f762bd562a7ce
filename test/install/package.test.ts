/** The packed package with a prebuilt binary, laid where there is nothing but node and sh. How package managers install it: scripts/install-matrix.mjs. */
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
const environment = {PATH: bin, HOME: scratch};

function run(file: string, ...args: string[]): {status: number | null; output: string} {
  const result = spawnSync(path.join(bin, file), args, {cwd: app, env: environment, encoding: 'utf8', timeout: 50_000});
  return {status: result.status, output: result.stdout + result.stderr};
}

/** The absolute path of a program of this machine. */
function which(program: string): string {
  const folder = process.env.PATH!.split(':').find((entry) => fs.existsSync(path.join(entry, program)));
  return fs.realpathSync(path.join(folder!, program));
}

/** The package as it is published, with the binary that is built here where a prebuilt one goes. */
function packPackage(): {tarball: string; bytes: number; files: string[]} {
  const args = [path.join(ROOT, 'scripts', 'pack.mjs'), '--out', scratch, '--binary', BUILT];
  return JSON.parse(execFileSync(process.execPath, args, {encoding: 'utf8'})) as {
    tarball: string;
    bytes: number;
    files: string[];
  };
}

let published: ReturnType<typeof packPackage>;

beforeAll(() => {
  published = packPackage();
  fs.mkdirSync(bin);
  fs.mkdirSync(installed, {recursive: true});
  for (const program of ['node', 'sh']) fs.symlinkSync(which(program), path.join(bin, program));
  fs.writeFileSync(path.join(app, 'package.json'), '{"name": "app", "private": true}');
  execFileSync('tar', ['xzf', published.tarball, '--strip-components=1', '-C', installed]);
  const {dependencies} = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8')) as {dependencies: object};
  for (const name of Object.keys(dependencies)) {
    const link = path.join(app, 'node_modules', name);
    fs.mkdirSync(path.dirname(link), {recursive: true});
    fs.symlinkSync(path.join(ROOT, 'node_modules', name), link);
  }
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

/** What a user has a use for: the library, its binaries and how to build them, pages and examples. */
const WANTED = [
  /^dist\/.+\.(js|d\.ts)$/,
  /^prebuilds\/(linux|darwin|win32)-(x64|arm64)\/dinf-grid(\.glibc|\.musl)?\.node$/,
  /^docs\/[\w/-]+\.(md|png|svg)$/,
  /^docs\/demo\/[\w-]+\.(html|css|mjs)$/,
  /^page\/[\w-]+\.(html|css|mjs|svg)$/,
  /^benchmarks\/peers\/(common|poisson_grid|siren)\.py$/,
  /^examples\/[\w/-]+\.(mjs|md)$/,
  /^(native|cuda|cmake)\/[\w./-]+\.(cpp|h|cu|cmake|map)$/,
  /^scripts\/build-native\.js$/,
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CMakeLists\.txt|THIRD-PARTY-NOTICES\.md|sbom\.cdx\.json)$/,
];

/** What is there only where Emscripten was. */
const MAYBE = /^dist\/wasm\/(dinf-grid\.wasm|browser\.mjs|(node|addon)\.cjs|LICENSES\.txt)$/;

describe('the package', () => {
  it('holds what a user needs, and nothing else', () => {
    expect(published.files.filter((file) => ![...WANTED, MAYBE].some((pattern) => pattern.test(file)))).toEqual([]);
    expect(published.files.filter((file) => /(^|\/)(test|tests|build|gyp)\//.test(file))).toEqual([]);
    for (const pattern of WANTED) expect(published.files.filter((file) => pattern.test(file))).not.toEqual([]);
    expect(published.bytes).toBeLessThan(20e6);
  });

  it('runs nothing when it is installed', () => {
    const text = execFileSync('tar', ['xzOf', published.tarball, 'package/package.json'], {encoding: 'utf8'});
    const manifest = JSON.parse(text) as Record<string, unknown>;
    // npm takes a binding.gyp for an install script.
    expect(published.files).not.toContain('binding.gyp');
    expect(manifest).not.toHaveProperty('scripts');
    expect(manifest).not.toHaveProperty('devDependencies');
  });

  it('has only links that lead somewhere', () => {
    const pages = published.files.filter((file) => file.endsWith('.md') && !file.startsWith('THIRD'));
    const broken = pages.flatMap((page) => {
      const text = fs.readFileSync(path.join(ROOT, page), 'utf8').replace(/```[\s\S]*?```/g, '');
      return [...text.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
        .map(([, target]) => target)
        .filter((target) => !/^[a-z]+:/.test(target))
        .map((target) => path.posix.normalize(path.posix.join(path.posix.dirname(page), target)))
        .filter((target) => !published.files.some((file) => file === target || file.startsWith(`${target.replace(/\/$/, '')}/`)))
        .map((target) => `${page}: ${target}`);
    });
    expect(broken).toEqual([]);
  });

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
    const main = path.join('node_modules', 'dinf-grid', 'dist', 'cli', 'main.js');
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

  it('says in one paragraph what a build from source lacks', () => {
    const {status, output} = run('node', path.join('node_modules', 'dinf-grid', 'dist', 'cli', 'main.js'), 'build');
    expect(status).toBe(1);
    expect(output).toMatch(
      /^dinf-grid: building from source needs CMake 3\.22 or newer, which is not on PATH; a C\+\+20 compiler .*; make or ninja\./,
    );
    expect(output.trim().split('\n')).toHaveLength(1);
  });

  it('says how to build where it holds no binary for the machine', () => {
    fs.rmSync(path.join(installed, 'prebuilds'), {recursive: true});
    fs.rmSync(path.join(installed, 'dist', 'wasm'), {recursive: true, force: true}); // which would do instead
    const {status, output} = run('node', path.join('node_modules', 'dinf-grid', 'dist', 'cli', 'main.js'), 'info');
    expect(status).toBe(1);
    expect(output).toMatch(/^dinf-grid: no native binary .* loads on .*'npx dinf-grid build' compiles one here, with CMake/);
  });
});
