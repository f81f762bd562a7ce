/** A comparison as a page to cite, and as pictures. */
import * as os from 'node:os';
import {VERSION} from '../base/version';
import {info} from '../devices/info';
import type {BytePicture} from '../files/image';
import {encodePng} from '../files/image';
import {addon} from '../native';
import {sideBySide} from '../pictures/pictures';
import {chartPicture} from '../pictures/plots';
import {fitted} from '../pictures/resize';
import {Sheet} from '../pictures/sheet';
import type {Curve} from '../report/curves';
import type {Figure, Report} from '../report/html';
import type {SystemResult} from './compare';
import {LABELS, MEANINGS, PEER_NAMES} from './contenders';
import {medianCurve, standingsOf} from './standings';
import {brief, COLUMNS, rowsOf, WINNER_COLUMNS, winnersOf} from './tables';

/** What a page says of how its comparison was made. */
export interface ComparisonFacts {
  readonly full: boolean;
  readonly seconds: number;
  readonly seeds: number;
  readonly device: string;
  readonly dtype: string;
  readonly threads: number;
  /** The command that repeats it. Default: none is shown. */
  readonly command?: string | undefined;
  /** Whether it was stopped before its end. */
  readonly complete: boolean;
}

/** The machine, as result lines and pages name it. */
export function machineFacts(): Record<string, string | number> {
  const {version, node, platform} = info();
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    instructionSet: addon().buildInfo().instructionSet,
    ...(addon().cudaStatus().devices.length > 0 && {
      gpus: addon()
        .cudaStatus()
        .devices.map(({name}) => name)
        .join(', '),
    }),
    ...{version, node, platform},
  };
}

/** The error-over-time curves of a system, one for each contender, on logarithmic axes; one that has none keeps its colour. */
function curveOf({system, metric, contenders, summary}: SystemResult): Curve {
  return {
    title: `${system}: ${summary}`,
    xLabel: 'seconds of the solver',
    yLabel: metric,
    xScale: 'log',
    points: true,
    series: contenders
      .filter(({name, reason}) => reason === undefined || !isPeer(name))
      .map(({label, reason, runs}) => ({label: reason === undefined ? label : `${label} (not run)`, ...medianCurve(runs)})),
  };
}

const isPeer = (name: string): boolean => (PEER_NAMES as readonly string[]).includes(name);

const CHARTS_ACROSS = 2;

/** The curves of all systems on one sheet, two in a row. */
export function chartSheet(results: readonly SystemResult[]): BytePicture {
  const charts = results.map((result) => {
    const {xLabel, yLabel, series} = curveOf(result);
    const lines = series.map(({label, x, y}) => ({label, x: Array.from(x), y: Array.from(y)}));
    return chartPicture(lines, {title: result.system, xLabel, yLabel, logarithmic: true});
  });
  const width = Math.max(...charts.map((chart) => chart.width));
  const rows = Array.from({length: Math.ceil(charts.length / CHARTS_ACROSS)}, (_, row) =>
    charts.slice(row * CHARTS_ACROSS, (row + 1) * CHARTS_ACROSS),
  );
  const heights = rows.map((row) => Math.max(...row.map(({height}) => height)));
  const sheet = new Sheet(
    Math.min(CHARTS_ACROSS, charts.length) * width,
    heights.reduce((sum, height) => sum + height, 0),
  );
  let top = 0;
  rows.forEach((row, i) => {
    row.forEach((chart, column) => {
      // Right edges in line, so that the numbers at the axes do not push plots about.
      sheet.put(chart, column * width + width - chart.width, top);
    });
    top += heights[i];
  });
  return sheet;
}

/** Pixels of a field's picture. */
const PANEL = 256;

/** The last fields of the first seed beside the truth. */
export function fieldSheet(result: SystemResult): BytePicture {
  const limits = {largest: 2 * PANEL, smallest: PANEL};
  const {standings} = standingsOf(result);
  return sideBySide([
    ...(result.truth === undefined ? [] : [{caption: 'Truth', note: ' ', picture: fitted(result.truth, limits)}]),
    ...result.contenders.flatMap(({label, picture}, i) =>
      picture === undefined
        ? []
        : [
            {
              caption: label,
              note: `${brief(standings[i].error?.median ?? null)}, ${brief(standings[i].seconds?.median ?? null)} s`,
              picture: fitted(picture, limits),
            },
          ],
    ),
  ]);
}

/** What a reader has to know before a figure is believed. */
function caveats(results: readonly SystemResult[], {full, seconds, seeds}: ComparisonFacts): string[] {
  return [
    full
      ? "Full size: each problem's own, networks and learning rates of the paper's authors; what Adam trains ends after the paper's iterations or its seconds."
      : 'Reduced size, for minutes on a CPU: smaller images, grids and batches, networks of 64 units and 3 layers after the first. It says nothing of sizes at which networks take hours; `--full` does.',
    full
      ? 'Learning rates are those of the presets.'
      : "Learning rates of Siren, PINN and the paper's grid at this size are the best of several that were tried on seed 0, system by system. The grid has the settings of its preset.",
    `What Adam trains (Siren, PINN, the paper's grid) has ${seconds} s a run, or as long as the grid takes where that is longer. What is solved (the grid, the hat grid) ends by itself.`,
    "The Siren's last error is that of its seconds, and no limit of what it can: where those are few, coming there first means little, and errors at equal time say more.",
    "This compares methods, not fields alone: the grid has a linear problem and a solver for it, the networks have Adam. The paper's grid is the field with Adam.",
    `Errors are medians of ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}. Least squares begins at 0 on fixed samples, so that seeds repeat its time alone.`,
    'Seconds are those of the solver: without start-up, compiling, and without assessing the field. An error counts from the checkpoint on that has it; nothing is interpolated.',
    "Adam goes on from checkpoint to checkpoint with the same bits as without them. Each point of the grid's curve is a solve of its own from the beginning; a direct solve has one point.",
    "PyTorch's seconds are its median iteration, of which the first is left out, times their number: what it allocates once, and a machine that falters, do not count against it. Each point of its curves is a run of its own.",
    'The hat grid is not run where equations at points read second derivatives, which are 0 inside its cells. In a weak form, which trades one derivative away, it could be; no field here is given one.',
    'The built-in problems live on boxes of two and three coordinates with smooth or known data. Networks need no box of cells, and their cost grows less with coordinates: nothing here speaks of that.',
    ...results.flatMap(({system, notes}) => notes.map((note) => `${system}: ${note}`)),
  ];
}

/** Why contenders were not run, each reason once. */
function reasons(results: readonly SystemResult[]): string[] {
  const found = new Map<string, string[]>();
  for (const {system, contenders} of results)
    for (const {label, reason} of contenders)
      if (reason !== undefined) found.set(`${label}: ${reason}`, [...(found.get(`${label}: ${reason}`) ?? []), system]);
  return [...found].map(([text, systems]) => `${text} (${systems.join(', ')})`);
}

/** The page. */
export function comparisonReport(results: readonly SystemResult[], facts: ComparisonFacts): Report {
  const machine = Object.entries(machineFacts()).map(([name, value]) => `${name} ${value}`);
  const figures: Figure[] = [
    {label: 'systems', value: results.length, hint: results.map(({system}) => system).join(', ')},
    {label: 'size', value: facts.full ? 'full' : 'reduced', hint: facts.full ? "the paper's" : 'minutes on a CPU'},
    {label: 'seeds', value: facts.seeds, hint: facts.seeds === 1 ? 'seed 0' : `0 to ${facts.seeds - 1}`},
    {label: 'seconds a run', value: facts.seconds, hint: "of what is trained; longer where the grid's own solve is"},
    {label: 'device', value: facts.device, hint: `${facts.dtype}, ${facts.threads} threads`},
    {label: 'dinf-grid', value: VERSION, hint: machine.join(', ')},
  ];
  return {
    title: 'The grid against Siren, PINN, linear grids and the paper',
    subtitle: `Error over time on ${results.length === 1 ? 'one system' : `${results.length} systems`} of the paper, at equal time and at equal error, measured in one run${facts.complete ? '' : '. The run was stopped before its end: what was complete is here'}.`,
    command: facts.command,
    figures,
    tables: [
      {
        title: 'Who wins',
        columns: WINNER_COLUMNS,
        rows: winnersOf(results),
        notes: ['Equal time: when the grid is done. Equal error: the one that the Siren has at the end of its time.'],
      },
    ],
    curvesFirst: true,
    curves: results.map(curveOf),
    pictures: results
      .filter(({contenders}) => contenders.some(({picture}) => picture !== undefined))
      .map((result) => ({
        title: `${result.system}: the last fields of seed 0`,
        png: encodePng(fieldSheet(result)),
        alt: `${result.system}: ${['truth', ...result.contenders.filter(({picture}) => picture !== undefined).map(({label}) => label)].join(', ')}`,
      })),
    details: [
      {title: 'Every field', columns: COLUMNS, rows: rowsOf(results), notes: reasons(results)},
      {
        title: 'Errors and sizes',
        columns: ['system', 'error', 'size'],
        rows: results.map(({system, metric, hint, size}) => [system, `${metric}: ${hint}`, size]),
      },
      {
        title: 'Settings',
        columns: ['field', 'what it is'],
        rows: [
          ...Object.entries(MEANINGS).map(([name, meaning]) => [LABELS[name as keyof typeof LABELS], meaning]),
          ...results.flatMap(({system, contenders}) =>
            contenders
              .filter(({reason}) => reason === undefined)
              .map(({label, settings}) => [
                `${system}, ${label}`,
                Object.entries(settings)
                  .map(([key, value]) => `${key} ${value}`)
                  .join('; '),
              ]),
          ),
        ],
      },
    ],
    sections: [{title: 'Caveats', text: caveats(results, facts).join('\n\n')}],
  };
}
