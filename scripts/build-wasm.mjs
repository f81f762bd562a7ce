// Builds dist/wasm: the addon as a WebAssembly module, and the scripts that load it in Node and in browsers. Needs Emscripten (Debian's
// `emscripten`; 3.1.6 or newer) and the development packages esbuild, @emnapi/core and @emnapi/runtime. `--scripts` builds the scripts alone, `--jobs N` compiles
// with that many processes, `--demo` copies what docs/demo needs to beside its page.
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {gzipSync} from 'node:zlib';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const out = path.join(root, 'dist', 'wasm');
const build = path.join(root, 'build', 'wasm');
const {values: given} = parseArgs({
  options: {
    scripts: {type: 'boolean', default: false},
    demo: {type: 'boolean', default: false},
    jobs: {type: 'string', default: String(os.availableParallelism())},
  },
});

function run(command, ...args) {
  const {status, error} = spawnSync(command, args, {cwd: root, stdio: 'inherit'});
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
    console.error(
      `dinf-grid: '${command}' was not found: the WebAssembly build needs Emscripten (Debian: apt install emscripten) and CMake.`,
    );
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

function buildModule() {
  run('emcmake', 'cmake', '-S', root, '-B', build, '-DCMAKE_BUILD_TYPE=Release');
  run('cmake', '--build', build, '--target', 'dinf_grid', '--parallel', given.jobs);
  fs.copyFileSync(path.join(build, 'dinf-grid.wasm'), path.join(out, 'dinf-grid.wasm'));
}

/**
 * What stands in for what browsers do not have.
 *
 * @type {import('esbuild').Plugin}
 */
const forBrowsers = {
  name: 'for browsers',
  setup(bundler) {
    const shim = (name) => ({path: path.join(root, 'wasm', 'shims', name)});
    bundler.onResolve({filter: /^node:/}, () => shim('node.mjs'));
    bundler.onResolve({filter: /^(node-gyp-build|pngjs|cli-progress)$/}, () => shim('packages.mjs'));
    bundler.onResolve({filter: /\/font-file$/}, () => shim('font-file.mjs'));
    bundler.onResolve({filter: /\/base\/version$|^\.\/version$/}, () => ({path: 'version', namespace: 'package'}));
    bundler.onLoad({filter: /\.woff$/}, ({path: file}) => ({contents: subset(file), loader: 'binary'}));
    bundler.onLoad({filter: /.*/, namespace: 'package'}, () => ({
      contents: `export const VERSION = ${JSON.stringify(manifest.version)};`,
    }));
  },
};

/** Characters that pictures may show: Latin, Greek, signs of mathematics. The whole font is half as large as all the rest. */
const SHOWN = [
  [0x20, 0x17f],
  [0x370, 0x3ff],
  [0x2010, 0x2030],
  [0x2070, 0x209f],
  [0x2190, 0x2193],
  [0x2200, 0x22ff],
];

/** A font of these characters alone. */
function subset(file) {
  const {Font, parse} = require('opentype.js');
  const {buffer, byteOffset, byteLength} = fs.readFileSync(file);
  const font = parse(buffer.slice(byteOffset, byteOffset + byteLength));
  const codes = SHOWN.flatMap(([first, last]) => Array.from({length: last - first + 1}, (_, i) => first + i));
  const glyphs = codes.filter((code) => font.charToGlyphIndex(String.fromCodePoint(code)) > 0);
  const {unitsPerEm, ascender, descender} = font;
  const [familyName, styleName] = [font.getEnglishName('fontFamily'), font.getEnglishName('fontSubfamily')];
  const chosen = [0, ...glyphs.map((code) => font.charToGlyphIndex(String.fromCodePoint(code)))].map((i) => font.glyphs.get(i));
  return new Uint8Array(new Font({familyName, styleName, unitsPerEm, ascender, descender, glyphs: chosen}).toArrayBuffer());
}

const require = createRequire(import.meta.url);
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

async function buildScripts() {
  const {build: bundle} = require('esbuild');
  /** @type {import('esbuild').BuildOptions & {metafile: true}} */
  const shared = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    keepNames: true, // of classes, which messages show
    target: 'es2022',
    legalComments: 'none', // in LICENSES.txt, whole
    logLevel: 'warning',
    metafile: true,
    nodePaths: (process.env.NODE_PATH ?? '').split(path.delimiter).filter((folder) => folder !== ''),
  };
  /** @type {import('esbuild').BuildOptions & {metafile: true}} */
  const forNode = {...shared, platform: 'node', format: 'cjs', external: Object.keys(manifest.dependencies)};
  const results = [
    await bundle({...forNode, entryPoints: ['wasm/addon.js'], outfile: 'dist/wasm/addon.cjs'}),
    await bundle({...forNode, entryPoints: ['wasm/node.mts'], outfile: 'dist/wasm/node.cjs'}),
    await bundle({
      ...shared,
      platform: 'browser',
      format: 'esm',
      entryPoints: ['wasm/browser.mts'],
      outfile: 'dist/wasm/browser.mjs',
      inject: ['wasm/shims/globals.mjs'],
      plugins: [forBrowsers],
    }),
  ];
  writeLicenses(results.flatMap(({metafile}) => Object.keys(metafile.inputs)));
}

/** The licences of the packages that are bundled, and of what Emscripten links in. */
function writeLicenses(inputs) {
  const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const {name, version, license} = JSON.parse(fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
    const file = fs.readdirSync(path.join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? '' : fs.readFileSync(path.join(root, folder, file), 'utf8').trim();
    return `${name} ${version}, ${license}\n\n${text}\n`;
  });
  const linked =
    'dinf-grid.wasm holds libraries of Emscripten: libc++, libc++abi, libunwind and compiler-rt (Apache-2.0 with LLVM exceptions), musl (MIT), dlmalloc (public domain).\n';
  fs.writeFileSync(path.join(out, 'LICENSES.txt'), [linked, ...texts].join(`\n${'-'.repeat(80)}\n\n`));
}

function report() {
  const names = ['dinf-grid.wasm', 'browser.mjs', 'node.cjs', 'addon.cjs'];
  for (const name of names.filter((one) => fs.existsSync(path.join(out, one)))) {
    const bytes = fs.readFileSync(path.join(out, name));
    console.log(`${name.padEnd(16)}${String(bytes.length).padStart(9)} bytes, gzipped ${gzipSync(bytes, {level: 9}).length}`);
  }
}

fs.mkdirSync(out, {recursive: true});
if (!given.scripts) buildModule();
await buildScripts();
if (given.demo) {
  const beside = path.join(root, 'docs', 'demo', 'dinf-grid');
  fs.mkdirSync(beside, {recursive: true});
  for (const name of ['browser.mjs', 'dinf-grid.wasm', 'LICENSES.txt'])
    fs.copyFileSync(path.join(out, name), path.join(beside, name));
}
report();
