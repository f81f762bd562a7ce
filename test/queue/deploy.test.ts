/** The manifests: that they are YAML, and name commands and options that there are. */
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {parse, parseAllDocuments} from 'yaml';

const root = path.join(__dirname, '..', '..');
const read = (name: string): string => fs.readFileSync(path.join(root, 'deploy', name), 'utf8');

interface Container {
  name: string;
  args?: string[];
}
interface Manifest {
  kind: string;
  metadata: {name: string};
  spec?: {template?: {spec: {containers: Container[]}}};
}

/** Options of `worker` that its help does not list. */
function unknownOptions(words: readonly string[]): string[] {
  const {stdout} = spawnSync(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'worker', '--help'], {
    encoding: 'utf8',
  });
  return words.filter((word) => word.startsWith('--') && !stdout.includes(`${word} `));
}

it('compose.yaml starts Redis, workers and the service', () => {
  const {services} = parse(read('compose.yaml')) as {services: Record<string, {command: string[]}>};
  expect(Object.keys(services).sort()).toEqual(['permissions', 'redis', 'serve', 'worker']);
  expect(services.worker.command[0]).toBe('worker');
  expect(unknownOptions(services.worker.command.filter((word) => word !== '--json'))).toEqual([]);
});

it('kubernetes.yaml has the same parts', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'));
  expect(documents.flatMap(({errors}) => errors)).toEqual([]);
  const manifests = documents.map((one) => one.toJS() as Manifest);
  expect(manifests.map(({kind, metadata}) => `${kind} ${metadata.name}`)).toEqual([
    'Secret dinf-grid-s3',
    'Service dinf-grid-redis',
    'StatefulSet dinf-grid-redis',
    'Deployment dinf-grid-worker',
    'Service dinf-grid',
    'Deployment dinf-grid-serve',
  ]);
  const containers = manifests.flatMap(({spec}) => spec?.template?.spec.containers ?? []);
  const worker = containers.find(({name}) => name === 'worker');
  expect(worker?.args?.[0]).toBe('worker');
  expect(unknownOptions((worker?.args ?? []).filter((word) => word !== '--json'))).toEqual([]);
});

it('all of them say that they are not tested', () => {
  for (const name of ['Dockerfile', 'compose.yaml', 'kubernetes.yaml']) expect(read(name)).toMatch(/^# Not tested:/m);
});
