import {DinfError} from '../../lib/base/errors';
import {temporaryFolder} from '../support/temporary-folder';
import type {FuzzTarget} from './harness';
import {explore, Guard} from './harness';

const folder = temporaryFolder();
const seeds = [Buffer.from('size 12\n1 2 3\n')];

describe('the fuzzing harness', () => {
  const found = async (attempt: FuzzTarget['attempt'], limits = {seconds: 100, mebibytes: 1000}) => {
    const guard = new Guard(folder, limits);
    try {
      return await explore({seeds, attempt}, guard, 0.5);
    } finally {
      await guard.stop();
    }
  };

  it('finds nothing where every input is used or refused by a coded error', async () => {
    const tried = new Set<string>();
    const failure = await found((bytes) => {
      tried.add(Buffer.from(bytes).toString('latin1'));
      if (bytes.length % 2 === 1) throw new DinfError('NOT_A_MESH', 'an odd length');
    });
    expect(failure).toBeUndefined();
    expect(tried.size).toBeGreaterThan(50);
  });

  it('finds a raw error, and makes its input small', async () => {
    const failure = await found((bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      if (/^size \d{7,}/.test(text)) throw new RangeError('Invalid array length');
    });
    expect(failure?.reason).toMatch(/^a raw error: RangeError: Invalid array length/);
    expect(Buffer.from(failure!.bytes).toString('latin1')).toMatch(/^size \d{7,}/);
  });

  it('finds a rejection, time and memory', async () => {
    expect((await found(async () => Promise.reject(new TypeError('x is undefined'))))?.reason).toMatch(/^a raw error: TypeError/);
    const slow = await found(
      () => {
        const began = process.cpuUsage();
        for (let spent = 0; spent < 0.5e6;) {
          const {user, system} = process.cpuUsage(began);
          spent = user + system;
        }
      },
      {seconds: 0.2, mebibytes: 1000},
    );
    expect(slow?.reason).toMatch(/^it took \d\.\d s$/);
    const large: Uint8Array[] = [];
    const hungry = await found(() => large.push(new Uint8Array(100 << 20).fill(1)), {seconds: 100, mebibytes: 64});
    expect(hungry?.reason).toMatch(/^it took \d+ MiB for \d+ bytes$/);
  });
});
