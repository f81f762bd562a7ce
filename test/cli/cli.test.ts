import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {deflateSync} from 'node:zlib';
import {decodeImage, encodePng} from '../../lib/files/image';
import {renderScene} from '../../lib/imaging/scene/scene';
import {readNpy} from '../../lib/files/npy';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dinf-cli-'));
});
afterEach(() => {
  rmSync(folder, {recursive: true, force: true});
});

/** Runs the command line in a folder of its own. */
function cli(args: string[], onStart?: (kill: (signal: NodeJS.Signals) => void, stderr: () => string) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {cwd: folder});
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({code, stdout, stderr});
    });
    onStart?.(
      (signal) => child.kill(signal),
      () => stderr,
    );
  });
}

function sceneFile(size = 64): string {
  const file = path.join(folder, 'scene.png');
  writeFileSync(file, encodePng(renderScene(size)));
  return file;
}

describe('dinf-grid solve poisson', () => {
  it('writes pictures, arrays and a report, and prints one JSON object', async () => {
    const {code, stdout, stderr} = await cli([
      'solve',
      'poisson',
      '--image',
      sceneFile(),
      '--json',
      '--quiet',
      '--seed',
      '5',
      '--out',
      'result',
    ]);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const result = JSON.parse(stdout) as Record<string, unknown> & {metrics: Record<string, number>; outputs: string[]};
    expect(result).toMatchObject({
      problem: 'poisson',
      device: 'cpu',
      dtype: 'float32',
      optimizer: 'lsq',
      seed: 5,
      stopReason: 'iterations',
    });
    for (const key of ['iterations', 'seconds', 'parameters', 'samplesPerIteration', 'loss'])
      expect(result[key]).toEqual(expect.any(Number));
    expect(Object.keys(result.metrics)).toEqual([
      'psnr',
      'psnrPaper',
      'psnrPaperCeiling',
      'psnrAffine',
      'ssim',
      'ssimPaper',
      'ssimPaperCeiling',
    ]);
    expect(result.metrics.psnr).toBeGreaterThan(60);
    expect(readdirSync(path.join(folder, 'result')).sort()).toEqual(result.outputs.map((file) => path.basename(file)).sort());
    const picture = decodeImage(readFileSync(path.join(folder, 'result', 'reconstruction.png')), 'reconstruction.png');
    expect([picture.width, picture.height, picture.bitDepth]).toEqual([64, 64, 8]);
    expect((await readNpy(path.join(folder, 'result', 'reconstruction.npy'))).shape).toEqual([64, 64]);
    const report = readFileSync(path.join(folder, 'result', 'report.html'), 'utf8');
    expect(report).toContain('data:image/png;base64,');
    expect(report).toContain('dinf-grid solve poisson');
  });

  it.each([
    ['laplacian', 'differences', 'lsq'],
    ['laplacian', 'sobel', 'adam'],
    ['gradient', 'sobel', 'adam,lsq'],
    ['gradient', 'sobel', 'gauss-newton'],
  ])('%s by %s with %s', async (supervision, target, optimizer) => {
    const {code, stdout} = await cli([
      'solve',
      'poisson',
      '--image',
      sceneFile(48),
      '--json',
      '--supervision',
      supervision,
      '--target',
      target,
      '--optimizer',
      optimizer,
      '--iterations',
      '20',
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as {optimizer: string; metrics: {psnrPaper: number}};
    expect(result.optimizer).toBe(optimizer);
    expect(Number.isFinite(result.metrics.psnrPaper)).toBe(true);
  });

  it('prints figures for people without --json, and the headline on stderr', async () => {
    const {code, stdout, stderr} = await cli(['solve', 'poisson', '--image', sceneFile()]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/psnr \d+\.\d\d dB.*ssim/);
    expect(stdout).toContain(path.join('out', 'poisson', 'report.html'));
    expect(stderr).toContain('gray image of 64 × 64 from its gradient');
  });

  it('keeps its best on Ctrl-C, writes the pictures and exits 130', async () => {
    const {code, stdout} = await cli(
      ['solve', 'poisson', '--image', sceneFile(), '--preset', 'paper', '--iterations', '10000000', '--json', '--out', 'cut'],
      (kill, stderr) => {
        const timer = setInterval(() => {
          if (!stderr().includes('left')) return; // the first progress line: iterations are running
          clearInterval(timer);
          kill('SIGINT');
        }, 50);
      },
    );
    expect(code).toBe(130);
    const result = JSON.parse(stdout) as {stopReason: string; iterations: number};
    expect(result.stopReason).toBe('aborted');
    expect(result.iterations).toBeGreaterThan(0);
    expect(existsSync(path.join(folder, 'cut', 'comparison.png'))).toBe(true);
  });

  it('exits 4 with the last good field when the solve diverges', async () => {
    const {code, stderr, stdout} = await cli([
      'solve',
      'poisson',
      '--image',
      sceneFile(),
      '--preset',
      'paper',
      '--iterations',
      '50',
      '--json',
      '--learning-rate',
      '1e30',
    ]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/not finite at iteration \d+, term 'gradient' at \(/);
    const {stopReason, metrics} = JSON.parse(stdout) as {stopReason: string; metrics: {psnrPaper: number}};
    expect(stopReason).toBe('diverged');
    expect(Number.isFinite(metrics.psnrPaper)).toBe(true);
  });
});

describe('usage and failures', () => {
  it.each([
    [['solve', 'poisson', '--imge', 'x.png'], 2, /unknown option '--imge'[\s\S]*--image/],
    [['solve', 'nope'], 2, /no problem is called 'nope'/],
    [['solve'], 2, /name a problem/],
    [['frobnicate'], 2, /unknown command/],
    [['solve', 'poisson', '--optimizer', 'adm'], 2, /adam, lsq, gauss-newton/],
    [['solve', 'poisson', '--levels', '0'], 2, /at least 1/],
    [['solve', 'poisson', '--kernel', 'bspline:4'], 2, /3, 5, 7 or 9/],
    [['solve', 'poisson', '--resolution', '1000', '--levels', '6'], 2, /use 1024, or fewer levels/],
    [['solve', 'poisson', '--resolution', '100'], 2, /at least 511 here.*pixels/],
    [['solve', 'poisson', '--iterations', '3,4'], 2, /2 numbers for 1 optimizers/],
    [['solve', 'poisson', '--image', 'missing.png'], 1, /missing\.png/],
    [['solve', 'poisson', '--device', 'cuda:99'], 3, /there is no cuda:99/],
    [['solve', 'poisson', '--device', 'gpu'], 2, /auto, cpu, cuda/],
  ])('%j exits %i', async (args, expected, message) => {
    const {code, stdout, stderr} = await cli(args);
    expect({code, stdout}).toEqual({code: expected, stdout: ''});
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/at .*\.js:\d+/); // no stack traces at users
    expect(readdirSync(folder)).toEqual([]); // nothing half-written
  });

  it('a file that is no image', async () => {
    const file = path.join(folder, 'text.png');
    writeFileSync(file, 'this is no image');
    const {code, stderr} = await cli(['solve', 'poisson', '--image', file]);
    expect(code).toBe(1);
    expect(stderr).toContain('text.png');
    expect(readdirSync(folder)).toEqual(['text.png']);
  });

  it('a 1 × 1 image', async () => {
    const file = path.join(folder, 'one.png');
    writeFileSync(file, encodePng({width: 1, height: 1, channels: 1, data: new Float64Array([0.5])}));
    const {code, stderr} = await cli(['solve', 'poisson', '--image', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/1 × 1.*larger image/);
  });

  it('an image of 20 000 × 20 000 pixels, from its header alone', async () => {
    const file = path.join(folder, 'huge.png');
    writeFileSync(file, hugePng(20_000));
    const {code, stderr} = await cli(['solve', 'poisson', '--image', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/20000 × 20000.*GiB.*scale the image down/);
  });

  it('an output folder that cannot be made', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const {code, stderr} = await cli([
      'solve',
      'poisson',
      '--image',
      sceneFile(),
      '--quiet',
      '--out',
      path.join('file', 'deeper'),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/another --out/);
  });
});

describe('list and info', () => {
  it('name the problems', async () => {
    expect((await cli(['list'])).stdout).toMatch(/^poisson /m);
    expect(JSON.parse((await cli(['list', '--json'])).stdout)).toContainEqual(expect.objectContaining({name: 'poisson'}));
  });
  it('tell devices and versions', async () => {
    const info = JSON.parse((await cli(['info', '--json'])).stdout) as Record<string, unknown>;
    expect(info).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.version,
      threads: expect.any(Number),
    });
    expect(info).toMatchObject({cuda: expect.any(String), cudaDevices: expect.any(Array)});
    expect((await cli(['info'])).stdout).toMatch(/^cuda +\S/m);
  });
});

/** A PNG whose header promises size × size pixels; its data are a valid stream of far fewer. */
function hugePng(size: number): Buffer {
  const table = Array.from({length: 256}, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    let crc = 0xffffffff;
    for (const byte of body) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    const tail = Buffer.alloc(8);
    tail.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    return Buffer.concat([head, body, tail.subarray(0, 4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
