/** What a file may decide, and what only its reader may: places to write to, and what is waited for. */
import {execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import {readProblemFile} from '../../lib/equation/problem-file';
import {temporaryFolder} from '../support/temporary-folder';
import type {Outcome} from './support';
import {cli as run} from './support';

const folder = temporaryFolder();
const here = path.join(folder, 'here');
const PROBLEM = {equation: 'u_xx = 1', domain: 'x=0..1', where: 'x=0|x=1: u=0', resolution: 4};

beforeEach(() => {
  mkdirSync(here);
});

const cli = (...args: string[]): Promise<Outcome> => run(here, args);
const file = (name: string, out: string): string => {
  writeFileSync(path.join(here, name), JSON.stringify({...PROBLEM, out}));
  return name;
};

describe("a problem file's folder for outputs", () => {
  it('is taken in the working folder', async () => {
    const {code} = await cli('solve', file('a.json', 'results/one'), '--quiet');
    expect(code).toBe(0);
    expect(existsSync(path.join(here, 'results', 'one', 'field.safetensors'))).toBe(true);
  });

  it.each(['..', '../there', 'results/../../there', '/tmp/dinf-there', 'link', 'link/deeper'])(
    'is refused outside of it: %s',
    async (out) => {
      mkdirSync(path.join(folder, 'elsewhere'));
      symlinkSync(path.join(folder, 'elsewhere'), path.join(here, 'link'));
      const {code, stderr} = await cli('solve', file('a.json', out), '--quiet');
      expect(code).toBe(2);
      expect(stderr).toContain(`a.json: 'out' is ${out}, outside of the working folder`);
      expect(stderr).toContain(`give --out ${out}`);
      for (const place of ['there', 'elsewhere/field.safetensors', 'elsewhere/deeper']) {
        expect(existsSync(path.join(folder, place))).toBe(false);
      }
    },
  );

  it('may be anywhere when the command line says so', async () => {
    const {code} = await cli('solve', file('a.json', '/proc/none'), '--out', '../there', '--quiet');
    expect(code).toBe(0);
    expect(existsSync(path.join(folder, 'there', 'field.safetensors'))).toBe(true);
  });

  it('is refused by readProblemFile, too', async () => {
    file('a.json', path.join(folder, 'there'));
    await expect(readProblemFile(path.join(here, 'a.json'))).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
  });
});

it('links laid in the folder for outputs do not lead what is written out of it', async () => {
  const precious = path.join(folder, 'precious');
  writeFileSync(precious, 'as it was');
  mkdirSync(path.join(here, 'results'));
  for (const name of ['report.html', 'field.safetensors']) symlinkSync(precious, path.join(here, 'results', name));
  const {code} = await cli('solve', file('a.json', 'results'), '--quiet');
  expect(code).toBe(0);
  expect(readFileSync(precious, 'utf8')).toBe('as it was');
  expect(readFileSync(path.join(here, 'results', 'report.html'), 'utf8')).toContain('<html');
});

describe('places that cannot be written to are found before the work', () => {
  (process.platform === 'linux' ? it : it.skip)('a folder in /proc, from which Node never comes back', async () => {
    const {code, stderr} = await cli('solve', 'heat', '--out', '/proc/dinf-grid/deeper', '--quiet');
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot write to the folder \/proc\/dinf-grid\/deeper.*choose another --out/);
  });

  it('a folder where the field should be', async () => {
    mkdirSync(path.join(here, 'results', 'field.safetensors'), {recursive: true});
    const {code, stderr} = await cli('solve', 'heat', '--out', 'results');
    expect(code).toBe(1);
    expect(stderr).toMatch(/field\.safetensors.* is a folder/);
    expect(stderr).not.toContain('heat in a rod');
  });

  it('the table of an evaluation, before the field is even looked for', async () => {
    const {code, stderr} = await cli('evaluate', 'none.safetensors', '--grid', 'x:3', '--out', 'none/a.csv');
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot write none/a.csv: its folder none does not exist');
  });
});

describe('what is read', () => {
  it('is no pipe that nobody writes into', async () => {
    for (const name of ['p.json', 'p.xyz', 'p.csv']) execFileSync('mkfifo', [path.join(here, name)]);
    for (const args of [['./p.json'], ['sdf', '--points', 'p.xyz'], ['fit', '--image', 'p.csv']]) {
      const {code, stderr} = await cli('solve', ...args);
      expect(code).toBe(1);
      expect(stderr).toContain('it is a pipe');
    }
  });

  it('may be piped into standard input, up to the limit of a file', async () => {
    const piped = (text: string): Promise<{code: number | null; stderr: string}> =>
      new Promise((resolve) => {
        const main = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
        const child = spawn(process.execPath, [main, 'solve', '/dev/stdin', '--out', 'results', '--quiet'], {cwd: here});
        let stderr = '';
        child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
        child.stdin.on('error', () => undefined); // it may be closed before all is written
        child.on('close', (code) => resolve({code, stderr}));
        child.stdin.end(text);
      });
    expect(await piped(JSON.stringify(PROBLEM))).toEqual({code: 0, stderr: ''});
    const long = await piped(`${' '.repeat(2_000_000)}${JSON.stringify(PROBLEM)}`);
    expect(long.code).toBe(1);
    expect(long.stderr).toContain('it has more than 1 MiB, and a problem file (JSON) may have 1 MiB');
  });
});
