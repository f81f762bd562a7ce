// Classical solvers beside ours: who is faster at the same error, by how much and why; error over time.
import {newest, seconds, small, where} from './numbers.mjs';

const GROUPS = {
  poisson: 'Poisson’s equation',
  image: 'Images from their derivatives',
  time: 'Equations of evolution',
  helmholtz: 'Waves at rest',
  surface: 'Surfaces from points; errors are mean distances from the true surface, in a cube from −1 to 1',
};

const times = (ratio) => (ratio < 10 ? ratio.toPrecision(2) : Math.round(ratio).toLocaleString('en'));
const named = ({method, setting}) => `${method}, ${setting}`;

/** Who is faster at the same error, and by what factor. */
function winnerOf({winner, ratio, best}) {
  if (winner === 'classical') return `classical, ${times(ratio)}×`;
  if (winner === 'open') return `open: theirs ends at ${small(best.error)} in ${seconds(best.seconds)}`;
  if (ratio === undefined) return `ours: the best of theirs has ${small(best.error)} in ${seconds(best.seconds)}`;
  return `ours, ${times(1 / ratio)}×`;
}

function rowsOf({title, rows, ours, why}) {
  return rows.map((row, i) => {
    const {commandSeconds, errorEstimate} = ours.find(({setting}) => setting === row.setting);
    return [
      i === 0 ? title : '',
      `\`${row.setting}\``,
      small(row.error),
      small(errorEstimate),
      seconds(row.ourSeconds),
      seconds(commandSeconds.median),
      row.sameError ? named(row.sameError) : null,
      row.sameError ? seconds(row.sameError.seconds) : null,
      row.sameTime ? small(row.sameTime.error) : null,
      winnerOf(row),
      rows.findIndex(({winner}) => winner === row.winner) === i ? why[row.winner] : 'as above',
    ];
  });
}

/** The points of a ladder that no faster one beats. */
function front(points) {
  const sorted = [...points].sort((a, b) => a.seconds.median - b.seconds.median);
  return sorted.filter(({error}, i) => sorted.slice(0, i).every((faster) => error < faster.error));
}

function plotOf({title, ours, ladder}) {
  const methods = [...new Set(ladder.map(({method}) => method))];
  const line = (label, points) => ({label, x: points.map((point) => point.seconds.median), y: points.map(({error}) => error)});
  const judged = ours.filter(({error}) => error !== null);
  return {
    plot: {
      caption: title,
      curve: {
        points: true,
        title,
        xLabel: 'seconds',
        yLabel: 'error',
        xScale: /** @type {const} */ ('log'),
        series: [
          line('dinf-grid', judged),
          ...methods.map((method) => line(method, front(ladder.filter((rung) => rung.method === method)))),
        ],
      },
    },
  };
}

/** @param {Record<string, any>[]} lines */
function versionsOf(lines) {
  const versions = Object.assign({}, ...lines.map(({peer}) => peer.versions));
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const threads = [...new Set(lines.flatMap(({peer}) => peer.threads ?? []))];
  return `${listed.join(', ')}; ${threads.join(', ')} threads on both sides`;
}

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'classical',
  title: 'Beside classical solvers',
  command: 'npm run bench:classical -- --python V/bin/python',
  results: ['classical'],
  parts(all) {
    const lines = newest(all);
    const compared = lines.filter(({rows}) => rows.length > 0);
    const rows = compared.flatMap((line) => line.rows);
    const lost = rows.filter(({winner}) => winner === 'classical');
    const skipped = lines.filter(({peer}) => peer.skipped !== undefined);
    const start = compared.map(({peer}) => peer.startSeconds).filter((value) => value !== undefined);
    return [
      {
        text:
          `A classical solver knows its equation: somebody chose the method, wrote the program, and here also chose, knowing the answer, the ` +
          `fastest of its resolutions that is as accurate as ours. Against that the classical solver is faster in ${lost.length} of ${rows.length} ` +
          `comparisons at equal error. Where one fits your problem, take it. What ours gives instead: any equation from its text, conditions ` +
          `of any kind, a resolution that it finds by itself, an estimate of the error (the seconds hold the solves that it takes), and a field with ` +
          `derivatives everywhere.`,
      },
      {
        text:
          `Seconds of ours are the solver’s own, then those of the whole command with its start, report and pictures. Theirs are those of a ` +
          `warmed-up solve with assembly and set-up` +
          (start.length > 0 ? `; the start of Python with its imports (${seconds(Math.min(...start))}) is not counted` : '') +
          `. Errors are relative L2 (of images the root mean square over the range); those of differences at their own nodes. ${versionsOf(compared)}.`,
      },
      {text: where(lines)},
      ...Object.entries(GROUPS).flatMap(([group, caption]) => {
        const own = compared.filter((line) => line.group === group);
        if (own.length === 0) return [];
        return [
          {
            table: {
              caption,
              columns: [
                ...['problem', 'ours', 'error', 'estimate', 'solver', 'command', 'classical, at that error', 'its seconds'],
                ...['its error in our time', 'faster at equal error', 'why'],
              ],
              rows: own.flatMap(rowsOf),
            },
          },
          ...own.map(plotOf),
        ];
      }),
      ...(skipped.length > 0
        ? [{text: `Not compared: ${skipped.map(({title, peer}) => `${title} (${peer.skipped})`).join('; ')}.`}]
        : []),
    ];
  },
};
