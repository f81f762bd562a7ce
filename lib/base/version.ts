import {readFileSync} from 'node:fs';
import * as path from 'node:path';

const manifest = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as {version: string};

/** The package's version, from its manifest. */
export const VERSION = manifest.version;
