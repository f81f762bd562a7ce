// The API report of each entry point: `npm run api` fails where it differs from what is committed, `npm run api -- --local` writes it anew.
import {createRequire} from 'node:module';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {Extractor, ExtractorConfig, ExtractorLogLevel} from '@microsoft/api-extractor';

const root = path.join(import.meta.dirname, '..');
const {exports: entries} = createRequire(import.meta.url)('../package.json');
const local = process.argv.includes('--local');

let changed = false;
for (const [entry, target] of Object.entries(entries)) {
  if (target.types === undefined) continue;
  const name = entry === '.' ? 'dinf-grid' : `dinf-grid-${entry.slice(2)}`;
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: path.join(root, target.types),
      compiler: {
        overrideTsconfig: {
          extends: path.join(root, 'tsconfig.json'),
          include: [path.join(root, target.types)],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: path.join(root, 'docs', 'api'),
        reportTempFolder: path.join(root, 'build', 'api'),
        reportFileName: name,
        includeForgottenExports: true,
      },
      docModel: {enabled: false},
      dtsRollup: {enabled: false},
      tsdocMetadata: {enabled: false},
      messages: {
        compilerMessageReporting: {default: {logLevel: ExtractorLogLevel.Error}},
        extractorMessageReporting: {
          default: {logLevel: ExtractorLogLevel.Error},
          // Nothing is tagged: all that is exported is public, and what only its types mention is listed as well.
          'ae-missing-release-tag': {logLevel: ExtractorLogLevel.None},
          'ae-forgotten-export': {logLevel: ExtractorLogLevel.None},
          // Of an entry alone; TypeDoc checks links over all entries.
          'ae-unresolved-link': {logLevel: ExtractorLogLevel.None},
          'ae-undocumented': {logLevel: ExtractorLogLevel.None},
        },
        tsdocMessageReporting: {default: {logLevel: ExtractorLogLevel.None}},
      },
    },
  });
  fs.mkdirSync(path.join(root, 'docs', 'api'), {recursive: true});
  const result = Extractor.invoke(config, {
    localBuild: local,
    messageCallback(message) {
      if (message.logLevel === ExtractorLogLevel.Verbose || message.logLevel === ExtractorLogLevel.Info) message.handled = true;
    },
  });
  changed ||= !result.succeeded;
}
if (changed) {
  console.error('The public API is not what docs/api says: see diff docs/api build/api, then run npm run api -- --local');
  process.exitCode = 1;
}
