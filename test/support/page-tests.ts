/** The tests of the code blocks of pages. Files of them run side by side. */
import {encodePng} from '../../lib/files/image';
import {encodePly} from '../../lib/files/ply';
import {renderScene} from '../../lib/imaging/scene/scene';
import {imagePicture} from '../../lib/pictures/pictures';
import {SHAPES} from '../../lib/problems/sdf-shapes';
import type {Runnable} from './code-blocks';
import {filesOf, runnablesOf, ReaderFolder} from './code-blocks';
import {readPage} from './markdown';
import {temporaryFolder} from './temporary-folder';

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

/** Every block of these pages does what it should, from the built package; CONTRIBUTING.md says what comments before it may say. */
export function testPages(names: readonly string[]): void {
  const pages = names.map(readPage);
  const place = new ReaderFolder(temporaryFolder('folder'));
  const runnables = pages.flatMap(runnablesOf);

  beforeAll(() => {
    for (const page of pages) place.pageFolder(page.name, {...fixtures(), ...filesOf(page)});
  });

  it('is compiled where it is TypeScript', () => {
    expect(place.typeErrors(runnables)).toEqual([]);
  }, 120_000);

  // One after another, in the order of the page: what a command writes, those after it may read.
  describe.each(names.filter((name) => runnables.some(({page}) => page === name)))('%s', (name) => {
    const own = runnables
      .filter(({page}) => page === name)
      .map((one): [string, Runnable] => [`line ${one.line}, ${one.language}`, one]);
    test.each(own)('%s', (_, runnable) => place.run(runnable), 120_000);
  });
}
