/** A set too large for one tile gives what its parts give: tiles are a matter of memory, not of the result. */
import {mlpDecoder, rbfGrid} from '../../lib/pose/field';
import {bspline} from '../../lib/pose/kernel';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import {points} from '../../lib/pose/sampling';
import {BACKENDS, EMULATED, withSession} from './backends';
import {combine, norm, randomVector} from './support';

const COUNT = 24000;
/** Jets of 96 features in five planes, three times: 11.6 kB a sample in float64, so that 24 000 samples pass the limit of 256 MiB a tile. */
const FEATURES = 48;

const at = randomVector(COUNT, 1).map((value) => (value + 1) / 2);
const of = (coordinates: Float64Array, weight: number): Problem =>
  problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 4, levels: 2, features: FEATURES, kernel: bspline(3)}),
    decoder: mlpDecoder({hidden: [1]}),
    terms: [term(points(coordinates), '1e-3*u_xxxx + u*u_x - x', {weight})],
  });

describe.each(BACKENDS)('tiles on $name', (backend) => {
  // So large a set takes the emulated device half a minute: its ops are tested on tiles in test/cuda-emulation/op_tests.
  (EMULATED ? test.skip : test)('the whole set and its parts', async () => {
    const run = (given: Problem): Promise<{loss: number; gradient: Float64Array; normal: Float64Array; squares: Float64Array}> =>
      withSession(backend, given, {threads: 2}, async (session) => {
        const parameters = randomVector((await session.parameters()).length, 2, 0.3);
        await session.setParameters(parameters);
        const loss = await session.loss();
        const gradient = await session.gradient();
        await session.linearise();
        const normal = await session.adjoint(await session.tangent(randomVector(parameters.length, 3)));
        return {
          loss,
          gradient,
          normal,
          squares: (await session.columnSquares()).slice(0, parameters.length - (2 * FEATURES + 3)),
        };
      });
    const whole = await run(of(at, 1));
    const thirds = [0, 1, 2].map((i) => at.slice((i * COUNT) / 3, ((i + 1) * COUNT) / 3));
    const parts = [];
    for (const third of thirds) parts.push(await run(of(third, 1 / 3)));
    const loss = parts.reduce((sum, part) => sum + part.loss, 0);
    expect(Math.abs(loss - whole.loss)).toBeLessThanOrEqual(1e-12 * whole.loss);
    for (const what of ['gradient', 'normal', 'squares'] as const) {
      const sum = parts.reduce<Float64Array>(
        (total, part) => combine(total, 1, part[what]),
        new Float64Array(whole[what].length),
      );
      expect({what, agrees: norm(combine(sum, -1, whole[what])) <= 1e-11 * norm(whole[what])}).toEqual({what, agrees: true});
    }
  });
});
