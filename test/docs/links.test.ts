/** Links between the pages of the repository lead somewhere, their anchors too. */
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import * as path from 'node:path';
import type {Page} from '../support/markdown';
import {anchorsOf, proseOf, readPage, ROOT} from '../support/markdown';

const below = (folder: string, matches: RegExp): string[] =>
  readdirSync(path.join(ROOT, folder), {recursive: true, encoding: 'utf8'})
    .map((name) => path.posix.join(folder, ...name.split(path.sep)))
    .filter((name) => matches.test(name));

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...below('docs', /\.md$/).filter((name) => !name.startsWith('docs/api/')),
  ...below('examples', /\.md$/),
  ...below('benchmarks', /\.md$/),
];

/** What is wrong with the links of a page. */
function broken(page: Page): string[] {
  return proseOf(page).flatMap((line, i) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [to, anchor] = target.split('#') as [string, string?];
      const file = to === '' ? page.name : path.posix.join(path.posix.dirname(page.name), to);
      const where = `${page.name}:${i + 1}: ${target}`;
      if (file.startsWith('..') || !existsSync(path.join(ROOT, file))) return [`${where} is not there`];
      if (anchor === undefined) return [];
      return anchorsOf(to === '' ? page : readPage(file)).has(anchor) ? [] : [`${where} has no such heading`];
    }),
  );
}

it.each(PAGES)('%s', (name) => {
  expect(broken(readPage(name))).toEqual([]);
});

it('finds what leads nowhere', () => {
  const text = '# A\n\n[here](#a) `[not](a.link)` [gone](gone.md)\n[no](docs/design.md#nothing) [yes](docs/design.md#jets)\n';
  expect(broken({name: 'README.md', text})).toEqual([
    'README.md:3: gone.md is not there',
    'README.md:4: docs/design.md#nothing has no such heading',
  ]);
});

it('is so in messages and comments of the sources', () => {
  const sources = ['lib', 'native', 'cuda', 'scripts'].flatMap((folder) => below(folder, /\.(ts|js|mjs|h|cpp|cu|cuh)$/));
  const missing = sources
    .filter((name) => statSync(path.join(ROOT, name)).isFile())
    .flatMap((name) =>
      [...readFileSync(path.join(ROOT, name), 'utf8').matchAll(/(?<![\w./])docs\/[\w/.-]+\.\w+/g)]
        .filter(([target]) => !existsSync(path.join(ROOT, target)))
        .map(([target]) => `${name}: ${target}`),
    );
  expect(missing).toEqual([]);
});
