import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Script} from 'node:vm';
import {encodePng} from '../../lib/imaging/codec';
import {LONG_SERIES, plotData, THINNED_SERIES} from '../../lib/report/curves';
import type {PlotData} from '../../lib/report/curves';
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

it('contains everything it was given', async () => {
  const html = await renderReport(report);
  expect(html).toContain('<title>Image from its gradients</title>');
  expect(html).toContain('<th scope="row">psnr</th><td class="value">32.2391</td><td class="hint">dB</td>');
  expect(html).toContain(
    `<img src="data:image/png;base64,${Buffer.from(png).toString('base64')}" alt="a black and a white pixel" width="2" height="1">`,
  );
  expect(html).toContain('u_xx + u_yy = f\n\\nabla u = g');
  expect(html).toContain('dinf-grid poisson --image a.png');
  expect(html).toContain('aria-label="Loss, loss over iteration, logarithmic. grid: from 1 to 0.01, lowest 0.01."');
  expect(plotsOf(html)[0].columns).toEqual([[0, 1, 2], [1, 0.1, 0.01]]); // prettier-ignore
});

it('loads nothing from anywhere', async () => {
  const html = await renderReport(report);
  expect(html).toContain("default-src 'none'");
  const markup = html.replaceAll(/<script[^>]*>[\s\S]*?<\/script>/g, '').replaceAll(/<style>[\s\S]*?<\/style>/g, '');
  expect(markup).not.toMatch(/https?:|<link|<iframe|<base|\shref=/i);
  for (const [, source] of markup.matchAll(/\ssrc="([^"]*)"/g)) expect(source).toMatch(/^data:image\/png;base64,/);
  expect(html).not.toMatch(/<script[^>]*\ssrc=/i);
  expect(html).not.toMatch(/@import|url\(/i);
  expect(html).not.toMatch(/fetch\(|XMLHttpRequest|importScripts|WebSocket/);
});

it('has scripts that parse', async () => {
  const [, ...scripts] = scriptsOf(await renderReport(report));
  expect(scripts).toHaveLength(2);
  expect(scripts[0]).toContain('uPlot');
  for (const source of scripts) expect(() => new Script(source)).not.toThrow();
});

it('escapes whatever is given, everywhere', async () => {
  const evil = '"><script>alert(1)</script><!-- \' & </pre>';
  const html = await renderReport({
    title: evil,
    subtitle: evil,
    command: evil,
    figures: [{label: evil, value: evil, hint: evil}],
    pictures: [{title: evil, png}],
    curves: [{title: evil, xLabel: evil, yLabel: evil, series: [{label: evil, x: [1], y: [1]}]}],
    sections: [{title: evil, text: evil}],
  });
  expect(html).not.toContain('<script>alert');
  expect(html).not.toContain('alert(1)</script>');
  expect(html).not.toContain('<!--');
  expect(html.match(/<script/g)).toHaveLength(3);
  expect(html.match(/<\/pre>/g)).toHaveLength(2);
  expect(plotsOf(html)[0].title).toBe(evil);
});

it('has no script where there are no curves', async () => {
  const html = await renderReport({title: 'Bare', figures: [], pictures: [], curves: []});
  expect(html).not.toContain('<script');
  expect(html).not.toContain('<table');
  expect(html).toContain('<h1>Bare</h1>');
});

it('refuses a picture that is no PNG', async () => {
  await expect(renderReport({...report, pictures: [{title: 'Scan', png: Buffer.from('GIF89a')}]})).rejects.toMatchObject({code: 'INVALID_ARGUMENT', message: expect.stringContaining('"Scan"')}); // prettier-ignore
});

it('is written whole or not at all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dinf-report-'));
  try {
    const wrong = {...report, curves: [{...report.curves[0], series: [{label: 'a', x: [1, 2], y: [1]}]}]};
    await expect(writeReport(join(folder, 'r.html'), wrong)).rejects.toMatchObject({code: 'INVALID_ARGUMENT'});
    await expect(writeReport(join(folder, 'none', 'r.html'), report)).rejects.toMatchObject({code: 'FILE_UNWRITABLE'});
    expect(await readdir(folder)).toEqual([]);
    await writeReport(join(folder, 'r.html'), report);
    expect(await readFile(join(folder, 'r.html'), 'utf8')).toBe(await renderReport(report));
    expect(await readdir(folder)).toEqual(['r.html']);
  } finally {
    await rm(folder, {recursive: true});
  }
});

describe('plotData', () => {
  const plot = (...series: {x: number[]; y: number[]}[]) =>
    plotData({title: '', xLabel: '', yLabel: '', series: series.map((line, index) => ({label: `line ${index}`, ...line}))});

  it('is logarithmic only where all values are positive', () => {
    expect(plot({x: [0, 1], y: [1, 0.1]}).log).toBe(true);
    expect(plot({x: [0, 1], y: [1, 0]}).log).toBe(false);
    expect(plot({x: [0, 1], y: [1, 2]}, {x: [0], y: [-3]}).log).toBe(false);
    expect(plot({x: [0, 1], y: [1, NaN]}).log).toBe(true);
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
