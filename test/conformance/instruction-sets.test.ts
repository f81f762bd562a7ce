/** Every instruction set that the CPU backend carries computes the same thing, to rounding. */
import {spawnSync} from 'node:child_process';
import * as path from 'node:path';
import * as v8 from 'node:v8';
import {compileProblem} from '../../lib/compile/compile';
import {compileEvaluation} from '../../lib/compile/evaluation';
import {mlpDecoder, rbfGrid} from '../../lib/pose/field';
import {bspline, gaussian} from '../../lib/pose/kernel';
import type {Problem} from '../../lib/pose/problem';
import {problem} from '../../lib/pose/problem';
import {term} from '../../lib/pose/term';
import type {Samples} from '../../lib/pose/sampling';
import {lattice, linspace, points} from '../../lib/pose/sampling';
import type {Dtype} from './backends';
import {EPSILON} from './backends';
import {combine, norm, randomVector} from './support';

const ROOT = path.join(__dirname, '../..');

interface Output {
  instructionSet: string;
  evaluation: Float64Array;
  loss: number;
  gradient: Float64Array;
  rows: Float64Array;
  tangent: Float64Array;
  adjoint: Float64Array;
  columnSquares: Float64Array;
}

const scattered = (dims: number): Samples => points(randomVector(37 * dims, dims).map((value) => (value + 1) / 2));
const tensor = (dims: number): Samples => lattice([linspace(0, 1, 19), linspace(0, 1, 5), [0.1, 0.5, 1]].slice(0, dims));

/** Every kernel of the table: both encoders in 1, 2 and 3 dimensions, narrow rows and wide ones, an MLP, elementary functions. */
const CASES: readonly (readonly [string, () => Problem, Samples])[] = [1, 2, 3].flatMap((dims) => {
  const names = ['x', 'y', 'z'].slice(0, dims);
  const make =
    (samples: Samples, wide: boolean, neural: boolean): (() => Problem) =>
    () =>
      problem({
        domain: Object.fromEntries(names.map((name) => [name, [0, 1] as const])),
        unknowns: ['u'],
        field: rbfGrid({
          resolution: 4,
          levels: 2,
          features: neural ? 2 : 1,
          kernel: wide ? bspline(9) : gaussian(),
          edge: wide ? 'clamp' : 'extend',
        }),
        decoder: neural ? mlpDecoder({hidden: [5]}) : undefined,
        terms: [term(samples, `0.1*u_xx + ${names.map((name) => `u_${name}`).join(' + ')} + sin(u)*exp(-u^2) - tanh(x)`)],
      });
  return [
    [`${dims}-D points`, make(scattered(dims), false, false), scattered(dims)] as const,
    [`${dims}-D points, wide`, make(scattered(dims), true, false), scattered(dims)] as const,
    [`${dims}-D lattice`, make(tensor(dims), false, false), tensor(dims)] as const,
    ...(dims === 2 ? [[`${dims}-D MLP`, make(scattered(dims), false, true), scattered(dims)] as const] : []),
  ];
});

function run(given: Problem, samples: Samples, dtype: Dtype, instructionSet: string | undefined): Output {
  const evaluation = compileEvaluation(given.spec, ['u', 'u_x', 'u_xx', 'u_xxxx'], samples);
  const [field] = given.spec.fields;
  if (field.grid === undefined) throw new Error('a case has a grid');
  const neural = field.decoder.type === 'mlp';
  const {grid} = field;
  const dims = given.spec.domain.length;
  const ghosts = grid.edge === 'extend' ? 4 : 0;
  const nodes = [4, 2].reduce((sum, cells) => sum + grid.features * (cells + 1 + ghosts) ** dims, 0);
  const count = nodes + (neural ? 5 * 5 + 6 : 0);
  const environment = {...process.env, DINF_CPU_ISA: instructionSet};
  if (instructionSet === undefined) delete environment.DINF_CPU_ISA;
  const child = spawnSync(process.execPath, [path.join(__dirname, 'run-native.js')], {
    input: v8.serialize({
      root: ROOT,
      problem: compileProblem(given.spec, {dtype, threads: 1, seed: 1}),
      folded: true,
      parameters: randomVector(count, 1),
      direction: randomVector(count, 2),
      evaluation,
    }),
    env: environment,
    maxBuffer: 1 << 28,
  });
  if (child.status !== 0) throw new Error(`${instructionSet ?? 'default'}: ${child.stderr.toString()}`);
  return v8.deserialize(child.stdout) as Output;
}

const describeOnX86 = process.arch === 'x64' ? describe : describe.skip;

describeOnX86('instruction sets', () => {
  test.each(CASES)('%s: v2 and v3 agree with the default', (_name, make, samples) => {
    const level = (output: Output): number => Number(output.instructionSet.slice(-1));
    for (const dtype of ['float32', 'float64'] as const) {
      const given = make();
      const base = run(given, samples, dtype, undefined);
      for (const wanted of [2, 3]) {
        const other = run(given, samples, dtype, `v${wanted}`);
        expect(level(other)).toBe(Math.min(wanted, level(base)));
        for (const what of ['evaluation', 'gradient', 'rows', 'tangent', 'adjoint', 'columnSquares'] as const) {
          // Both are within rounding of the truth; fourth derivatives lose most, a factor of some hundreds.
          const error = norm(combine(other[what], -1, base[what])) / norm(base[what]);
          expect({what, wanted, dtype, agrees: error <= 200 * EPSILON[dtype], error}).toMatchObject({agrees: true});
        }
        expect(Math.abs(other.loss / base.loss - 1)).toBeLessThanOrEqual(200 * EPSILON[dtype]);
      }
    }
  });
});
