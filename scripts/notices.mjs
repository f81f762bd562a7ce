// What stands in the published package beside our own licence: the terms of what is linked into its binaries, and those of the packages
// that are installed with it. node scripts/notices.mjs prints it; scripts/pack.mjs puts it into the tarball.
import {execFileSync} from 'node:child_process';
import {readFileSync, readdirSync} from 'node:fs';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Headers of Node-API, which the published package brings along. */
export const HEADERS = ['node-addon-api', 'node-api-headers'].map((name) => {
  const home = path.join(root, 'node_modules', name);
  const folder = name === 'node-addon-api' ? home : path.join(home, 'include');
  return {home, folder, files: readdirSync(folder).filter((file) => file.endsWith('.h'))};
});

const LINKED = `## In the binaries

- libstdc++ and libgcc, of GCC: GPL 3 with the GCC Runtime Library Exception, which lets programs compiled with GCC be distributed under terms of
  their own.
- Where a binary holds the CUDA backend: the static CUDA runtime (cudart), which NVIDIA's CUDA Toolkit End User License Agreement, attachment A,
  allows to be distributed with programs.
`;

/** The licence of a package, as it states it. */
function licenceOf(folder) {
  const {name, version, license = 'see its text', homepage} = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  const text =
    texts.length > 0
      ? texts.map((each) => ['```text', each, '```'].join('\n')).join('\n\n')
      : 'Its package states no more than that.';
  return `### ${name} ${version}\n\n${license}${homepage ? `, ${homepage}` : ''}\n\n${text}\n`;
}

export function notices() {
  const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {cwd: root, encoding: 'utf8'});
  const folders = listed
    .trim()
    .split('\n')
    .filter((folder) => folder !== root);
  return `# Third-party notices\n\n${LINKED}\n## Headers in native/node-api\n\n${HEADERS.map(({home}) => licenceOf(home)).join('\n')}\n## Installed beside it\n\n${folders.map(licenceOf).join('\n')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(notices());
