/** The gradient of the loss against central differences, in float64: grid, decoder and trainable scalars. */
import type {Problem} from '../../lib/pose/problem';
import type {Session} from '../../lib/solve/session';
import {BACKENDS, EPSILON, withSession} from './backends';
import {parametersAt, PROBLEMS} from './problems';
import {parameterCount} from './reference';
import {combine, dot, norm, randomVector} from './support';

type FieldSpec = Problem['spec']['fields'][number];

/** Fourth-order central difference: with a step this large, rounding and truncation are both far below 1e-6. */
const STEP = 1e-3;
/** More parameters than this, and a random choice of them stands for all. */
const MOST = 120;

async function lossAt(session: Session, parameters: Float64Array): Promise<number> {
  await session.setParameters(parameters);
  return session.loss();
}

async function slope(session: Session, at: Float64Array, direction: Float64Array): Promise<number> {
  const along = (h: number): Promise<number> => lossAt(session, combine(at, h, direction));
  const near = (await along(STEP)) - (await along(-STEP));
  const far = (await along(2 * STEP)) - (await along(-2 * STEP));
  return (8 * near - far) / (12 * STEP);
}

/** Where grids, decoders and scalars lie in the vector of factored parameters. */
function blocks(problem: Problem, count: number): {name: string; begin: number; end: number}[] {
  const list: {name: string; begin: number; end: number}[] = [];
  let at = 0;
  const add = (name: string, size: number): void => {
    if (size > 0) list.push({name, begin: at, end: at + size});
    at += size;
  };
  for (const field of problem.spec.fields) {
    add(`grid of ${field.unknowns.join()}`, gridSize(field, problem));
    add(`decoder of ${field.unknowns.join()}`, decoderSize(field, problem));
  }
  add('scalars', Object.keys(problem.spec.scalars).length);
  expect(at).toBe(count);
  return list;
}
function gridSize({grid}: FieldSpec, problem: Problem): number {
  if (grid === undefined) return 0;
  const dims = problem.spec.domain.length;
  const cells = typeof grid.resolution === 'number' ? Array<number>(dims).fill(grid.resolution) : grid.resolution;
  return parameterCount({...grid, cells, channels: grid.features, lower: [], upper: []});
}
function decoderSize({decoder, grid, network, unknowns}: FieldSpec, problem: Problem): number {
  const inputs = grid === undefined ? problem.spec.domain.length + network.periodic.length : grid.levels * grid.features;
  const hidden =
    decoder?.type === 'mlp' ? decoder.hidden : Array<number>((network?.hiddenLayers ?? -1) + 1).fill(network?.width ?? 0);
  const widths = [inputs, ...hidden, unknowns.length];
  return widths.slice(1).reduce((sum, width, i) => sum + width * (widths[i] + 1), 0);
}

describe.each(BACKENDS)('gradients on $name', (backend) => {
  test.each(Object.keys(PROBLEMS))('%s', async (name) => {
    const problem = PROBLEMS[name]();
    await withSession(backend, problem, {}, async (session) => {
      const at = parametersAt((await session.parameters()).length, 21);
      await session.setParameters(at);
      const gradient = await session.gradient();
      for (const block of blocks(problem, at.length)) {
        const largest = Math.max(...gradient.slice(block.begin, block.end).map(Math.abs));
        expect(largest).toBeGreaterThan(0);
        const size = block.end - block.begin;
        const stride = Math.max(1, Math.ceil(size / MOST));
        for (let i = block.begin; i < block.end; i += stride) {
          const unit = new Float64Array(at.length);
          unit[i] = 1;
          const error = Math.abs((await slope(session, at, unit)) - gradient[i]);
          if (error > 1e-6 * largest) throw new Error(`${block.name}, parameter ${i - block.begin}: ${error / largest} off`);
        }
        // Along a random direction every parameter of the block takes part.
        const direction = new Float64Array(at.length);
        direction.set(randomVector(size, 5), block.begin);
        const part = gradient.slice(block.begin, block.end);
        const error = Math.abs((await slope(session, at, direction)) - dot(gradient, direction));
        expect(error).toBeLessThanOrEqual(1e-6 * norm(part) * norm(direction));
      }
    });
  });

  // The gradient program carries its own copy of the loss.
  test.each(Object.keys(PROBLEMS))('float32 follows float64: %s', async (name) => {
    const problem = PROBLEMS[name]();
    const run = (dtype: 'float32' | 'float64'): Promise<Float64Array> =>
      withSession(backend, problem, {dtype}, async (session) => {
        await session.setParameters(parametersAt((await session.parameters()).length, 21));
        return session.gradient();
      });
    const [single, double] = [await run('float32'), await run('float64')];
    // Fourth derivatives keep about four digits in float32 (their weights are differences of nearly equal numbers).
    expect(norm(combine(single, -1, double))).toBeLessThanOrEqual(2000 * EPSILON.float32 * norm(double));
  });

  test('a new draw changes the gradient, the same draw restores it', async () => {
    await withSession(backend, PROBLEMS['linear, 2-D, draws from a lattice and from points'](), {}, async (session) => {
      await session.setParameters(parametersAt((await session.parameters()).length, 3));
      await session.draw(4);
      const first = await session.gradient();
      await session.draw(5);
      const second = await session.gradient();
      await session.draw(4);
      expect([...(await session.gradient())]).toEqual([...first]);
      expect([...second]).not.toEqual([...first]);
    });
  });
});
