/** The field of a solve while it runs. */
import {readdirSync} from 'node:fs';
import * as path from 'node:path';
import type {FieldSoFar} from '../../lib';
import {adam, bspline, DinfError, gauss, lattice, leastSquares, linspace, problem, rbfGrid, solve, term} from '../../lib';
import {equation} from '../../lib/api/equation';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();

/** u'' = −2 of which the answer is x (1 − x), with a network's patience. */
const posed = problem({
  domain: {x: [0, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: 16, kernel: bspline(5)}),
  lift: {u: 'x*(1 - x)*u'},
  terms: [term(gauss(3), 'u_xx = -2')],
});

describe('onField', () => {
  it('shows each mesh of a solve to a tolerance, and then its error, which it has within a factor of three', async () => {
    const layer = await equation({
      equations: ['-0.002*u_xx + u_x = 1'],
      tolerance: 1e-8,
      domain: 'x=0..1',
      where: ['x=0|x=1: u=0'],
    });
    const truth = (x: number): number => x - Math.exp((x - 1) / 0.002);
    const places = linspace(0, 1, 4001);
    const wrong = async ({field}: Pick<FieldSoFar, 'field'>): Promise<number> => {
      const {u} = await field.evaluate(lattice([places]));
      const square = (one: (i: number) => number): number => Array.from(places, (_, i) => one(i) ** 2).reduce((a, b) => a + b);
      return Math.sqrt(square((i) => u[i] - truth(places[i])) / square((i) => u[i]));
    };
    const shown: {cells: number; estimate: number | null; wrong: number; seconds: number}[] = [];
    using watched = await layer.solve({
      device: 'cpu',
      onField: async (found) => {
        const {cells, errorEstimate, seconds} = found;
        shown.push({cells: cells[0], estimate: errorEstimate.relativeL2, wrong: await wrong(found), seconds});
      },
    });
    expect(watched.errorEstimate.met).toBe(true);
    const compared = shown.filter(({estimate}) => estimate !== null);
    const fresh = shown.filter(({estimate}) => estimate === null);
    expect(compared.length).toBeGreaterThan(0);
    expect(fresh.length).toBe(compared.length + 1); // that of the last mesh is the solution's
    for (const key of ['cells', 'seconds'] as const)
      expect(fresh.map((one) => one[key])).toEqual(fresh.map((one) => one[key]).sort((a, b) => a - b));
    for (const {estimate, wrong: error} of compared.slice(-1)) {
      expect(error / estimate!).toBeLessThan(3);
      expect(error / estimate!).toBeGreaterThan(1 / 3);
    }
    using alone = await layer.solve({device: 'cpu'});
    expect(await watched.evaluate(lattice([places]))).toEqual(await alone.evaluate(lattice([places])));
  });

  it('shows the field of Adam at its pace, beside checkpoints at theirs, and changes no bit', async () => {
    const options = {optimizer: adam({iterations: 20_000}), device: 'cpu', seed: 3} as const;
    using straight = await solve(posed, options);
    const iterations: number[] = [];
    using watched = await solve(posed, {
      ...options,
      fieldSeconds: 0.1,
      checkpoint: {file: path.join(folder, 'field.safetensors'), everySeconds: 0.1},
      onField: async ({field, cells, errorEstimate}) => {
        expect({cells, relativeL2: errorEstimate.relativeL2}).toEqual({cells: [16], relativeL2: null});
        const {u} = await field.evaluate([0, 0.5]);
        expect(u[0]).toBeCloseTo(0, 12);
        iterations.push(field.iterations);
      },
    });
    expect(iterations.length).toBeGreaterThan(1);
    expect(iterations).toEqual(Array.from(new Set(iterations)).sort((a, b) => a - b));
    expect(readdirSync(folder)).toEqual(['field.safetensors']);
    expect(watched.iterations).toBe(20_000);
    expect(await watched.parameters()).toEqual(await straight.parameters());
  });

  it('shows what one stage leaves to the next', async () => {
    const seen: number[] = [];
    const optimizer = [leastSquares({iterations: 3, inner: 'cgls'}), adam({iterations: 5})] as const;
    using solution = await solve(posed, {optimizer, device: 'cpu', onField: ({field}) => void seen.push(field.iterations)});
    expect(seen).toEqual([3]);
    expect(solution.iterations).toBe(8);
  });

  it('ends the solve with what it throws, and refuses what is no function', async () => {
    const heat = await equation({
      equations: ['u_t = 0.1*u_xx'],
      domain: 't=0..1,x=0..1',
      where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
    });
    // One that the search for a mesh would take for its own, too.
    const own = new DinfError('OUT_OF_MEMORY', 'of the listener');
    const onField = (): never => {
      throw own;
    };
    await expect(heat.solve({device: 'cpu', onField})).rejects.toBe(own);
    const slow = {optimizer: adam({iterations: 1e6}), device: 'cpu', fieldSeconds: 0.1, onField} as const;
    await expect(solve(posed, slow)).rejects.toBe(own);
    for (const wrong of [heat.solve({onField: 3 as never}), solve(posed, {onField: 3 as never})])
      await expect(wrong).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('onField') as string,
      });
  });
});
