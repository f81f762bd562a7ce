import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Script} from 'node:vm';
import {encodePng} from '../../lib/files/image';
import {LONG_SERIES, plotData, THINNED_SERIES} from '../../lib/report/curves';
import type {PlotData} from '../../lib/report/curves';
import {curveSvg} from '../../lib/report/curve-svg';
import type {Report} from '../../lib/report/html';
import {renderReport, writeReport} from '../../lib/report/html';

const png = encodePng({width: 2, height: 1, channels: 1, data: Float64Array.of(0, 1)});

const report: Report = {
  title: 'Image from its gradients',
  subtitle: '512 × 512',
  command: 'dinf-grid poisson --image a.png',
  figures: [
    {label: 'psnr', value: 32.2391234, hint: 'dB'},
    {label: 'device', value: 'cpu'},
  ],
  pictures: [{title: 'Reconstruction', png, alt: 'a black and a white pixel'}],
  curves: [{title: 'Loss', xLabel: 'iteration', yLabel: 'loss', series: [{label: 'grid', x: [0, 1, 2], y: [1, 0.1, 0.01]}]}],
  sections: [{title: 'Equation', text: 'u_xx + u_yy = f\n\\nabla u = g'}],
};

const scriptsOf = (html: string) => Array.from(html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g), ([, source]) => source);
const plotsOf = (html: string) => JSON.parse(scriptsOf(html)[0]) as PlotData[];

it('contains everything it was given', () => {
  const html = renderReport(report);
  expect(html).toContain('<title>Image from its gradients</title>');
  expect(html).toContain('<th scope="row">psnr</th><td class="value">32.2391</td><td class="hint">dB</td>');
  expect(html).toContain(
    `<img src="data:image/png;base64,${Buffer.from(png).toString('base64')}" alt="a black and a white pixel" width="2" height="1">`,
  );
  expect(html).toContain('u_xx + u_yy = f\n\\nabla u = g');
  expect(html.replaceAll(/<\/?span>/g, '')).toContain('dinf-grid poisson --image a.png');
  expect(html).toContain('aria-label="Loss, loss over iteration, logarithmic. grid: from 1 to 0.01, lowest 0.01."');
  expect(plotsOf(html)[0].columns).toEqual([[0, 1, 2], [1, 0.1, 0.01]]); // prettier-ignore
});

it('keeps names with their numbers, and flags in one piece, where lines end', () => {
  const html = renderReport({
    ...report,
    subtitle: 'u_t = u on t = 0 to 1, x = -1 to 1',
    command: 'dinf-grid solve --out a --own',
  });
  expect(html).toContain('u_t = u on t\u00a0=\u00a00 to 1, x\u00a0=\u00a0-1 to 1');
  expect(html).toContain('dinf-grid solve <span>--out</span> a <span>--own</span>');
});

it('loads nothing from anywhere', () => {
  const html = renderReport(report);
  expect(html).toContain("default-src 'none'");
  const markup = html.replaceAll(/<script[^>]*>[\s\S]*?<\/script>/g, '').replaceAll(/<style>[\s\S]*?<\/style>/g, '');
  expect(markup).not.toMatch(/https?:|<link|<iframe|<base|\shref=/i);
  for (const [, source] of markup.matchAll(/\ssrc="([^"]*)"/g)) expect(source).toMatch(/^data:image\/png;base64,/);
  expect(html).not.toMatch(/<script[^>]*\ssrc=/i);
  expect(html).not.toMatch(/@import|url\(/i);
  expect(html).not.toMatch(/fetch\(|XMLHttpRequest|importScripts|WebSocket/);
});

it('has scripts that parse', () => {
  const [, ...scripts] = scriptsOf(renderReport(report));
  expect(scripts).toHaveLength(1);
  for (const source of scripts) expect(() => new Script(source)).not.toThrow();
});

it('escapes whatever is given, everywhere', async () => {
  const evil = '"><script>alert(1)</script><!-- \' & </pre>';
  const html = renderReport({
    title: evil,
    subtitle: evil,
    command: evil,
    figures: [{label: evil, value: evil, hint: evil}],
    pictures: [{title: evil, png}],
    curves: [{title: evil, xLabel: evil, yLabel: evil, series: [{label: evil, x: [1], y: [1]}]}],
    equations: [{label: evil, text: evil}],
    sections: [{title: evil, text: evil}],
  });
  expect(html).not.toContain('<script>alert');
  expect(html).not.toContain('alert(1)</script>');
  expect(html).not.toContain('<!--');
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html.match(/<\/pre>/g)).toHaveLength(2);
  expect(plotsOf(html)[0].title).toBe(evil);
});

it('has no script where there are no curves', () => {
  const html = renderReport({title: 'Bare', figures: [], pictures: [], curves: []});
  expect(html).not.toContain('<script');
  expect(html).not.toContain('<table');
  expect(html).toContain('<h1>Bare</h1>');
});

it('has tables of any columns, whose texts are escaped', () => {
  const long = 'a sentence that is too long for a column of figures';
  const table = {
    title: 'Who wins',
    columns: ['system', 'error', 'why'],
    rows: [
      ['heat <1>', 0.00012345, null],
      ['fit', 2, long],
    ],
    notes: ['a < b'],
  };
  const html = renderReport({title: 'T', figures: [], tables: [table], pictures: [], curves: []});
  expect(html).toContain('<h2>Who wins</h2>');
  expect(html).toContain('<tr><th scope="row">heat &lt;1&gt;</th><td>1.23e-4</td><td>–</td></tr>');
  expect(html).toContain(`<td>2</td><td class="text">${long}</td>`);
  expect(html).toContain('<p class="note">a &lt; b</p>');
});

it('refuses a picture that is no PNG', () => {
  expect(() => renderReport({...report, pictures: [{title: 'Scan', png: Buffer.from('GIF89a')}]})).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT', message: expect.stringContaining('"Scan"')})); // prettier-ignore
});

it('is written whole or not at all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dinf-report-'));
  try {
    const wrong = {...report, curves: [{...report.curves[0], series: [{label: 'a', x: [1, 2], y: [1]}]}]};
    await expect(writeReport(join(folder, 'r.html'), wrong)).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    await expect(writeReport(join(folder, 'none', 'r.html'), report)).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
    expect(await readdir(folder)).toEqual([]);
    await writeReport(join(folder, 'r.html'), report);
    expect(await readFile(join(folder, 'r.html'), 'utf8')).toBe(renderReport(report));
    expect(await readdir(folder)).toEqual(['r.html']);
  } finally {
    await rm(folder, {recursive: true});
  }
});

describe('a curve', () => {
  const svgOf = (y: number[], x = y.map((_, i) => i)) =>
    curveSvg(plotData({title: '', xLabel: 'x', yLabel: 'y', series: [{label: 'a', x, y}]}), 'words');
  const pathOf = (svg: string) => /<path class="series-0" d="([^"]*)"/.exec(svg)![1];

  it('is there without any script', () => {
    const markup = renderReport(report).replaceAll(/<script[^>]*>[\s\S]*?<\/script>/g, '');
    expect(markup).toContain('<path class="series-0" d="M0 ');
    expect(markup).not.toMatch(/<canvas|<noscript/);
    expect(markup).toContain('loss');
  });
  it('rises from the lower left to the upper right, with room below and above', () => {
    expect(pathOf(svgOf([-10, 0, 10]))).toBe('M0 954.5L500 500L1000 45.5');
  });
  it('is straight on a logarithmic axis where it falls by a factor', () => {
    expect(pathOf(svgOf([1, 1e-4, 1e-8]))).toBe('M0 45.5L500 500L1000 954.5');
    expect(svgOf([1, 1e-4, 1e-8])).toContain('>10⁻⁸</text>');
  });
  it('has equal ratios of x equally far apart on a logarithmic axis, up to both edges', () => {
    const curve = {title: '', xLabel: 'seconds', yLabel: 'error', series: [{label: 'a', x: [0.01, 1, 100], y: [1, 1e-2, 1e-8]}]};
    const svg = curveSvg(plotData({...curve, xScale: 'log'}), 'words');
    expect(pathOf(svg)).toBe('M0 45.5L500 272.7L1000 954.5');
    const across = Array.from(svg.matchAll(/text-anchor="middle">([^<]*)</g), ([, text]) => text);
    expect(across).toEqual(['0.01', '0.1', '1', '10', '100', 'error', 'seconds']);
    expect(curveSvg(plotData({...curve, xScale: 'linear'}), 'words')).toBe(curveSvg(plotData(curve), 'words'));
    expect(() => plotData({...curve, xScale: 'log', series: [{label: 'a', x: [0, 1], y: [1, 1]}]})).toThrow(
      '"a" has an x of 0, which',
    );
  });
  it('has a dot at each point where it is asked for, and the last value of each line in its legend', () => {
    const series = [
      {label: 'a', x: [1, 2], y: [4, 2.5]},
      {label: 'b', x: [1, 3], y: [4, 1]},
    ];
    const curve = {title: '', xLabel: 'x', yLabel: 'a name that is long', points: true, series};
    const svg = curveSvg(plotData(curve), 'words');
    expect(/<path class="dots series-1" d="([^"]*)"/.exec(svg)![1].match(/M[\d. ]+h0/g)).toHaveLength(2);
    expect(svg).toContain('text-anchor="start">a name that is long');
    expect(curveSvg(plotData({...curve, points: false}), 'words')).not.toContain('dots');
    const html = renderReport({title: 'T', figures: [], pictures: [], curves: [curve]});
    expect(html).toContain('a: <b>2.5</b>');
  });
  it('is broken where a value cannot be shown, and shows a single point', () => {
    expect(pathOf(svgOf([1, 1e-3, -1e-9, 1e-8, -1e-9, 1e-7, 1e-7]))).toMatch(/^M[^M]*L[^M]*M[\d.]+ [\d.]+h0M[^M]*L[^M]*$/);
    expect(pathOf(svgOf([3]))).toBe('M500 500h0');
  });
  it('has numbers that differ', () => {
    for (const values of [
      [1, 1 + 1e-9],
      [5e-7, 5.2e-7],
      [0, 1e300],
      [-1e-12, 1e-12],
      [7, 7],
    ]) {
      const numbers = Array.from(svgOf(values).matchAll(/text-anchor="end">([^<]*)</g), ([, text]) => text);
      expect(numbers.length).toBeGreaterThan(1);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
  });
});

describe('plotData', () => {
  const plot = (...series: {x: number[]; y: number[]}[]) =>
    plotData({title: '', xLabel: '', yLabel: '', series: series.map((line, index) => ({label: `line ${index}`, ...line}))});

  it('is logarithmic only where all values are positive', () => {
    expect(plot({x: [0, 1], y: [1, 0.1]}).log).toBe(true);
    expect(plot({x: [0, 1], y: [1, 0]}).log).toBe(false);
    expect(plot({x: [0, 1], y: [1, 2]}, {x: [0], y: [-3]}).log).toBe(false);
    expect(plot({x: [0, 1], y: [1, NaN]}).log).toBe(true);
    expect(plot({x: [0, 1, 2], y: [1, 1e-9, -1e-10]}).log).toBe(true); // rounding
    expect(plot({x: [0, 1, 2], y: [1, 1e-9, -1e-2]}).log).toBe(false);
    expect(plot({x: [], y: []}).log).toBe(false);
  });

  it('brings series on common, rising x', () => {
    const {columns} = plot({x: [3, 1], y: [30, 10]}, {x: [2, 3], y: [5, Infinity]});
    expect(columns).toEqual([[1, 2, 3], [10, null, 30], [null, 5, null]]); // prettier-ignore
  });

  it('keeps short series as they are', () => {
    const x = Array.from({length: LONG_SERIES - 1}, (_, index) => index);
    expect(plot({x, y: x}).columns[1]).toEqual(x);
  });

  it('thins long ones without losing a spike or an end', () => {
    const count = 50_000;
    const x = Array.from({length: count}, (_, index) => index);
    const y = x.map((index) => (index === 31_234 ? 1e6 : index === 777 ? 1e-6 : 1 + 1 / (1 + index)));
    const {columns} = plot({x, y});
    const xs = columns[0];
    expect(xs.length).toBeLessThanOrEqual(THINNED_SERIES);
    expect(xs.length).toBeGreaterThan(THINNED_SERIES / 2);
    expect([xs[0], xs[xs.length - 1]]).toEqual([0, count - 1]);
    expect(columns[1][xs.indexOf(31_234)]).toBe(1e6);
    expect(columns[1][xs.indexOf(777)]).toBe(1e-6);
    xs.forEach((at, row) => expect(columns[1][row]).toBe(y[at!]));
  });

  it('refuses an x that is not finite', () => {
    expect(() => plot({x: [0, NaN], y: [1, 1]})).toThrow('"line 0" has an x of NaN');
  });
});
