/** The code blocks of what newcomers read. */
import {readdirSync} from 'node:fs';
import * as path from 'node:path';
import {ROOT} from '../support/markdown';
import {testPages} from '../support/page-tests';

testPages(['README.md', 'docs/start.md', ...readdirSync(path.join(ROOT, 'docs', 'guides')).map((name) => `docs/guides/${name}`)]);
