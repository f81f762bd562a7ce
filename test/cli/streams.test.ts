/** What a command does when its reader leaves, its disk is full, or a signal ends it: as other tools of a Unix system. */
import {execFile, spawn} from 'node:child_process';
import {existsSync, readdirSync, statSync} from 'node:fs';
import * as path from 'node:path';
import {loadSolution} from '../../lib';
import {temporaryFolder} from '../support/temporary-folder';
import {cli} from './support';

const DIST = path.join(__dirname, '..', '..', 'dist');
const folder = temporaryFolder();
const out = path.join(folder, 'out');

/** A line of a shell that is told the command line as $CLI. */
function shell(line: string): Promise<{code: number; stdout: string}> {
  return new Promise((resolve) => {
    const env = {...process.env, CLI: `${process.execPath} ${path.join(DIST, 'cli', 'main.js')}`};
    const child = execFile('bash', ['-c', `set -o pipefail; ${line}`], {cwd: folder, env}, (_, stdout) => {
      resolve({code: child.exitCode ?? -1, stdout});
    });
  });
}

const SOLVE = 'solve heat --resolution 16 --iterations 50 --threads 1 --out out';
const complete = (): boolean =>
  ['field.safetensors', 'solution.npy', 'report.html'].every((name) => existsSync(path.join(out, name)));

describe('a reader that leaves', () => {
  it.each([
    ['after the first line', '| head -1'],
    ['after the first line of all', '2>&1 | head -1'],
    ['at once', '2>&1 | true'],
    ['of JSON', '--json | true'],
  ])('%s loses nothing', async (_, reader) => {
    const {code} = await shell(`$CLI ${SOLVE} ${reader}`);
    expect({code, complete: complete()}).toEqual({code: 0, complete: true});
  });

  it('has closed the streams before', async () => {
    expect((await shell(`$CLI ${SOLVE} >&- 2>&-`)).code).toBe(0);
    expect(complete()).toBe(true);
  });

  it('is no disk that is full, which is said', async () => {
    if (!existsSync('/dev/full')) return;
    const {code, stdout} = await shell(`$CLI ${SOLVE} --quiet 2>&1 >/dev/full`);
    expect({code, complete: complete()}).toEqual({code: 1, complete: true});
    expect(stdout).toMatch(/dinf-grid: cannot write to stdout.*ENOSPC/);
  });

  it.each([
    ['evaluate out/field.safetensors --grid x:50,t:50', 8],
    ['solve --help', 1],
  ])('is no file that takes a part of what is written to it, which is said: %s', async (command, kibibytes) => {
    await shell(`$CLI ${SOLVE} --quiet`);
    const whole = (await shell(`$CLI ${command} | wc -c`)).stdout;
    expect(Number(whole)).toBeGreaterThan(1024 * kibibytes);
    const {code, stdout} = await shell(`(ulimit -f ${kibibytes}; $CLI ${command} 2>&1 >file)`);
    expect({code, size: statSync(path.join(folder, 'file')).size}).toEqual({code: 1, size: 1024 * kibibytes});
    expect(stdout).toMatch(/dinf-grid: cannot write to stdout.*EFBIG/i);
  });

  it('is no file that others write to as well', async () => {
    const {stdout} = await shell(
      '(echo before; $CLI list; echo after) >file; cat file; (echo more; $CLI --version) >>file; cat file',
    );
    expect(stdout).toMatch(/^before\npoisson[^]*\nzalesak.*\nafter\nbefore\n[^]*after\nmore\n\d+\.\d+\.\d+\n$/);
  });

  it('of a list ends it', async () => {
    expect((await shell('$CLI list | true')).code).toBe(0);
  });
});

describe('a signal', () => {
  const long = [
    'solve',
    'heat',
    '--resolution',
    '64',
    '--optimizer',
    'adam',
    '--iterations',
    '10000000',
    '--threads',
    '1',
    '--out',
    'out',
    '--json',
  ];

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s keeps the best, and the code is %i', async (signal, code) => {
    const outcome = await cli(folder, long, (kill, {stderr}) => {
      if (stderr.includes('left')) kill(signal);
    });
    expect(outcome.code).toBe(code);
    expect(JSON.parse(outcome.stdout)).toMatchObject({stopReason: 'aborted'});
    expect(complete()).toBe(true);
    using solution = await loadSolution(path.join(out, 'field.safetensors'));
    expect(Number.isFinite(solution.loss)).toBe(true);
  });

  it('that comes twice ends the command at once, with its own code', async () => {
    const child = spawn(process.execPath, [path.join(DIST, 'cli', 'main.js'), ...long], {cwd: folder});
    const code = new Promise<number | null>((resolve) => child.on('exit', resolve));
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.once('data', () => {
      child.stderr.once('data', () => {
        child.kill('SIGINT');
        child.kill('SIGTERM');
        // Signals of one kind that come together are one: these are two, and a third does no harm.
        setTimeout(() => child.kill('SIGTERM'), 50);
      });
    });
    // Of two that are pending, the system may deliver either one first.
    expect([130, 143]).toContain(await code);
    // What it would have said of its best.
    expect(said).toBe('');
    const left = existsSync(out) ? readdirSync(out).filter((name) => name.endsWith('.tmp')) : [];
    expect(left).toEqual([]);
  });

  it('leaves no temporary file of what was being written', async () => {
    const script = `
      const {writeFileAtomic} = require(${JSON.stringify(path.join(DIST, 'files', 'atomic-write.js'))});
      async function* endless() { for (;;) { yield Buffer.alloc(1 << 16); await new Promise((r) => setTimeout(r, 1)); } }
      writeFileAtomic('file', endless()).catch(() => {});
      const {readdirSync} = require('fs');
      setInterval(() => { if (readdirSync('.').some((name) => name.endsWith('.tmp'))) process.exit(3); }, 1);`;
    const child = spawn(process.execPath, ['-e', script], {cwd: folder});
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(3);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('what can be refused before the work', () => {
  it('is a field that could not be written', async () => {
    await shell('mkdir -p out/field.safetensors');
    const began = Date.now();
    const {code, stderr} = await cli(folder, ['solve', 'heat', '--out', 'out']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/field.safetensors: it is a folder/);
    expect(statSync(out).mtimeMs).toBeLessThan(began);
  });

  it('is an evaluation into a folder that is not there', async () => {
    const {stderr} = await cli(folder, ['evaluate', 'no.safetensors', '--grid', 'x:3', '--out', 'no/such/a.csv']);
    expect(stderr).toMatch(/no\/such/);
  });

  it('is a name that no file could have', async () => {
    const name = 'ü'.repeat(130);
    const {code, stderr} = await cli(folder, ['solve', '--equation', `${name}_xx=1`, '--domain', 'x=0..1', '--unknowns', name]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/names have at most 60/);
  });
});
