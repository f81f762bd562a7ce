import {readFileSync} from 'node:fs';
import * as path from 'node:path';
import {VERSION} from '../../lib/base/version';

it('is that of the package', () => {
  const {version} = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as {version: string};
  expect(VERSION).toBe(version);
});
