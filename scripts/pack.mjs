// Packs what is published: node scripts/pack.mjs [--out FOLDER] [--binary FILE] prints one JSON object with the tarball, its bytes and its
// files. Binaries are those of prebuilds/ (scripts/prebuilds.mjs builds them); with --binary that one alone, as this machine's, so that
// tests are of what was changed last.
import {execFileSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {HEADERS, notices} from './notices.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const {values} = parseArgs({options: {out: {type: 'string', default: root}, binary: {type: 'string'}}});

/** A copy of all that npm would pack, so that nothing is left behind in the checkout. */
function stage(folder) {
  const listed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {cwd: root, encoding: 'utf8'}),
  );
  for (const {path: file} of listed[0].files) cpSync(path.join(root, file), path.join(folder, file));
  if (values.binary !== undefined) {
    const prebuilds = path.join(folder, 'prebuilds');
    rmSync(prebuilds, {recursive: true, force: true});
    const own = path.join(prebuilds, `${process.platform}-${process.arch}`);
    mkdirSync(own, {recursive: true});
    cpSync(values.binary, path.join(own, process.platform === 'linux' ? 'dinf-grid.glibc.node' : 'dinf-grid.node'));
  }
  // What is only of use in a checkout. npm warns of a `prepare` script in a package that is installed from a file.
  const ours = new Set(['scripts', 'devDependencies', 'overrides', 'gypfile', 'files']);
  const manifest = Object.entries(JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')));
  const theirs = Object.fromEntries(manifest.filter(([key]) => !ours.has(key)));
  // An entry point that was not built, WebAssembly without Emscripten, is none.
  const built = (entry) =>
    Object.values(typeof entry === 'string' ? [entry] : entry).every((file) => existsSync(path.join(folder, file)));
  theirs.exports = Object.fromEntries(Object.entries(theirs.exports).filter(([, entry]) => built(entry)));
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(theirs, null, 2)}\n`);
  // Headers that `dinf-grid build` compiles against: packages of our own development, which nobody else has to install for them.
  for (const {folder: headers, files} of HEADERS)
    for (const file of files) cpSync(path.join(headers, file), path.join(folder, 'native', 'node-api', file));
  writeFileSync(path.join(folder, 'THIRD-PARTY-NOTICES.md'), notices());
  const sbom = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
  });
  writeFileSync(path.join(folder, 'sbom.cdx.json'), sbom);
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'dinf-pack-'));
try {
  stage(folder);
  mkdirSync(values.out, {recursive: true});
  const args = ['pack', folder, '--ignore-scripts', '--json', '--pack-destination', path.resolve(values.out)];
  const [{filename, files}] = JSON.parse(execFileSync('npm', args, {cwd: root, encoding: 'utf8'}));
  const tarball = path.join(path.resolve(values.out), filename);
  const {version} = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const names = files.map(({path: file}) => file).sort();
  console.log(
    JSON.stringify({
      version,
      tarball,
      bytes: statSync(tarball).size,
      unpacked: files.reduce((sum, {size}) => sum + size, 0),
      files: names,
    }),
  );
} finally {
  rmSync(folder, {recursive: true, force: true});
}
