/** Signed distances from oriented points: shapes whose distance is known, at a reduced resolution. */
import {execFile} from 'node:child_process';
import {writeFile} from 'node:fs/promises';
import * as path from 'node:path';
import {promisify} from 'node:util';
import {adam, gauss, gaussian, lattice, rbfGrid, solve} from '../../lib';
import {randomNumbers, topology} from '../../lib/mesh/mesh';
import {readPly, writePly} from '../../lib/files/ply';
import type {Prepared, RunOptions} from '../../lib/cases/definition';
import {sdfDefinition} from '../../lib/problems/sdf-definition';
import {eikonalProblem, signalProblem} from '../../lib/problems/sdf';
import {measureSdf, SDF_HINTS} from '../../lib/problems/sdf-assessment';
import type {ShapeName} from '../../lib/problems/sdf-shapes';
import {SHAPE_NAMES, SHAPES} from '../../lib/problems/sdf-shapes';
import {readNpy} from '../../lib/files/npy';
import {solved} from '../support/solved';
import {temporaryFolder} from '../support/temporary-folder';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

const folder = temporaryFolder();

const FAST: RunOptions = {preset: 'fast', resolution: 16, own: {count: '4000'}};

function prepare(own: Record<string, string | boolean>, options: Partial<RunOptions> = {}): Promise<Prepared> {
  return sdfDefinition.prepare({...FAST, ...options, own: {...FAST.own, ...own} as RunOptions['own']});
}

/** Errors against a shape, on fewer points than the command line takes. */
async function measured(prepared: Prepared, name: ShapeName): Promise<Awaited<ReturnType<typeof measureSdf>>> {
  using solution = await solved(prepared);
  const reference = {kind: 'shape', shape: SHAPES[name]} as const;
  return await measureSdf(solution, reference, {centre: [0, 0, 0], scale: 1}, {cells: 32, judged: 33, samples: 5000});
}

describe('shapes that are known', () => {
  it.each(SHAPE_NAMES)(
    '%s: points on it, unit normals along the gradient, the expression and the function alike',
    async (name) => {
      const shape = SHAPES[name];
      const {positions, normals} = shape.cloud(300, 7);
      for (let i = 0; i < positions.length; i += 3) {
        const at = (step: number): number =>
          shape.distance(...([0, 1, 2].map((k) => positions[i + k] + step * normals[i + k]) as [number, number, number]));
        expect(at(0)).toBeCloseTo(0, 12);
        expect(at(0.05)).toBeCloseTo(0.05, 9);
        expect(at(-0.05)).toBeLessThan(0); // less deep near an edge
      }
      // On the lattice of any problem: the expression is evaluated natively.
      const prepared = await prepare({shape: name, signal: true}, {resolution: 8});
      using solution = await solve(prepared.problem);
      const axis = [-0.9, -0.55, -0.3, 0, 0.41, 0.7];
      const [values] = Object.values(await solution.evaluate(lattice([axis, axis, axis]), {expressions: [shape.expression]}));
      let index = 0;
      for (const x of axis)
        for (const y of axis) for (const z of axis) expect(values[index++]).toBeCloseTo(shape.distance(x, y, z), 5);
    },
  );
});

describe('the distance from points', () => {
  // Measured at N = 16: 1.7e-5, 3.3e-4, 2.5e-3 near the surface; 4e-4, 4e-3, 9e-3 everywhere; slopes 7e-4, 0.015, 0.09.
  it.each([
    ['sphere', 5e-5, 2e-3, 2e-3],
    ['torus', 1e-3, 0.01, 0.03],
    ['box', 5e-3, 0.02, 0.12],
  ] as const)('of the %s', async (name, near, everywhere, slope) => {
    const {metrics, mesh} = await measured(await prepare({shape: name}), name);
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(SDF_HINTS).sort());
    expect(metrics.meanAbsoluteError).toBeLessThan(near);
    expect(metrics.meanAbsoluteErrorEverywhere).toBeLessThan(everywhere);
    expect(metrics.eikonalError).toBeLessThan(slope);
    expect(metrics.pieces).toBe(1);
    expect(metrics.eulerCharacteristic).toBe(SHAPES[name].eulerCharacteristic);
    expect(metrics.normalConsistency).toBeGreaterThan(0.95);
    expect(topology(mesh).closed).toBe(true);
    for (let v = 0; v < mesh.positions.length; v += 300) {
      const n = mesh.normals!.subarray(v, v + 3);
      expect(Math.hypot(...n)).toBeCloseTo(1, 6);
      expect(
        Math.abs(SHAPES[name].distance(...(mesh.positions.subarray(v, v + 3) as unknown as [number, number, number]))),
      ).toBeLessThan(0.05);
    }
  });

  it('of a scan comes out in its own coordinates, from noisy points as well, with all there is to look at', async () => {
    const cloud = SHAPES.box.cloud(4000, 3);
    const random = randomNumbers(9);
    const shift = [100, -20, 5];
    // In millimetres, say: 50 a unit, noise of ± 0.25.
    const positions = cloud.positions.map((value, i) => 50 * value + shift[i % 3] + 0.5 * (random() - 0.5));
    await writePly(
      path.join(folder, 'scan.ply'),
      {positions, normals: cloud.normals, triangles: new Uint32Array()},
      {double: true},
    );
    const command = [
      'solve',
      'sdf',
      '--points',
      'scan.ply',
      '--resolution',
      '16',
      '--rounds',
      '4',
      '--json',
      '--quiet',
      '--out',
      'out',
    ];
    const {stdout} = await promisify(execFile)(process.execPath, [MAIN, ...command], {cwd: folder});
    const summary = JSON.parse(stdout) as {metrics: Record<string, number>; outputs: string[]};
    const files = [
      'field.safetensors',
      'surface.png',
      'slices.png',
      'slope.png',
      'distance.npy',
      'distance.vti',
      'surface.ply',
      'surface.obj',
      'losses.csv',
      'report.html',
    ];
    expect(summary.outputs.map((file) => path.basename(file))).toEqual(files);
    expect(summary.metrics).toMatchObject({pieces: 1, eulerCharacteristic: 2});
    expect(summary.metrics.chamfer).toBeLessThan(0.02);
    expect(summary.metrics.normalConsistency).toBeGreaterThan(0.93);
    const mesh = await readPly(path.join(folder, 'out', 'surface.ply'));
    expect(topology(mesh).closed).toBe(true);
    let [mean, worst] = [0, 0];
    for (let v = 0; v < mesh.positions.length; v += 3) {
      const at = [0, 1, 2].map((k) => (mesh.positions[v + k] - shift[k]) / 50) as [number, number, number];
      const error = Math.abs(SHAPES.box.distance(...at));
      mean += error / (mesh.positions.length / 3);
      worst = Math.max(worst, error);
    }
    expect(mean).toBeLessThan(0.01);
    expect(worst).toBeLessThan(0.1); // corners, cut off by a grid whose step is 0.09
    // The volume is in the same units: in the middle, the distance is some 50 · 0.4.
    const {data, shape} = await readNpy(path.join(folder, 'out', 'distance.npy'));
    const [n] = shape;
    const middle = data[Math.floor(n / 2) * (n * n + n + 1)];
    expect(middle).toBeLessThan(-13);
    expect(middle).toBeGreaterThan(-23);
  });

  it('gives the same bits for any number of threads', async () => {
    const prepared = await prepare({shape: 'torus', rounds: '2'}, {resolution: 16});
    const values = [];
    for (const threads of [1, 2]) {
      using solution = await prepared.solve!({threads, seed: 4});
      values.push(await solution.parameters());
    }
    expect(values[0]).toEqual(values[1]);
  });

  it('counts all of its problems, reports them in order, and stops when told to', async () => {
    const prepared = await prepare({shape: 'sphere', rounds: '3'}, {resolution: 16});
    const seen: number[] = [];
    using solution = await prepared.solve!({onProgress: ({iteration}) => seen.push(iteration)});
    expect(solution.iterations).toBe(seen.at(-1));
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    // Told so while the distance is under way, it keeps what it has; before that there is nothing to keep.
    const abortAt = (limit: number): ReturnType<NonNullable<Prepared['solve']>> => {
      const controller = new AbortController();
      const onProgress = ({iteration}: {iteration: number}): void => {
        if (iteration > limit) controller.abort();
      };
      return prepared.solve!({signal: controller.signal, onProgress});
    };
    using stopped = await abortAt(solution.iterations - 20);
    expect(stopped.stopReason).toBe('aborted');
    expect(stopped.iterations).toBeLessThanOrEqual(solution.iterations);
    expect((await stopped.evaluate([0, 0, 0])).u[0]).toBeLessThan(-0.1);
    await expect(abortAt(0)).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringMatching(/no distance yet/) as string,
    });
  });
});

describe('the known distance as a signal', () => {
  it.each(SHAPE_NAMES)('of the %s is fitted by least squares', async (name) => {
    const prepared = await prepare({shape: name, signal: true});
    expect(prepared.solve).toBeUndefined();
    const {metrics} = await measured(prepared, name);
    expect(metrics.meanAbsoluteErrorEverywhere).toBeLessThan(2e-3);
    expect(metrics.pieces).toBe(1);
  });
});

describe("the paper's loss", () => {
  it('has its four parts with their weights', async () => {
    const {problem, samplesPerIteration, optimizers} = await prepare({shape: 'sphere'}, {preset: 'paper', resolution: undefined});
    const {terms, fields} = problem.spec;
    expect(samplesPerIteration).toBe(2 * 64 ** 3);
    expect(optimizers[0].stage).toMatchObject({type: 'adam', iterations: 20_000, learningRate: 1e-2});
    expect(fields[0].grid).toMatchObject({
      resolution: 64,
      levels: 4,
      features: 1,
      edge: 'clamp',
      kernel: {type: 'gaussian', rings: 2},
    });
    expect(terms.map(({loss}) => loss)).toEqual(['abs', 'abs']);
    expect(terms[0].samples).toMatchObject({kind: 'points', draws: 64 ** 3});
  });

  it('is trained by Adam to a surface within a few hundred iterations', async () => {
    const field = rbfGrid({resolution: 16, levels: 2, kernel: gaussian({rings: 2}), edge: 'clamp'});
    const posed = eikonalProblem(SHAPES.sphere.cloud(4000, 1), {field}, 16);
    using solution = await solve(posed, {optimizer: adam({iterations: 300, learningRate: 1e-2}), seed: 1});
    const reference = {kind: 'shape', shape: SHAPES.sphere} as const;
    const {metrics} = await measureSdf(
      solution,
      reference,
      {centre: [0, 0, 0], scale: 1},
      {cells: 32, judged: 33, samples: 5000},
    );
    expect(metrics.meanAbsoluteError).toBeLessThan(0.02);
  });
});

describe('a scan that is not as it should be', () => {
  /** `solve sdf` of rows; 4000 points of a ball, some of whose normals are turned round. */
  async function solveRows(
    name: string,
    turned: (point: number) => boolean,
    columns: number,
  ): Promise<{metrics: Record<string, number>; notes: string[]}> {
    const {positions, normals} = SHAPES.sphere.cloud(4000, 3);
    const rows = Array.from({length: 4000}, (_, i) =>
      [...positions.subarray(3 * i, 3 * i + 3), ...normals.subarray(3 * i, 3 * i + 3).map((n) => (turned(i) ? -n : n))]
        .slice(0, columns)
        .join(' '),
    );
    await writeFile(path.join(folder, `${name}.xyz`), rows.join('\n'));
    const command = [
      'solve',
      'sdf',
      '--points',
      `${name}.xyz`,
      '--resolution',
      '16',
      '--rounds',
      '2',
      '--json',
      '--quiet',
      '--out',
      name,
    ];
    const {stdout} = await promisify(execFile)(process.execPath, [MAIN, ...command], {cwd: folder});
    return JSON.parse(stdout) as {metrics: Record<string, number>; notes: string[]};
  }

  it.each([
    ['inward', () => true, 6, [/pointed into the volume/]],
    ['mixed', (i: number) => i % 10 === 0, 6, [/^400 of the 4,000 normals contradicted/]],
    ['missing', () => false, 3, [/have no normals: they were estimated/]],
  ] as const)('%s normals end in one ball, and a note says what was done', async (name, turned, columns, said) => {
    const {metrics, notes} = await solveRows(name, turned, columns);
    expect(metrics).toMatchObject({pieces: 1, eulerCharacteristic: 2});
    expect(metrics.normalConsistency).toBeGreaterThan(0.99);
    expect(notes).toEqual(said.map((pattern) => expect.stringMatching(pattern) as string));
  });

  it('leaves a piece that no point lies on out of the surface, and says so', async () => {
    // Three balls in the field, and points on two of them.
    const ball = (x: number): string => `norm(x - ${x}, y, z) - 0.2`;
    const field = rbfGrid({resolution: 16, levels: 2});
    using solution = await solve(
      signalProblem(`min(min(${ball(-0.6)}, ${ball(0)}), ${ball(0.6)})`, {field}, [gauss(2)], 'square'),
    );
    const one = SHAPES.sphere.cloud(500, 1);
    const cloud = {
      positions: Float64Array.from(
        [-0.6, 0.6].flatMap((shift) => [...one.positions.map((v, i) => 0.4 * v + (i % 3 === 0 ? shift : 0))]),
      ),
      normals: Float64Array.of(...one.normals, ...one.normals),
    };
    const {metrics, notes} = await measureSdf(
      solution,
      {kind: 'scan', cloud},
      {centre: [0, 0, 0], scale: 1},
      {cells: 32, judged: 33, samples: 1000},
    );
    expect(metrics).toMatchObject({pieces: 2, eulerCharacteristic: 4});
    expect(notes).toEqual([
      expect.stringMatching(/^a piece of the level 0 \([\d,]+ triangles\) that no point lies on was left out/),
    ]);
  });
});

describe('what cannot be solved', () => {
  it.each([
    [{shape: 'cube'}, 'INVALID_ARGUMENT', /sphere, torus, box/],
    [{points: 'nowhere.ply'}, 'FILE_NOT_FOUND', /nowhere\.ply/],
    [{points: 'a.ply', shape: 'box'}, 'INVALID_ARGUMENT', /exclude each other/],
    [{points: 'a.ply', signal: true}, 'INVALID_ARGUMENT', /known distance/],
    [{count: '3'}, 'INVALID_ARGUMENT', /--count/],
    [{count: 'many'}, 'INVALID_ARGUMENT', /--count/],
    [{rounds: '-1'}, 'INVALID_ARGUMENT', /--rounds/],
  ])('%j', async (own, code, message) => {
    await expect(prepare(own as Record<string, string>)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('points in one place', async () => {
    const file = path.join(folder, 'one.xyz');
    await writeFile(file, Array<string>(20).fill('1 2 3 0 0 1').join('\n'));
    await expect(prepare({points: file})).rejects.toMatchObject({
      code: 'NOT_A_MESH',
      message: expect.stringMatching(/\(1, 2, 3\)/) as string,
    });
  });
});
