/** Every code block of the README and of docs/ does what it should, from the built package; CONTRIBUTING.md says what comments before it may say. */
import {readdirSync} from 'node:fs';
import * as path from 'node:path';
import {encodePng} from '../../lib/files/image';
import {encodePly} from '../../lib/files/ply';
import {renderScene} from '../../lib/imaging/scene/scene';
import {imagePicture} from '../../lib/pictures/pictures';
import {SHAPES} from '../../lib/problems/sdf-shapes';
import type {Runnable} from '../support/code-blocks';
import {filesOf, runnablesOf, Workplace} from '../support/code-blocks';
import {readPage, ROOT} from '../support/markdown';
import {temporaryFolder} from '../support/temporary-folder';

const PAGES = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.md') && !name.startsWith(`api${path.sep}`)) // reports that a program writes
    .sort()
    .map((name) => path.posix.join('docs', ...name.split(path.sep))),
].map(readPage);

const place = new Workplace(temporaryFolder('folder'));
const runnables = PAGES.flatMap(runnablesOf);

/** Files of the reader's own that pages speak of. */
function fixtures(): Record<string, Uint8Array | string> {
  const image = renderScene(48);
  const cloud = SHAPES.torus.cloud(2000, 1);
  return {
    'photo.png': encodePng(imagePicture(image.data, image)),
    'scan.ply': encodePly({...cloud, triangles: new Uint32Array()}),
    'probes.csv': 't,x\n0.1,0.25\n0.3,-0.5\n',
  };
}

beforeAll(() => {
  for (const page of PAGES) place.pageFolder(page.name, {...fixtures(), ...filesOf(page)});
});

it('is compiled where it is TypeScript', () => {
  expect(place.typeErrors(runnables)).toEqual([]);
}, 120_000);

// One after another, in the order of the page: what a command writes, those after it may read.
describe.each(PAGES.filter(({name}) => runnables.some(({page}) => page === name)).map(({name}) => name))('%s', (name) => {
  const own = runnables
    .filter(({page}) => page === name)
    .map((one): [string, Runnable] => [`line ${one.line}, ${one.language}`, one]);
  test.each(own)('%s', (_, runnable) => place.run(runnable), 120_000);
});

describe('a block that is broken', () => {
  const fence = '```';
  const broken = (language: string, code: string, ...comments: string[]): Runnable[] =>
    runnablesOf({name: 'broken.md', text: [...comments, `${fence}${language}`, code, fence].join('\n')});

  it.each([
    ['throws', 'js', "throw new Error('so it is');", /^broken\.md:2: [^]*so it is/],
    ['imports what is not there', 'js', "import {nothing} from 'dinf-grid';\nnothing();", /^broken\.md:2: [^]*nothing/],
    [
      'asks for what the command line does not know',
      'sh',
      'dinf-grid solve nothing',
      /^broken\.md:2: exit code 2, and not 0[^]*nothing/,
    ],
    ['is another command', 'sh', 'rm -r out', /^broken\.md:2: only dinf-grid and node/],
  ])('%s', async (_, language, code, message) => {
    await expect(place.run(broken(language, code)[0])).rejects.toThrow(message);
  });

  it('has a wrong type', () => {
    const errors = place.typeErrors(
      broken('ts', "import {bspline} from 'dinf-grid';\nexport const degree: string = bspline(5);"),
    );
    expect(errors).toEqual([expect.stringMatching(/^broken\.md:3: Type 'Kernel' is not assignable/)]);
  });

  it.each([
    ['has a comment that means nothing', ['<!-- skipped: no -->'], /broken\.md:2: there is no 'skipped'/],
    ['is skipped without a reason', ['<!-- skip -->'], /broken\.md:2: 'skip' says nothing/],
    ['continues nothing', ['<!-- continues -->'], /broken\.md:3: there is no module/],
  ])('%s', (_, comments, message) => {
    expect(() => broken('js', 'null;', ...comments)).toThrow(message);
  });

  it('has no language', () => {
    expect(() => broken('', 'dinf-grid list')).toThrow(/broken\.md:2: nobody knows/);
  });
});
