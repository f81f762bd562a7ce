/** The WebAssembly build in Node, beside the native one: the same answers to rounding, errors, notes, and its place where no binary fits. */
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as native from '../../lib';
import {equation} from '../../lib/api/equation';
import {temporaryFolder} from '../support/temporary-folder';
import {BUILT, describeBuilt, ROOT, wasmEntry} from './built';

const HEAT = {
  equations: ['u_t = 0.1*u_xx'],
  domain: 't=0..1,x=0..1',
  where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'],
  exact: 'exp(-0.1*pi^2*t)*sin(pi*x)',
};

type Entry = Pick<typeof native, 'bspline' | 'gauss' | 'leastSquares' | 'problem' | 'rbfGrid' | 'solve' | 'term' | 'adam'>;

/** −Δu = 2π² sin(πx) sin(πy), 0 at the border. */
function membrane({problem, rbfGrid, bspline, term, gauss}: Entry): native.Problem<'u'> {
  return problem({
    domain: {x: [0, 1], y: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 16, levels: 3, kernel: bspline(5)}),
    lift: {u: 'x*(1 - x)*y*(1 - y)*u'},
    terms: [term(gauss(3), 'laplacian(u) + 2*pi^2*sin(pi*x)*sin(pi*y)')],
  });
}

const PLACES = Float64Array.of(0.5, 0.5, 0.25, 0.1, 0.9, 0.7, 0, 0.3);

async function membraneOf(entry: Entry, dtype: 'float32' | 'float64'): Promise<{values: Float64Array; notes: readonly string[]}> {
  using solution = await entry.solve(membrane(entry), {optimizer: entry.leastSquares({iterations: 200}), dtype, device: 'cpu'});
  const {u: values} = await solution.evaluate(PLACES);
  return {values, notes: solution.notes};
}

const farthest = (a: Float64Array, b: Float64Array): number => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

describeBuilt('WebAssembly in Node', () => {
  const wasm = describeEntry();

  it.each([
    ['float64', 1e-10],
    ['float32', 1e-4],
  ] as const)('solves a membrane in %s as the native build does', async (dtype, rounding) => {
    const ours = await membraneOf(wasm(), dtype);
    const theirs = await membraneOf(native, dtype);
    expect(farthest(ours.values, theirs.values)).toBeLessThan(rounding);
    expect(ours.values[0]).toBeCloseTo(1, 3);
    expect(ours.values[3]).toBe(0); // by the lift, to the bit
  });

  it('gives the same bits again', async () => {
    const [first, second] = [await membraneOf(wasm(), 'float32'), await membraneOf(wasm(), 'float32')];
    expect(second.values).toEqual(first.values);
  });

  it('says that it is slower', async () => {
    expect((await membraneOf(wasm(), 'float32')).notes).toEqual([
      expect.stringMatching(/^solved by WebAssembly on one thread, about .* times slower than a native build/),
    ]);
    expect((await membraneOf(native, 'float32')).notes).toEqual([]);
    expect(wasm().info()).toMatchObject({
      instructionSet: 'wasm-simd128',
      threads: 1,
      device: 'cpu',
      cuda: expect.stringContaining('no CUDA'),
    });
  });

  it('solves an equation, and estimates its error as the native build does', async () => {
    const posed = await wasm().equation(HEAT);
    using solution = await posed.solve();
    expect(solution.errorEstimate).toMatchObject({met: true, tolerance: 1e-4});
    const {metrics} = await posed.assess(solution);
    expect(metrics.relativeL2).toBeLessThan(1e-4);
    const known = await equation(HEAT);
    using theirs = await known.solve({device: 'cpu'});
    expect(solution.unknowns).toBe(theirs.unknowns);
    expect(solution.errorEstimate.relativeL2! / theirs.errorEstimate.relativeL2!).toBeCloseTo(1, 2);
  });

  it('tells of progress, and stops where a listener asks for it', async () => {
    const {adam, solve} = wasm();
    const stop = new AbortController();
    const seen: number[] = [];
    using solution = await solve(membrane(wasm()), {
      optimizer: adam({iterations: 100_000}),
      signal: stop.signal,
      onProgress: ({iteration}) => {
        seen.push(iteration);
        if (seen.length === 3) stop.abort();
      },
    });
    expect(solution.stopReason).toBe('aborted');
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(solution.iterations).toBeLessThan(100_000);
  });

  it('trains an MLP decoder by L-BFGS and Adam', async () => {
    const trained = async ({
      problem,
      rbfGrid,
      gaussian,
      mlpDecoder,
      term,
      lattice,
      linspace,
      solve,
      adam,
    }: typeof native): Promise<number> => {
      const posed = problem({
        domain: {x: [0, 1]},
        unknowns: ['u'],
        field: rbfGrid({resolution: 8, levels: 2, features: 2, kernel: gaussian()}),
        decoder: mlpDecoder({hidden: [16]}),
        terms: [term(lattice([linspace(0, 1, 65)]), 'u - sin(7*x)')],
      });
      using solution = await solve(posed, {
        optimizer: adam({iterations: 200, learningRate: 1e-2}),
        dtype: 'float64',
        device: 'cpu',
      });
      return solution.loss;
    };
    const [ours, theirs] = [await trained(wasm()), await trained(native)];
    expect(ours / theirs).toBeCloseTo(1, 6);
  });

  it('refuses what the native build refuses, in the same words', async () => {
    const failure = async (pose: typeof equation): Promise<unknown> =>
      pose({...HEAT, equations: ['u_t = 0.1*u_xxx +']}).then(
        () => undefined,
        (error: unknown) => ({code: (error as native.DinfError).code, message: (error as Error).message}),
      );
    expect(await failure(wasm().equation)).toEqual(await failure(equation));
    const {problem, rbfGrid, term, gauss, solve} = wasm();
    const huge = problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 16_384, levels: 1}),
      terms: [term(gauss(1), 'u_x + u_y = 1')],
    });
    await expect(solve(huge)).rejects.toMatchObject({code: 'OUT_OF_MEMORY', message: expect.stringContaining('4.0 GiB')});
  });

  it('is there without waiting, and with', async () => {
    await wasm().ready();
    await wasm().ready();
    expect((await membraneOf(wasm(), 'float64')).values[0]).toBeCloseTo(1, 3);
    await expect(freshEntry().ready('data:application/wasm;base64,AAAA')).rejects.toMatchObject({code: 'NO_NATIVE_BUILD'});
  });
});

/** One entry for all tests of the file. */
function describeEntry(): () => ReturnType<typeof wasmEntry> {
  let entry: ReturnType<typeof wasmEntry> | undefined;
  return () => (entry ??= wasmEntry());
}

function freshEntry(): ReturnType<typeof wasmEntry> {
  let entry: ReturnType<typeof wasmEntry> | undefined;
  jest.isolateModules(() => {
    entry = wasmEntry();
  });
  return entry!;
}

describeBuilt('the package where no binary fits', () => {
  const folder = temporaryFolder('folder');
  const run = (...args: string[]): {status: number | null; stdout: string; stderr: string} => {
    const {status, stdout, stderr} = spawnSync(process.execPath, args, {cwd: folder, encoding: 'utf8'});
    return {status, stdout, stderr};
  };
  const main = path.join('dist', 'cli', 'main.js');
  beforeAll(() => {
    fs.cpSync(path.join(ROOT, 'dist'), path.join(folder, 'dist'), {recursive: true});
    fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  });

  it('takes WebAssembly, and says so', () => {
    expect(run(main, 'info').stdout).toMatch(
      /^instructionSet +wasm-simd128\n(.*\n)*WebAssembly +no native binary loads on .*: one thread, about .* times slower/m,
    );
    const {equations, domain, where} = HEAT;
    const solved = run(
      ...[main, 'solve', '--equation', equations[0], '--domain', domain, '--where', where[0], '--where', where[1]],
      ...['--out', 'out', '--json', '--quiet'],
    );
    expect(solved).toMatchObject({status: 0});
    expect(JSON.parse(solved.stdout)).toMatchObject({
      errorEstimate: {met: true},
      notes: expect.arrayContaining([expect.stringMatching(/WebAssembly on one thread.*no native binary loads/)]),
    });
  });

  it('says what is missing where there is no WebAssembly either', () => {
    fs.rmSync(path.join(folder, 'dist', 'wasm', 'addon.cjs'));
    const {status, stderr} = run(main, 'info');
    expect(status).not.toBe(0);
    expect(stderr).toContain("'npx dinf-grid build'");
    fs.copyFileSync(path.join(BUILT, 'addon.cjs'), path.join(folder, 'dist', 'wasm', 'addon.cjs'));
  });
});
