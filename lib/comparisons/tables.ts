/** A comparison as text, CSV, LaTeX and JSON lines. */
import {shortNumber} from '../pictures/numbers';
import type {SystemResult} from './compare';
import type {Standing, SystemStanding} from './standings';
import {NO_PEER} from './compare';
import {FACTORS, standingsOf} from './standings';

/** An error or a number of seconds with two digits. */
export const brief = (value: number | null): string => (value === null ? '–' : shortNumber(value, 2));

/** Seconds after which a contender reaches the Siren's error, or that it never does. */
function reachText({reason, reaches, seconds}: Standing, unit = ' s'): string {
  if (reason !== undefined || seconds === null) return '–';
  return reaches === null ? `never in ${brief(seconds.median)}${unit}` : `${brief(reaches)}${unit}`;
}

/** Columns of {@link rowsOf}. */
export const COLUMNS = [
  ...['system', 'field', 'at the time of the grid', ...FACTORS.slice(1).map((factor) => `at ${factor} times`)],
  ...['at the end', 'seconds', "to the Siren's error"],
];

/** One row a system and contender, but for peers that nobody has written: errors at equal time, and times to an equal error. */
export function rowsOf(results: readonly SystemResult[]): string[][] {
  return results.flatMap((result) =>
    standingsOf(result)
      .standings.filter(({reason}) => reason !== NO_PEER)
      .map((standing) => [
        ...[result.system, standing.label],
        ...(standing.reason === undefined
          ? [
              ...standing.atGridTime.map(brief),
              spreadText(standing),
              brief(standing.seconds?.median ?? null),
              reachText(standing),
            ]
          : [...FACTORS.map(() => '–'), 'not run', '–', '–']),
      ]),
  );
}

/** The median error at the end, and where seeds differ the least and the largest. */
function spreadText({error}: Standing): string {
  if (error === null) return 'no result';
  const [median, least, largest] = [error.median, error.least, error.largest].map(brief);
  return least === largest ? median : `${median} (${least} to ${largest})`;
}

/** Who wins, a row a system, under {@link WINNER_COLUMNS}. */
export function winnersOf(results: readonly SystemResult[]): string[][] {
  return results.map((result) => {
    const standing = standingsOf(result);
    const of = (name: string): Standing | undefined => standing.standings.find((one) => one.name === name);
    return [
      result.system,
      brief(standing.gridSeconds),
      brief(of('grid')?.error?.median ?? null),
      standing.winners.equalTime ?? '–',
      brief(standing.sirenError),
      standing.winners.equalError ?? '–',
      fasterText(standing),
      standing.winners.end ?? '–',
    ];
  });
}

/** Columns of {@link winnersOf}. */
export const WINNER_COLUMNS = [
  ...['system', "grid's seconds", "grid's error", 'least error at that time', "Siren's error at its end"],
  ...['first to that error', 'grid before Siren', 'least error of all'],
];

/** How many times as fast as the Siren the grid comes to the Siren's last error. */
function fasterText({standings, sirenMoved, sirenError}: SystemStanding): string {
  if (sirenError !== null && !sirenMoved) return 'Siren still at its start';
  const [grid, siren] = ['grid', 'siren'].map((name) => standings.find((one) => one.name === name)?.reaches ?? null);
  if (grid === null || siren === null) return grid === null ? 'never' : '–';
  return `${shortNumber(siren / grid, 2)} times`;
}

/** Every checkpoint of every run, a line each (RFC 4180). */
export function comparisonCsv(results: readonly SystemResult[]): string {
  const head = ['system', 'field', 'seed', 'iterations', 'seconds', 'error', 'metric', 'stop'];
  const lines = results.flatMap(({system, metric, contenders}) =>
    contenders.flatMap(({name, runs}) =>
      runs.flatMap(({seed, checkpoints, stopReason}) =>
        checkpoints.map(({iterations, seconds, error}) => [system, name, seed, iterations, seconds, error, metric, stopReason]),
      ),
    ),
  );
  const quoted = (value: string | number): string =>
    /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  return [head, ...lines].map((line) => `${line.map(quoted).join(',')}\r\n`).join('');
}

/** Numbers as LaTeX writes them: 1.2e-4 as a power of ten. */
function latexNumber(value: number | null): string {
  if (value === null) return '--';
  const [mantissa, exponent] = shortNumber(value, 2).split('e') as [string, string | undefined];
  return exponent === undefined ? `$${mantissa}$` : `$${mantissa}\\cdot 10^{${exponent}}$`;
}

const latexText = (text: string): string => text.replaceAll(/[&%$#_{}]/g, '\\$&');

/** Two tables for a paper, of plain `tabular` with the rules of booktabs: errors at the grid's time, and seconds to the Siren's error. */
export function comparisonLatex(results: readonly SystemResult[]): string {
  const all = results.map(standingsOf);
  const labels = [
    ...new Set(all.flatMap(({standings}) => standings.filter(({reason}) => reason === undefined).map(({label}) => label))),
  ];
  const table = (
    caption: string,
    first: string,
    cells: (standing: SystemStanding) => string,
    cell: (one: Standing) => string,
  ): string =>
    [
      '\\begin{table}',
      `\\caption{${caption}}`,
      `\\begin{tabular}{l${'r'.repeat(labels.length + 1)}}`,
      '\\toprule',
      `system & ${[first, ...labels.map(latexText)].join(' & ')} \\\\`,
      '\\midrule',
      ...all.map((standing) => {
        const of = labels.map((label) => standing.standings.find((one) => one.label === label));
        return `${[latexText(standing.system), cells(standing), ...of.map((one) => (one === undefined ? '--' : cell(one)))].join(' & ')} \\\\`;
      }),
      '\\bottomrule',
      '\\end{tabular}',
      '\\end{table}',
    ].join('\n');
  return `% \\usepackage{booktabs}
${table(
  'Errors when the grid is done (medians of all seeds).',
  'seconds',
  ({gridSeconds}) => latexNumber(gridSeconds),
  ({atGridTime}) => latexNumber(atGridTime[0]),
)}

${table(
  "Seconds to the error that the Siren ends with (medians of all seeds); a dash: never in the run's time, or not run.",
  "Siren's error",
  ({sirenError}) => latexNumber(sirenError),
  ({reaches}) => latexNumber(reaches),
)}
`;
}

/** One object a system and contender: settings, every checkpoint of every run, and where it stands. */
export function comparisonLines(results: readonly SystemResult[]): Record<string, unknown>[] {
  return results.flatMap((result) => {
    const {system, size, metric, budget, contenders} = result;
    const {gridSeconds, sirenError, sirenMoved, standings} = standingsOf(result);
    return contenders.map(({name, label, reason, settings, trained, runs}, i) => {
      const {error, seconds, atGridTime, reaches} = standings[i];
      return {
        ...{system, size, metric, field: name, label, budget},
        ...(reason === undefined
          ? {
              ...{trained, settings, error, seconds, gridSeconds, sirenError, sirenMoved},
              atGridTime: FACTORS.map((times, k) => ({times, error: atGridTime[k]})),
              secondsToSirenError: reaches,
              runs: runs.map(({checkpoints, ...run}) => ({
                ...run,
                checkpoints: checkpoints.map((point) => [point.iterations, point.seconds, point.error]),
              })),
            }
          : {reason}),
      };
    });
  });
}
