/** A CUDA device and the CPU go the same way: ten iterations of every preset, at reduced size. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {encodePng} from '../../lib/files/image';
import {renderScene} from '../../lib/imaging/scene/scene';
import {Problem} from '../../lib/pose/problem';
import type {RunOptions} from '../../lib/cases/definition';
import {PROBLEMS} from '../../lib/problems';
import type {Samples} from '../../lib/pose/sampling';
import {solve} from '../../lib/solve/solve';
import {temporaryFolder} from '../support/temporary-folder';
import {BACKENDS} from './backends';

const ITERATIONS = 10;

interface Case {
  name: string;
  problem: string;
  options: RunOptions;
}

const image = path.join(temporaryFolder('folder'), 'image.png');

const own = (problem: string): Record<string, string | undefined> =>
  problem === 'poisson' || problem === 'fit'
    ? {image}
    : problem === 'sdf'
      ? {shape: 'torus', count: '300', rounds: '0'}
      : problem === 'helmholtz'
        ? {wavenumber: '8'}
        : {};
/** Cells an axis: of three axes two tiles of the encoder's transpose. */
function size(problem: string): number {
  if (problem === 'poisson' || problem === 'fit') return 32;
  if (problem === 'cloth' || problem === 'plate') return 8;
  return ['advection-2d', 'zalesak', 'sdf'].includes(problem) ? 12 : 16;
}

const CASES: Case[] = [
  ...PROBLEMS.flatMap(({name}) =>
    (['paper', 'fast'] as const).map((preset) => ({
      name: `${name}, ${preset}`,
      problem: name,
      options: {preset, resolution: size(name), levels: 2, own: own(name)},
    })),
  ),
  ...(['siren', 'pinn'] as const).map((field) => ({
    name: `heat, paper, ${field}`,
    problem: 'heat',
    options: {preset: 'paper' as const, field, width: 24, hiddenLayers: 2, own: {}},
  })),
];

/** The same problem on fewer samples. */
function reduced(problem: Problem): Problem {
  const few = (samples: Samples): Samples => {
    if (samples.kind !== 'stratified') return samples;
    const dims = problem.spec.domain.length,
      most = dims === 3 ? 8 : 24;
    const boxes = typeof samples.boxes === 'number' ? Array<number>(dims).fill(samples.boxes) : samples.boxes;
    return {...samples, boxes: boxes.map((n) => Math.min(n, most))};
  };
  return new Problem({...problem.spec, terms: problem.spec.terms.map((term) => ({...term, samples: few(term.samples)}))});
}

const devices = BACKENDS.filter(({name}) => name !== 'cpu');
if (devices.length === 0) test.skip('there is no CUDA device', () => undefined);

for (const {name: device} of devices)
  describe(`presets on ${device}`, () => {
    beforeAll(() => {
      fs.writeFileSync(image, encodePng(renderScene(32)));
    });

    test.each(CASES)('$name', async ({problem, options}) => {
      const definition = PROBLEMS.find(({name}) => name === problem)!;
      const prepared = await definition.prepare(options);
      const given = reduced(prepared.problem);
      const optimizer = prepared.optimizers.map(({stage}) =>
        stage.type === 'gauss-newton'
          ? {...stage, steps: 1, iterations: ITERATIONS, tolerance: 0, inner: 'cgls' as const}
          : stage.type === 'lbfgs'
            ? {...stage, iterations: ITERATIONS, tolerance: 0}
            : {...stage, iterations: ITERATIONS},
      );
      const run = async (on: 'cpu' | 'cuda', dtype: 'float32' | 'float64'): Promise<{loss: number; parameters: Float64Array}> => {
        using solution = await solve(given, {optimizer, device: on, dtype, seed: 3, threads: 2});
        expect(solution.device).toBe(on === 'cpu' ? 'cpu' : 'cuda:0');
        return {loss: solution.loss, parameters: await solution.parameters()};
      };
      const exact = await run('cpu', 'float64');
      const ours = await run(device, 'float64');
      const rounded = await run('cpu', 'float32');
      const largest = exact.parameters.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const distance = ({parameters}: typeof exact): number =>
        exact.parameters.reduce((most, value, i) => Math.max(most, Math.abs(value - parameters[i])), 0) / largest;
      // Ten steps of the plate, fourth derivatives, hardly decide some of its parameters: what float32 makes of them says how far rounding
      // moves them, of which float64 has 2^-29, several times where sums run in another order.
      expect(distance(ours)).toBeLessThan(Math.max(1e-10, 16 * 2 ** -29 * distance(rounded)));
      expect(Math.abs(ours.loss / exact.loss - 1)).toBeLessThan(1e-10);

      // Where float32 cannot tell the loss to 1e-4 (the plate), no farther from the truth than twice the CPU.
      const oursRounded = await run(device, 'float32');
      const rounding = Math.abs(rounded.loss / exact.loss - 1);
      expect(Math.abs(oursRounded.loss / (rounding > 1e-4 ? exact : rounded).loss - 1)).toBeLessThan(
        Math.max(1e-4, 2 * rounding),
      );
    });
  });
