import {spawn} from 'node:child_process';
import {chmodSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import {comparedSystems, compareFields} from '../../lib/api/comparisons';
import {findPython, tracePeer} from '../../lib/comparisons/peers';
import type {PeerTask} from '../../lib/comparisons/system';
import {decodeImage} from '../../lib/files/image';
import {temporaryFolder} from '../support/temporary-folder';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const folder = temporaryFolder();

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

function cli(args: string[], onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, 'bench', 'siren', ...args], {cwd: folder});
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
      onStderr?.(stderr, (signal) => child.kill(signal));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({code, stdout, stderr});
    });
  });
}

interface Line {
  system: string;
  field: string;
  reason?: string;
  error?: {median: number};
  runs?: {seed: number; checkpoints: number[][]}[];
  machine: {cpu: string};
}

describe('dinf-grid bench siren', () => {
  it('races all fields, and leaves curves, pictures, tables and a page', async () => {
    const {code, stdout, stderr} = await cli([
      '--only',
      'fit,heat',
      '--seconds',
      '0.1',
      '--seeds',
      '1',
      '--no-peers',
      '--json',
      '--out',
      'fit',
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain('fit, Siren, seed 0, about');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const fields = ['grid', 'siren', 'pinn', 'hat', 'paper', 'pytorch-siren', 'pytorch-paper'];
    expect(lines.map(({system, field}) => `${system} ${field}`)).toEqual(
      ['fit', 'heat'].flatMap((system) => fields.map((field) => `${system} ${field}`)),
    );
    expect(lines[0].error!.median).toBeLessThan(1e-5); // it interpolates
    expect(lines[1].error!.median).toBeGreaterThan(1e-3);
    expect(lines[1].runs![0].checkpoints.length).toBeGreaterThan(0);
    expect(lines[5].reason).toBe('none written for this system');
    expect(lines[10].reason).toContain('u_xx vanish inside every cell');
    expect(lines[0].machine.cpu).not.toBe('');
    const written = readdirSync(path.join(folder, 'fit')).sort();
    expect(written).toEqual(['curves.png', 'fit.png', 'heat.png', 'report.html', 'siren.csv', 'siren.jsonl', 'siren.tex']);
    expect(
      readFileSync(path.join(folder, 'fit', 'siren.jsonl'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(14);
    const picture = decodeImage(readFileSync(path.join(folder, 'fit', 'fit.png')), 'fit.png');
    expect(picture.width).toBeGreaterThan(6 * 200); // truth and five fields
    expect(readFileSync(path.join(folder, 'fit', 'report.html'), 'utf8')).toContain('<span>--only</span> fit,heat');
  });

  it('keeps the fields that were done when it is interrupted', async () => {
    let killed = false;
    const {code, stdout, stderr} = await cli(
      ['--only', 'fit', '--seconds', '60', '--no-peers', '--out', 'stopped'],
      (text, kill) => {
        if (killed || !text.includes('fit, Siren, seed 0')) return;
        killed = true; // a second one ends it at once
        kill('SIGINT');
      },
    );
    expect(code).toBe(130);
    expect(stderr).toContain('interrupted: 1 of 1 systems have results');
    expect(stdout).toMatch(/fit +grid/);
    expect(stdout).not.toMatch(/fit +Siren/);
    expect(readFileSync(path.join(folder, 'stopped', 'report.html'), 'utf8')).toContain('stopped before its end');
  });

  it('says what is wrong with its options, before anything is done', async () => {
    const outcomes = await Promise.all([
      cli(['--only', 'heet']),
      cli(['--seeds', '0']),
      cli(['--no-peers', '--python', 'python3']),
      cli(['--device', 'cuda:99']),
    ]);
    expect(outcomes.map(({code}) => code)).toEqual([2, 2, 2, 3]);
    expect(outcomes[0].stderr).toContain("no system is called 'heet', did you mean 'heat'? They are poisson-gradient,");
    expect(outcomes[1].stderr).toContain('--seeds is a whole number of at least 1');
    expect(outcomes[2].stderr).toContain('give one of them');
    expect(readdirSync(folder)).not.toContain('out');
  });
});

describe('compareFields', () => {
  it('lists its systems, and refuses what it does not know', async () => {
    expect(comparedSystems().map(({name}) => name)).toContain('zalesak');
    await expect(compareFields({only: []})).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    await expect(compareFields({seed: 1} as never)).rejects.toMatchObject({code: 'UNKNOWN_OPTION'});
  });
});

describe('peers', () => {
  /** Stands in for Python: says what it was asked, a second an iteration, and predicts a ramp. */
  const stub = (body: string): string => {
    const file = path.join(folder, `python-${Math.random()}.cjs`);
    writeFileSync(file, `#!${process.execPath}\n${body}`);
    chmodSync(file, 0o755);
    return file;
  };
  const PREDICTS = `
    const words = process.argv.slice(2);
    const of = (flag) => words[words.indexOf('--' + flag) + 1];
    const {npyHeader, npyBytes} = require(${JSON.stringify(path.join(__dirname, '..', '..', 'dist', 'files', 'npy.js'))});
    const fs = require('node:fs');
    fs.mkdirSync(of('out'), {recursive: true});
    const values = Float32Array.from({length: 4}, (_, i) => i / Number(of('iterations')));
    fs.writeFileSync(of('out') + '/prediction.npy', Buffer.concat([npyHeader([2, 2], 'float32'), npyBytes(values)]));
    console.log('a line of chatter');
    console.log(JSON.stringify({parameters: Number(of('width')), secondsPerIteration: {median: 0.5}}));`;
  const task: PeerTask = {
    image: {width: 2, height: 2, channels: 1, data: Float64Array.of(0, 0, 0, 1)},
    siren: {width: 11, hiddenLayers: 1, learningRate: 1e-3},
    grid: {resolution: 8, levels: 2, features: 2, learningRate: 1e-2},
    error: (prediction) => prediction[3],
    picture: () => ({width: 1, height: 1, channels: 1, data: Uint8Array.of(0)}),
  };
  const run = {seed: 3, seconds: 10, device: 'cpu', threads: 1, mostIterations: 1000} as const;

  it('run longer and longer within their seconds, and are judged by what they predict', async () => {
    const python = {command: stub(PREDICTS), torch: '9'};
    const {run: found} = await tracePeer('pytorch-siren', python, task, run);
    expect(found.checkpoints.map(({iterations, seconds}) => [iterations, seconds])).toEqual([[2, 1], [8, 4], [20, 10]]); // prettier-ignore
    expect(found.checkpoints[1].error).toBeCloseTo(3 / 8, 6);
    expect(found).toMatchObject({seed: 3, stopReason: 'seconds', unknowns: 11});
  });

  it('are left out where there is no Python, or no torch in it, and say so where a script fails', async () => {
    expect(await findPython(path.join(folder, 'none'))).toContain('was not found, and torch, numpy and scipy neither');
    await expect(compareFields({only: ['fit']}, {python: path.join(folder, 'none')})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await findPython(stub('process.exit(1)'))).toContain('cannot import torch');
    expect(await findPython(stub("console.log('2.13')"))).toMatchObject({torch: '2.13'});
    const python = {command: stub("console.error('no such image'); process.exit(2)"), torch: '9'};
    await expect(tracePeer('pytorch-paper', python, task, run)).rejects.toMatchObject({
      message: "PyTorch's peer failed: no such image",
    });
  });
});
