/** The code blocks of the reference pages. */
import {readdirSync} from 'node:fs';
import * as path from 'node:path';
import {ROOT} from '../support/markdown';
import {testPages} from '../support/page-tests';

testPages(
  readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md') && name !== 'start.md')
    .map((name) => `docs/${name}`),
);
