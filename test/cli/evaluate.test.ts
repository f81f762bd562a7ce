/** `dinf-grid evaluate` against the library's own evaluation, and what it says of bad points. */
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {bspline, gauss, lattice, leastSquares, linspace, loadSolution, problem, rbfGrid, solve, term} from '../../lib';
import type {Solution} from '../../lib';
import {readNpy, writeNpy} from '../../lib/files/npy';
import {cli} from './support';

let shared: string;
let field: string;
let solution: Solution;
beforeAll(async () => {
  shared = mkdtempSync(path.join(os.tmpdir(), 'dinf-field-'));
  field = path.join(shared, 'field.safetensors');
  const posed = problem({
    domain: {t: [0, 1], x: [-Math.PI, Math.PI]},
    unknowns: ['u'],
    field: rbfGrid({resolution: 16, kernel: bspline(7)}),
    uniforms: {alpha: 0.1},
    lift: {u: 'sin(x) + t*(x + pi)*(x - pi)*u'},
    terms: [term(gauss(4), 'u_t = alpha*u_xx')],
  });
  using solved = await solve(posed, {optimizer: leastSquares({iterations: 300}), dtype: 'float64'});
  await solved.save(field);
  solution = await loadSolution(field);
});
afterAll(() => {
  solution.dispose();
  rmSync(shared, {recursive: true, force: true});
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dinf-evaluate-'));
});
afterEach(() => {
  rmSync(folder, {recursive: true, force: true});
});

const write = (name: string, text: string | Uint8Array): string => {
  writeFileSync(path.join(folder, name), text);
  return name;
};
/** A table of numbers from CSV text, and its header. */
function table(text: string): {header: string; rows: number[][]} {
  const [header, ...lines] = text.trimEnd().split('\n');
  return {header, rows: lines.map((line) => line.split(',').map(Number))};
}
const EXPRESSIONS = ['u', 'u_xx', 'd(u, x, 4)', 'u_t - alpha*u_xx'];
const E = EXPRESSIONS.flatMap((text) => ['-e', text]);

async function expected(points: readonly number[]): Promise<Float64Array[]> {
  const values = await solution.evaluate(points, {expressions: EXPRESSIONS});
  return EXPRESSIONS.map((text) => values[text]);
}

describe('points from text', () => {
  const POINTS = [0, 0.5, 0.25, -3, 1, 2.75];
  it.each([
    ['commas, no header', '0,0.5\n0.25,-3\n1,2.75\n'],
    ['a header in another order, more columns, Windows line ends', 'x,note,t\r\n0.5,"a, b",0\r\n-3,,0.25\r\n2.75,c,1'],
    ['semicolons and quotes', '"T";"X"\n0;0.5\n0.25;-3\n1;2.75\n'],
    ['tabs', 't\tx\n0\t0.5\n0.25\t-3\n1\t2.75\n'],
    ['runs of spaces, comments, empty lines, a byte order mark', '\uFEFF# probes\n 0   0.5\n\n0.25 -3\n# end\n1e0  275e-2  \n'],
  ])('%s', async (_, text) => {
    const {code, stdout, stderr} = await cli(folder, ['evaluate', field, '--points', write('p.csv', text), ...E]);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    const {header, rows} = table(stdout);
    expect(header).toBe('t,x,u,u_xx,"d(u, x, 4)",u_t - alpha*u_xx');
    const values = await expected(POINTS);
    // Shortest texts that read back as the very same numbers.
    expect(rows).toEqual([0, 1, 2].map((i) => [POINTS[2 * i], POINTS[2 * i + 1], ...values.map((column) => column[i])]));
    expect(rows[0][2]).toBeCloseTo(Math.sin(0.5), 6);
    expect(rows[0][3]).toBeCloseTo(-Math.sin(0.5), 3);
  });

  it.each<[string, string | Uint8Array, number, RegExp]>([
    ['a word', '0,0.5\n1,here\n', 1, /line 2, column 2 \(x\): 'here' is no finite number/],
    ['a decimal comma', 't;x\n0;1\n0,5;1\n', 1, /line 3, column 1 \(t\): '0,5' .*decimals with a point/],
    ['nan', 'x,t\n1,0\nnan,0\n', 1, /line 3, column 1 \(x\): 'nan'/],
    ['an empty cell', '0,\n', 1, /line 1, column 2: ''/],
    ['a short row', '0,1\n\n0\n', 1, /line 3 has 1 columns instead of 2/],
    ['three columns without names', '0,1,2\n', 1, /3 columns instead of 2: name the coordinates t, x in a header/],
    ['a header without x', 't,y\n0,1\n', 1, /header t, y, names no x/],
    ['a header with x twice', 't,x,x\n0,1,1\n', 1, /more than one x/],
    ['an open quote', 't,x\n0,"1\n', 1, /Quote Not Closed/],
    ['no points', 't,x\n', 1, /no points/],
    ['nothing', '', 1, /it is empty/],
    ['no text', Uint8Array.of(1, 2, 0, 3), 1, /no text/],
    ['outside', 't,x\n0,1\n0.5,3.5\n', 2, /p\.csv, row 2 \(line 3\): x = 3\.5 is outside the domain \[-3\.14.*--outside nan/],
  ])('%s is refused, and nothing is written', async (_, text, expectedCode, message) => {
    write('p.csv', text);
    for (const out of [[], ['--out', 'o.npy']]) {
      const {code, stdout, stderr} = await cli(folder, ['evaluate', field, '--points', 'p.csv', ...out]);
      expect({code, stdout}).toEqual({code: expectedCode, stdout: ''});
      expect(stderr).toMatch(message);
      expect(readdirSync(folder)).toEqual(['p.csv']);
    }
  });

  it('has nan outside where it is asked to', async () => {
    const points = write('p.csv', '0,0.5\n2,0\n1,1\n0,-4\n');
    const {code, stdout} = await cli(folder, [
      'evaluate',
      field,
      '--points',
      points,
      '--outside',
      'nan',
      '--out',
      'o.csv',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({points: 4, outside: 2, expressions: [{expression: 'u', notFinite: 0}]});
    const {rows} = table(readFileSync(path.join(folder, 'o.csv'), 'utf8'));
    expect(rows.map((row) => Number.isNaN(row[2]))).toEqual([false, true, false, true]);
    expect([rows[0][2], rows[2][2]]).toEqual([...(await expected([0, 0.5, 1, 1]))[0]]);
  });
});

describe('many points', () => {
  it('are evaluated in batches, from CSV and .npy alike, in float64 and float32, row-major and Fortran order', async () => {
    const n = 150_000; // more than two batches
    const points = Float64Array.from({length: 2 * n}, (_, i) =>
      i % 2 === 0 ? Math.fround(((i * 7919) % n) / n) : Math.fround((6 * ((i * 104_729) % n)) / n - 3),
    );
    await writeNpy(path.join(folder, 'p.npy'), points, [n, 2]);
    await writeNpy(path.join(folder, 'p32.npy'), Float32Array.from(points), [n, 2]);
    const columns = Float64Array.from({length: 2 * n}, (_, i) => points[2 * (i % n) + Math.floor(i / n)]);
    await writeNpy(path.join(folder, 'f.npy'), columns, [n, 2]);
    const file = path.join(folder, 'f.npy');
    writeFileSync(file, Buffer.from(readFileSync(file).toString('latin1').replace('False, ', 'True,  '), 'latin1'));
    write('p.csv', `t,x\n${Array.from({length: n}, (_, i) => `${points[2 * i]},${points[2 * i + 1]}`).join('\n')}\n`);
    for (const name of ['p.npy', 'p32.npy', 'f.npy', 'p.csv']) {
      const {code, stdout} = await cli(folder, ['evaluate', field, '--points', name, ...E, '--out', `${name}.npy`, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({points: n, outputs: [`${name}.npy`]});
    }
    const whole = await expected([...points]);
    const {data, shape} = await readNpy(path.join(folder, 'p.npy.npy'));
    expect(shape).toEqual([n, EXPRESSIONS.length]);
    const worst = whole.map((column, e) =>
      column.reduce((m, value, i) => Math.max(m, Math.abs(data[i * shape[1] + e] - value)), 0),
    );
    expect(Math.max(...worst)).toBe(0);
    const first = readFileSync(path.join(folder, 'p.npy.npy'));
    for (const name of ['p32.npy', 'f.npy', 'p.csv']) {
      expect(readFileSync(path.join(folder, `${name}.npy`)).equals(first)).toBe(true);
    }
  });

  it('leave nothing behind when it is interrupted', async () => {
    const {code, stdout, stderr} = await cli(
      folder,
      ['evaluate', field, '--grid', 't:20000,x:20000', '--out', 'o.npy'],
      (kill, so) => {
        if (so.stderr.includes('left')) kill('SIGINT');
      },
    );
    expect({code, stdout}).toEqual({code: 130, stdout: ''});
    expect(stderr).toMatch(/\d+% evaluated, .*left\n[^]*interrupted/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each<[string, Float64Array | Float32Array, number[], number, RegExp]>([
    ['of three coordinates', new Float64Array(6), [2, 3], 1, /shape is \(2, 3\), and must be \(n, 2\) for the coordinates t, x/],
    ['not finite', Float64Array.of(0, 0, 0, NaN), [2, 2], 1, /points\[1\] has x = NaN/],
    ['outside', Float64Array.of(0, 0, 0, 4), [2, 2], 2, /points\[1\]: x = 4 is outside/],
    ['none', new Float64Array(0), [0, 2], 1, /no points/],
  ])('.npy %s', async (_, data, shape, expectedCode, message) => {
    await writeNpy(path.join(folder, 'p.npy'), data, shape);
    const {code, stdout, stderr} = await cli(folder, ['evaluate', field, '--points', 'p.npy', '--out', 'o.npy']);
    expect({code, stdout}).toEqual({code: expectedCode, stdout: ''});
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual(['p.npy']);
  });

  it('.npy in float32 may hold the rounded bounds of the domain', async () => {
    await writeNpy(path.join(folder, 'p.npy'), Float32Array.of(0, Math.PI, 1, -Math.PI), [2, 2]);
    const {code, stdout} = await cli(folder, ['evaluate', field, '--points', 'p.npy']);
    expect(code).toBe(0);
    expect(table(stdout).rows.map((row) => row[1])).toEqual([Math.PI, -Math.PI]);
  });
});

describe('--grid', () => {
  it('is a lattice in the order of the domain', async () => {
    for (const out of ['g.npy', 'g.csv', 'g.vti']) {
      const {code} = await cli(folder, ['evaluate', field, '--grid', 'x=-pi..pi:401,t:301', ...E, '--out', out]);
      expect(code).toBe(0);
    }
    const axes = lattice([linspace(0, 1, 301), linspace(-Math.PI, Math.PI, 401)]);
    const values = await solution.evaluate(axes, {expressions: EXPRESSIONS});
    const {data, shape} = await readNpy(path.join(folder, 'g.npy'));
    expect(shape).toEqual([301, 401, 4]);
    EXPRESSIONS.forEach((text, e) => {
      const scale = values[text].reduce((m, value) => Math.max(m, Math.abs(value)), 0);
      values[text].forEach((value, i) => {
        if (Math.abs(data[4 * i + e] - value) > 1e-12 * scale) throw new Error(`${text} differs at ${i}`);
      });
    });
    const {rows} = table(readFileSync(path.join(folder, 'g.csv'), 'utf8'));
    expect(rows).toHaveLength(301 * 401);
    expect(rows[402].slice(0, 2)).toEqual([1 / 300, linspace(-Math.PI, Math.PI, 401)[1]]);
    expect(rows.every((row, i) => row[2] === data[4 * i])).toBe(true);
    expect(readFileSync(path.join(folder, 'g.vti'), 'utf8')).toMatch(/WholeExtent="0 300 0 400 0 0"[^]*Name="d\(u, x, 4\)"/);
  });

  it('takes slices; one expression has no axis of its own', async () => {
    expect((await cli(folder, ['evaluate', field, '--grid', 't=0.5,x:5', '--out', 's.npy'])).code).toBe(0);
    const {data, shape} = await readNpy(path.join(folder, 's.npy'));
    expect(shape).toEqual([1, 5]);
    const {u} = await solution.evaluate(lattice([[0.5], linspace(-Math.PI, Math.PI, 5)]));
    expect([...data]).toEqual([...u]);
  });

  it('stops quietly when its reader has seen enough', async () => {
    const {spawnSync} = await import('node:child_process');
    const main = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
    const command = `${process.execPath} ${main} evaluate ${field} --grid t:1000,x:1000 | head -n 2; echo "code \${PIPESTATUS[0]}"`;
    const {stdout, stderr} = spawnSync('bash', ['-c', command], {encoding: 'utf8'});
    expect(stdout).toMatch(/^t,x,u\n0,-3\.14\S*\ncode 0\n$/);
    expect(stderr).toBe('');
  });
});

describe('usage', () => {
  it.each<[string[], number, RegExp]>([
    [[], 2, /--points FILE, or --grid/],
    [['--points', 'p.csv', '--grid', 't:2,x:2'], 2, /one of them/],
    [['--points', 'none.csv'], 1, /no file none\.csv/],
    [['--points', '.'], 1, /it is a folder/],
    [['--points', 'none.npy'], 1, /no file none\.npy/],
    [['--grid', 't:2'], 2, /nothing about x/],
    [['--grid', 't:2,x:2,t:3'], 2, /names t twice/],
    [['--grid', 't:2,y:2'], 2, /names y, which is no coordinate; they are t, x/],
    [['--grid', 't:2,x=0..1'], 2, /"x=0\.\.1" must be a range with 2 points/],
    [['--grid', 't:2,x=1..0:5'], 2, /"x=1\.\.0:5"/],
    [['--grid', 't:2,x=0..9:5'], 2, /x = 9 is outside the domain/],
    [['--grid', 't:2,x=a..1:5'], 2, /unknown symbol a/],
    [['--grid', 't:2,x:2', '-e', 'v'], 2, /unknown symbol v/],
    [['--grid', 't:2,x:2', '-e', 'd(u,x,5)'], 2, /order 5/],
    [['--grid', 't:2,x:2', '-e', 'u +'], 2, /column/],
    [['--grid', 't:2,x:2', '--out', 'o.txt'], 2, /\.csv, \.npy, \.vti/],
    [['--points', 'p.csv', '--out', 'o.vti'], 2, /give --grid/],
    [['--grid', 't:2,x:2', '--out', 'no/o.csv'], 1, /folder no does not exist/],
    [['--grid', 't:2,x:2', '--device', 'cuda'], 3, /cuda/i],
    [['--grid', 't:100000,x:1000000', '--out', 'o.vti'], 1, /GiB.*write \.npy/],
    [['--gird', 't:2'], 2, /unknown option '--gird'[^]*--grid/],
  ])('%j exits %i', async (args, expectedCode, message) => {
    const {code, stdout, stderr} = await cli(folder, ['evaluate', field, ...args]);
    expect({code, stdout}).toEqual({code: expectedCode, stdout: ''});
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual([]);
  });
  it('refuses what is no saved field', async () => {
    write('f.safetensors', 'no field');
    const {code, stderr} = await cli(folder, ['evaluate', 'f.safetensors', '--grid', 'x:2']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no saved field/);
  });
});
