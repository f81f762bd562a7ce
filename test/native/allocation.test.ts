/** Where the system gives the addon no memory, calls end with an error that has a code, and the process lives on. */
import {execFile, execFileSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {promisify} from 'node:util';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('an allocation that fails', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dinf-allocation-'));
  const library = path.join(folder, 'failing.so');
  beforeAll(() => {
    const source = path.join(__dirname, 'allocation', 'failing-malloc.c');
    if (process.platform === 'linux') execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  });
  afterAll(() => {
    fs.rmSync(folder, {recursive: true});
  });

  onLinux.each([30, 300, 2000])('ends a call with a code: one in %d', async (every) => {
    const {stdout, stderr} = await promisify(execFile)(
      process.execPath,
      [path.join(__dirname, 'allocation', 'solves.js'), '60'],
      {
        env: {...process.env, LD_PRELOAD: library, DINF_FAIL_EVERY: String(every), DINF_FAIL_SEED: '7'},
        timeout: 55000,
      },
    );
    const failed = Number(/(\d+) allocations failed/.exec(stderr)?.[1]);
    expect(failed).toBeGreaterThan(3);
    const ends = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(ends).filter((end) => !/^(solve|evaluate|parameters)( OUT_OF_MEMORY)?$/.test(end))).toEqual([]);
    expect(Object.entries(ends).some(([end]) => end.endsWith('OUT_OF_MEMORY'))).toBe(true);
  });
});
