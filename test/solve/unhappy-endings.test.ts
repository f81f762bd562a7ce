/** What a solve leaves behind when it does not end well: files that can be read, and fields that are not lost. */
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import type {Problem, SolveOptions} from '../../lib';
import {
  adam,
  bspline,
  gauss,
  gaussNewton,
  lbfgs,
  leastSquares,
  loadSolution,
  mlpDecoder,
  points as pointSamples,
  problem,
  rbfGrid,
  readCheckpoint,
  solve,
  term,
} from '../../lib';
import {decodeSafetensors, encodeSafetensors} from '../../lib/files/safetensors';
import {writeCheckpoint} from '../../lib/solve/checkpoint/checkpoint';
import {temporaryFolder} from '../support/temporary-folder';

const folder = temporaryFolder();
const file = path.join(folder, 'field.safetensors');

const posed = (equation: string, {mlp = false, loss = 'square'}: {mlp?: boolean; loss?: 'square' | 'abs'} = {}): Problem =>
  problem({
    domain: {x: [0, 1]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 8, kernel: bspline(5), initialScale: 1}),
    decoder: mlp ? mlpDecoder({hidden: [4]}) : undefined,
    terms: [term(gauss(3), equation, {loss})],
  });
const once: SolveOptions = {threads: 1, device: 'cpu'};

describe('a saved field', () => {
  it.each([
    ['least squares without a finite loss', '1e38*u=1', true, 'square', leastSquares({iterations: 20}), 'losses'],
    ['Gauss–Newton that broke down', 'u_xx=log(u)', false, 'square', gaussNewton({steps: 5, iterations: 20}), 'losses'],
    ['L-BFGS that broke down', 'u=1/x-1/(u*0)', false, 'square', lbfgs({iterations: 20}), 'nothing'],
    ['a loss that overflowed', 'u_xx=1e30', true, 'square', leastSquares({iterations: 20}), 'losses'],
    ['Adam that diverged', 'u_x=u^2+exp(100*u)', true, 'square', adam({iterations: 300, learningRate: 100}), 'nothing'],
    ["moments of Adam's that overflowed", '1e38*u=1', true, 'abs', adam({iterations: 5}), 'moments'],
  ] as const)('is read and gone on from after %s', async (_, equation, mlp, loss, optimizer, broken) => {
    using solution = await solve(posed(equation, {mlp, loss}), {...once, optimizer});
    await solution.save(file);
    const {standing} = await readCheckpoint(file);
    expect(standing).toMatchObject({stopReason: solution.stopReason, loss: solution.loss, losses: solution.losses});
    expect(standing.losses.loss.every(Number.isFinite)).toBe(broken !== 'losses');
    expect((standing.optimizer?.second ?? new Float64Array()).every(Number.isFinite)).toBe(broken !== 'moments');
    using loaded = await loadSolution(file, {threads: 1, device: 'cpu'});
    expect(await loaded.evaluate([0.3])).toEqual(await solution.evaluate([0.3]));
    const further = adam({iterations: 3, learningRate: 1e-30});
    using resumed = await solve(posed(equation, {mlp, loss}), {...once, resume: file, optimizer: further});
    expect(resumed.iterations).toBeGreaterThanOrEqual(solution.iterations);
  });

  it('gives back losses and moments that are not finite, value by value', async () => {
    using solution = await solve(posed('u=x'), {...once, optimizer: adam({iterations: 5})});
    const checkpoint = await solution.checkpoint();
    const strange = (length: number): Float64Array => Float64Array.from({length}, (_, i) => [NaN, Infinity, -Infinity, 1][i % 4]);
    const count = checkpoint.parameters.length;
    const optimizer = {
      ...checkpoint.standing.optimizer!,
      ...{bestMean: -Infinity, windowSum: NaN},
      ...{first: strange(count), second: strange(count), best: strange(count), current: strange(count)},
    };
    const losses = {iteration: Float64Array.of(0, 1, 2, 3), loss: strange(4)};
    const standing = {...checkpoint.standing, loss: Infinity, losses, optimizer};
    await writeCheckpoint(file, {...checkpoint, standing});
    expect((await readCheckpoint(file)).standing).toEqual(standing);
    // Such moments are no state to go on from: Adam's stage begins anew.
    using resumed = await solve(posed('u=x'), {...once, resume: file, optimizer: adam({iterations: 7})});
    expect(resumed.iterations).toBe(5 + 7);
  });

  it('is refused when its problem has more parameters than it holds, before memory is taken for them', async () => {
    using solution = await solve(posed('u=x'), {...once, optimizer: adam({iterations: 1})});
    await solution.save(file);
    const {tensors, metadata} = decodeSafetensors(readFileSync(file), file);
    const larger = metadata.problem.replace('"resolution":8', '"resolution":1048576');
    writeFileSync(file, encodeSafetensors({tensors, metadata: {...metadata, problem: larger}}));
    await expect(loadSolution(file)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringMatching(/its fields have 1048576 parameters at least, and it holds \d\d\b/),
    });
  });

  it('is not made of a problem whose arrays were written into after they were checked', async () => {
    const data = {f: Float64Array.of(1, 2)};
    const points = pointSamples([0.25, 0.75]);
    const changed = problem({
      domain: {x: [0, 1]},
      unknowns: ['u'],
      field: rbfGrid({resolution: 4, kernel: bspline(3)}),
      terms: [term(points, 'u = f', {data})],
    });
    using solution = await solve(changed, once);
    (changed.spec.terms[0].data as {f: Float64Array}).f[1] = NaN;
    await expect(solution.save(file)).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringContaining('NaN at 1') as string,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not made of a field that is not finite, and says where it broke', async () => {
    using solution = await solve(posed('u=x'), {...once, optimizer: adam({iterations: 5})});
    const checkpoint = await solution.checkpoint();
    const parameters = checkpoint.parameters.slice();
    parameters[3] = NaN;
    parameters[5] = Infinity;
    const standing = {...checkpoint.standing, stopReason: 'diverged' as const, message: "term 'equation' is not finite"};
    const count = parameters.length;
    await expect(writeCheckpoint(file, {...checkpoint, parameters, standing})).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(
        new RegExp(`2 of its ${count} parameters are not finite, the first in '.+'\\. The solve diverged: term 'equation'`),
      ),
    });
    expect(existsSync(file)).toBe(false);
  });
});

describe('a checkpoint that cannot be written', () => {
  const long = adam({iterations: 1e8});

  it.each([
    ['a folder that is not there', path.join(folder, 'none', 'x.safetensors'), 'FILE_UNWRITABLE'],
    ['a folder', folder, 'FILE_UNWRITABLE'],
    ['in /proc', '/proc/x.safetensors', 'FILE_UNWRITABLE'],
    ['no file', undefined, 'INVALID_ARGUMENT'],
    ['a number', 5, 'INVALID_ARGUMENT'],
  ])('is refused before the solve begins: %s', async (_, place, code) => {
    let iterations = 0;
    const running = solve(posed('u=x'), {
      ...once,
      optimizer: long,
      checkpoint: {file: place as string, everySeconds: 0.1},
      onProgress: ({iteration}) => {
        iterations = iteration;
      },
    });
    await expect(running).rejects.toMatchObject({name: 'DinfError', code});
    expect(iterations).toBe(0);
  });

  it('leaves nothing where it was found that it can', async () => {
    const controller = new AbortController();
    const running = solve(posed('u=x'), {
      ...once,
      optimizer: long,
      checkpoint: {file, everySeconds: 1000},
      signal: controller.signal,
      onProgress: () => {
        controller.abort();
      },
    });
    (await running).dispose();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('later is a note of the solution, and the solve goes on', async () => {
    const place = path.join(folder, 'place');
    mkdirSync(place);
    const controller = new AbortController();
    let checkpoints = 0;
    const timer = setInterval(() => {
      if (existsSync(path.join(place, 'x.safetensors'))) rmSync(place, {recursive: true});
      else if (!existsSync(place) && ++checkpoints > 20) controller.abort();
    }, 20);
    using solution = await solve(posed('u=x'), {
      ...once,
      optimizer: long,
      checkpoint: {file: path.join(place, 'x.safetensors'), everySeconds: 0.1},
      signal: controller.signal,
    });
    clearInterval(timer);
    expect(solution.stopReason).toBe('aborted');
    const note = /^(\d+) of (\d+) checkpoints could not be written: Cannot write .+x\.safetensors: its folder .+ does not exist/;
    const found = solution.notes.map((text) => note.exec(text)).find((match) => match !== null);
    expect(Number(found?.[1])).toBeGreaterThan(0);
    expect(Number(found?.[2])).toBeGreaterThan(Number(found?.[1])); // one was written before the folder went
    expect(Math.abs((await solution.evaluate([0.3])).u[0] - 0.3)).toBeLessThan(0.01);
  });
});
