// How time and memory grow, with fitted exponents.
import {newest, seconds, spreadOf, where} from './numbers.mjs';

/** What x is. */
const WITH = {
  samples: 'samples',
  levels: 'levels',
  cells: 'cells of the finest level',
  dimensions: 'nodes that a sample reads: 6, 36, 216',
  threads: 'threads',
  'direct 2-D': 'unknowns',
  'direct 3-D': 'unknowns',
};
const withWhat = (axis) => WITH[axis] ?? 'solves';

/** Lines of one curve: kernels and devices apart. @param {Record<string, any>} line */
const curveOf = ({axis, setting}) =>
  [
    axis,
    setting.kernel === 'bspline' && !axis.startsWith('direct') ? 'B-splines' : '',
    setting.device === 'cpu' ? '' : setting.device,
  ]
    .filter((word) => word !== '')
    .join(', ');

const exponentOf = (fit) => {
  if (!fit) return null;
  const {exponent, standardError} = fit;
  return standardError === null ? exponent.toFixed(2) : `${exponent.toFixed(2)} ± ${standardError.toFixed(2)}`;
};

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'scaling',
  title: 'How time and memory grow',
  command: 'npm run bench:scaling',
  results: ['scaling'],
  parts(lines) {
    const points = newest(
      lines.filter(({benchmark}) => benchmark === 'scaling'),
      (line) => `${curveOf(line)}, ${line.x}`,
    );
    if (points.length === 0) return [];
    const fits = lines.filter(({benchmark}) => benchmark === 'scaling-fit');
    const names = [...new Set(points.map(curveOf))];
    const of = (curve) => points.filter((line) => curveOf(line) === curve).sort((a, b) => a.x - b.x);
    const plot = (caption, title, xLabel, yLabel, wanted, pick) => {
      const series = names
        .filter((curve) => wanted.some((word) => curve.startsWith(word)))
        .map((curve) => ({label: curve, x: of(curve).map(({x}) => x), y: of(curve).map(pick)}));
      const xScale = /** @type {const} */ ('log');
      return series.length > 0 ? [{plot: {caption, curve: {title, xLabel, yLabel, xScale, series}}}] : [];
    };
    return [
      {
        text:
          `An iteration of Adam on 2^18 stratified samples of an equation of first order, 512² cells, 6 levels, two features, Gaussians with rho = 3, ` +
          `float32, but for what varies; direct solves of Poisson’s equation with cubic splines in float64, from posing to the solution; solves at ` +
          `once have one thread each. Exponents are those of power laws through the medians, by least squares of logarithms, with their standard ` +
          `errors. Memory is the most that a process of its own held, above what it held before the problem was posed.`,
      },
      {text: where(points)},
      {
        table: {
          caption: 'Exponents',
          columns: ['what grows', 'with', 'points', 'of time', 'of memory'],
          rows: names.map((curve) => {
            const fit = fits.findLast(({axis, device, kernel}) => curveOf({axis, setting: {device, kernel}}) === curve);
            return [curve, withWhat(of(curve)[0].axis), of(curve).length, exponentOf(fit?.seconds), exponentOf(fit?.peakBytes)];
          }),
        },
      },
      {
        table: {
          caption: 'Points',
          columns: ['what grows', 'to', 'time', 'memory, MB', 'solves a second'],
          rows: names.flatMap((curve) =>
            of(curve).map(({x, seconds: time, peakBytes, solvesPerSecond}) => [
              curve,
              x,
              spreadOf(time, seconds),
              (peakBytes / 1e6).toFixed(0),
              solvesPerSecond === undefined ? null : solvesPerSecond.toPrecision(3),
            ]),
          ),
        },
      },
      ...plot(
        'An iteration of Adam',
        'Time',
        'samples, or cells',
        'seconds an iteration',
        ['samples', 'cells'],
        (line) => line.seconds.median,
      ),
      ...plot('Direct solves', 'Time', 'unknowns', 'seconds a solve', ['direct'], (line) => line.seconds.median),
      ...plot('Direct solves', 'Memory', 'unknowns', 'MB', ['direct'], ({peakBytes}) => peakBytes / 1e6),
      ...plot(
        'Several solves',
        'Throughput',
        'solves at once',
        'solves a second',
        ['solves at once'],
        (line) => line.solvesPerSecond,
      ),
    ];
  },
};
