/** What a service asks of a CUDA device: limits that are kept, errors that say what to do, solves side by side, cancellation. */
import {rbfGrid} from '../../lib/pose/field';
import {gaussian} from '../../lib/pose/kernel';
import {adam, leastSquares} from '../../lib/optimizers';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {stratified} from '../../lib/pose/sampling';
import {solve} from '../../lib/solve/solve';
import {BACKENDS} from './backends';

const given = (): Problem =>
  problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 16, levels: 2, kernel: gaussian()}),
    terms: [term(stratified(20), 'u_x + u_y = x')],
  });

const devices = BACKENDS.filter(({name}) => name === 'cuda');
if (devices.length === 0) test.skip('there is no CUDA device', () => undefined);

for (const {name: device} of devices)
  describe('a CUDA device', () => {
    test('auto takes it', async () => {
      using solution = await solve(given(), {optimizer: adam({iterations: 2})});
      expect(solution.device).toBe('cuda:0');
    });

    test('a memory limit is kept, and the error names bytes', async () => {
      await expect(solve(given(), {device, memoryLimit: 50_000})).rejects.toMatchObject({
        code: 'OUT_OF_MEMORY',
        message: expect.stringMatching(/cuda:0 cannot give \d+ bytes more: this solve holds \d+, free are \d+/) as string,
      });
      using enough = await solve(given(), {device, memoryLimit: 64 << 20, optimizer: leastSquares({iterations: 3})});
      expect(enough.iterations).toBe(3);
    });

    test('a device that is not there', async () => {
      await expect(solve(given(), {device: 'cuda:99'})).rejects.toMatchObject({code: 'NO_SUCH_DEVICE'});
    });

    test('solves side by side give what one alone gives', async () => {
      const run = async (seed: number): Promise<Float64Array> => {
        using solution = await solve(given(), {device, seed, optimizer: adam({iterations: 8})});
        return await solution.parameters();
      };
      const alone = [await run(1), await run(2), await run(3)];
      const together = await Promise.all([run(1), run(2), run(3)]);
      expect(together).toEqual(alone);
    });

    test('an aborted solve keeps what it has, and counts what was done', async () => {
      const abort = new AbortController();
      using solution = await solve(given(), {
        device,
        signal: abort.signal,
        optimizer: adam({iterations: 1_000_000}),
        onProgress: ({iteration}) => {
          if (iteration > 0) abort.abort();
        },
      });
      expect(solution.stopReason).toBe('aborted');
      expect(solution.iterations).toBeGreaterThan(0);
      expect(solution.iterations).toBeLessThan(1_000_000);
      expect((await solution.parameters()).every(Number.isFinite)).toBe(true);
    });
  });
