// Writes the figures of README.md and docs/wasm.md from benchmarks/results, between their two markers: no figure is typed by hand.
import {readFileSync, writeFileSync} from 'node:fs';

const lines = (name) =>
  readFileSync(new URL(`../benchmarks/results/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const last = (list, matches) => list.filter(matches).at(-1);
const seconds = (value) => (value < 0.01 ? `${(1000 * value).toFixed(1)} ms` : `${value.toFixed(2)} s`);

// Those of the last day: earlier ones are of earlier code.
const iterations = lines('adam-iteration').filter(({date}, _, all) => date === all.at(-1).date);
const iteration = iterations.at(-1);
const images = lines('images').filter((line) => line.image === 'camera.png');
const parity = lines('adam-parity').at(-1);
const image = (name, count) => last(images, (line) => line.case === name && line.iterations === count);
const row = (what, {metrics, seconds: time}, metric = 'psnr') =>
  `| ${what} | ${metrics[metric].toFixed(2)} dB ${metric} | ${seconds(time.median)} |`;
const {cpu, cores, instructionSet} = iteration.machine;
const median = (values) => values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
// A shared machine drifts from run to run: all runs count, not the best one.
const runs = (layout) => {
  const ratios = iterations.flatMap(({peers}) => (layout in peers ? [peers[layout].ratio] : []));
  if (ratios.length === 1) return `${Math.round(ratios[0])}×`;
  return `${Math.round(median(ratios))}× in the median of ${ratios.length} runs, ${Math.round(Math.min(...ratios))}× to ${Math.round(Math.max(...ratios))}×`;
};
const medians = (pick) => {
  const values = iterations.map(pick).filter((value) => value !== undefined);
  const ends = [Math.min(...values), Math.max(...values)].map(seconds);
  return ends[0] === ends[1] ? ends[0] : ends.join(' to ');
};

const text = `On ${cores} cores of an ${cpu} (${instructionSet}), float32, medians; the photograph is scikit-image's \`camera\`, 512 × 512.

| image from | reached | solve |
|---|---|---|
${[
  row(
    "its gradient, the paper's data (Sobel), least squares, 20 iterations",
    image('gradient, sobel, least squares', 20),
    'psnrPaper',
  ),
  row('the same, 50 iterations', image('gradient, sobel, least squares', 50), 'psnrPaper'),
  row("the same, the paper's Adam, 10 000 iterations", image("gradient, sobel, the paper's Adam", 10000), 'psnrPaper'),
  row('its gradient by half-pixel differences, 15 iterations', image('gradient, differences, least squares', 15)),
  row('its Laplacian and border, 60 iterations', image('laplacian, differences, border known, Ritz', 60)),
].join('\n')}

The paper reports 32.24 dB in 25 s on a data-centre GPU, and 12.19 dB in 15 min from the Laplacian without its border.

One Adam iteration in the paper's setting (262 144 draws, 6 levels, 2 features, ρ 3) takes ${medians((line) => line.secondsPerIteration.median)} (medians of
${iterations.length} runs on a shared machine). The same method in PyTorch ${iteration.peers.fast.torch}, each time in the same run:
${medians((line) => line.peers.fast?.secondsPerIteration.median)} in the fastest layout we could write (${runs('fast')}),
${medians((line) => line.peers.direct?.secondsPerIteration.median)} written as its formula reads (${runs('direct')}).
From the same start and draws (${parity.setting.size}², ${parity.setting.iterations} iterations) the two agree to ${parity.largestRelativeLossDifferenceOver50.toExponential(0)} in the loss over 50 iterations and ${Math.abs(parity.psnrPaper.difference).toExponential(0)} dB at the end.`;

const others = lines('stationary');
const evolutions = lines('time-dependent');
const distances = lines('sdf');
const siren = lines('siren-iteration').at(-1);
const small = (value) => value.toExponential(1);
const other = (name, list = others, matches = (_line) => true) => last(list, (line) => line.case === name && matches(line));
const wave = other('helmholtz, fast', others, ({command}) => command === 'dinf-grid solve helmholtz');
const cloth = other('cloth, fast', others, ({command}) => command.endsWith('--normal linearised'));
const torus = other('torus', distances);
const problems = [
  ['helmholtz', 'relative L2, up to one complex scale', small(wave.metrics.relativeL2), wave.seconds.median],
  ...['heat', 'advection', 'advection-2d'].map((name) => {
    const line = other(name, evolutions, ({preset}) => preset === 'fast');
    return [name, 'relative L2', small(line.metrics.relativeL2), line.seconds.median];
  }),
  ['cloth', 'energy on a rule of its own', cloth.metrics.energy.toFixed(4), cloth.seconds.median],
  ['sdf', 'mean error within 0.05 of a torus', small(torus.metrics.meanAbsoluteError), torus.seconds.median],
];
const problemText = `
Other problems at their defaults, \`dinf-grid solve NAME\`:

| problem | measure | reached | solve |
|---|---|---|---|
${problems.map(([name, measure, value, time]) => `| \`${name}\` | ${measure} | ${value} | ${seconds(time)} |`).join('\n')}

One Adam iteration of a Siren (${siren.setting.width} wide, ${siren.setting.hiddenLayers} hidden layers, ${siren.setting.samples.toLocaleString('en').replaceAll(',', ' ')} samples, gradient) takes ${seconds(siren.secondsPerIteration.median)}, PyTorch's ${seconds(siren.peer.secondsPerIteration.median)} in the same run.`;

// Of WebAssembly, as its last run found them.
const wasm = lines('wasm');
const ofWasm = (name) => last(wasm, (line) => line.case === name);
const tab = last(wasm, (line) => line.browser !== undefined);
const {sizes} = ofWasm('sizes');
const kilobytes = (count) => `${Math.round(count / 1000)} kB`;
const wasmNames = [...new Set(wasm.flatMap((line) => ('times' in line ? [line.case] : [])))];
const wasmText = `On one core of an ${tab.machine.cpu}, the native build (${tab.machine.instructionSet}) on one thread as well, medians:

| solve | native | WebAssembly | times |
|---|---|---|---|
${wasmNames
  .map(ofWasm)
  .map((line) => `| ${line.case} | ${seconds(line.native.median)} | ${seconds(line.wasm.median)} | ${line.times.toFixed(1)} |`)
  .join('\n')}

A tab of a browser (${tab.browser.replace('/', ' ')}, headless) that has loaded nothing yet reconstructs the image of 512 × 512 pixels from its gradient to ${tab.psnr.toFixed(0)} dB
in ${seconds(tab.solve.median)} (${seconds(tab.solve.min)} to ${seconds(tab.solve.max)}), after ${seconds(tab.load.median)} for the module; with the rendering of the scene and all else ${seconds(tab.total.median)}.

What a page loads: \`dinf-grid.wasm\` ${kilobytes(sizes['dinf-grid.wasm'].bytes)} (gzipped ${kilobytes(sizes['dinf-grid.wasm'].gzipped)}) and \`browser.mjs\` ${kilobytes(sizes['browser.mjs'].bytes)} (gzipped ${kilobytes(sizes['browser.mjs'].gzipped)}): ${kilobytes(sizes['dinf-grid.wasm'].gzipped + sizes['browser.mjs'].gzipped)} gzipped.`;

for (const [name, figures] of Object.entries({'README.md': `${text}\n${problemText}`, 'docs/wasm.md': wasmText})) {
  const file = new URL(`../${name}`, import.meta.url);
  const before = readFileSync(file, 'utf8');
  const after = before.replace(
    /(<!-- figures -->\n)[\s\S]*?(<!-- end of figures -->)/,
    (_, open, close) => `${open}\n${figures}\n\n${close}`,
  );
  if (after === before && !before.includes(figures)) throw new Error(`${name} has no figures markers`);
  writeFileSync(file, after);
}
