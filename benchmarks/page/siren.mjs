// The grid against Siren, PINN, linear grids, the paper's preset and PyTorch, as errors over time.
import {newest, small, seconds, where} from './numbers.mjs';

const LABELS = ['grid', 'siren', 'pinn', 'hat', 'paper', 'pytorch-siren', 'pytorch-paper'];

const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** The medians of all seeds, checkpoint by checkpoint, and of their ends, as `medianCurve` of the package has them. */
function curveOf({label, runs = []}) {
  const count = runs.length === 0 ? 0 : Math.min(...runs.map(({checkpoints}) => checkpoints.length));
  const at = (i) => runs.map(({checkpoints}) => (i === count - 1 ? checkpoints.at(-1) : checkpoints[i]));
  const medians = (k) => Array.from({length: count}, (_, i) => middle(at(i).map((point) => point[k])));
  return {label, x: medians(1), y: medians(2)};
}

const spread = ({median, least, largest}) =>
  least === largest ? small(median) : `${small(median)} (${small(least)} to ${small(largest)})`;

/** Seconds to the Siren's last error. */
const reached = (line) =>
  line.reason
    ? null
    : !line.sirenMoved
      ? 'the Siren is at its start'
      : (seconds(line.secondsToSirenError) ?? `never in ${seconds(line.seconds?.median ?? line.budget)}`);

/** Lines of one size, by system. */
function systemsOf(lines) {
  const systems = new Map();
  for (const line of lines) systems.set(line.system, [...(systems.get(line.system) ?? []), line]);
  for (const list of systems.values()) list.sort((a, b) => LABELS.indexOf(a.field) - LABELS.indexOf(b.field));
  return [...systems.values()];
}

function partsOf(lines, full) {
  const systems = systemsOf(lines);
  const size = full ? 'the paper’s size' : 'reduced size';
  const row = (line) => [
    line.system,
    line.label,
    line.reason ? null : small(line.atGridTime[0].error),
    line.reason
      ? `not run: ${line.field === 'hat' ? 'second derivatives vanish inside its cells' : line.reason}`
      : line.error
        ? spread(line.error)
        : 'no result',
    line.reason ? null : seconds(line.seconds?.median),
    reached(line),
  ];
  return [
    {text: [where(lines), ...new Set(lines.flatMap(({note}) => note ?? []))].join(' ')},
    {
      table: {
        caption: `At equal time and at equal error, ${size}`,
        columns: ['system', 'field', 'error when the grid is done', 'error at the end', 'seconds', 'to the Siren’s last error'],
        rows: systems.flatMap((list) => list.filter(({reason}) => !(reason ?? '').startsWith('none written')).map(row)),
      },
    },
    ...systems.map((list) => ({
      plot: {
        caption: `${list[0].system}, ${size}: ${list[0].size}. Medians of ${list[0].seeds} seeds`,
        curve: {
          title: list[0].system,
          xLabel: 'seconds of the solver',
          yLabel: list[0].metric,
          xScale: /** @type {'log'} */ ('log'),
          points: true,
          series: list
            .filter(({field, reason}) => reason === undefined || !field.startsWith('pytorch'))
            .map((line) => curveOf(line.reason === undefined ? line : {label: `${line.label} (not run)`})),
        },
      },
    })),
  ];
}

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'siren',
  title: 'Against Siren, over time',
  command: 'node benchmarks/siren.mjs --python V/bin/python --results benchmarks/results/siren.jsonl',
  results: ['siren'],
  parts(all) {
    const lines = newest(all, ({system, field, full, device}) => JSON.stringify([system, field, full, device]));
    return [
      {
        text:
          'Every system of the paper, each field as its error over the seconds of its solver: the grid by the preset `fast`, a Siren, a PINN, ' +
          'the grid with linear interpolation (`hat`), the preset `paper` (the same field as the authors train it), and PyTorch’s versions of two ' +
          'where they are written. It compares methods, not fields alone: the grid has least squares, the networks have Adam. Learning rates ' +
          'at the reduced size are the best of several that were tried, system by system.',
      },
      ...[false, true].flatMap((full) => {
        const of = lines.filter((line) => line.full === full);
        return of.length === 0 ? [] : partsOf(of, full);
      }),
    ];
  },
};
