import type {ContenderResult, SystemResult} from '../../lib/comparisons/compare';
import {comparisonReport} from '../../lib/comparisons/page';
import {medianCurve, standingsOf} from '../../lib/comparisons/standings';
import {comparisonCsv, comparisonLatex, comparisonLines, rowsOf, winnersOf} from '../../lib/comparisons/tables';
import {renderReport} from '../../lib/report/html';

type Points = [seconds: number, error: number][];

function contender(name: ContenderResult['name'], runs: Points[], stopReason = 'seconds'): ContenderResult {
  return {
    name,
    label: name,
    reason: undefined,
    settings: {optimizer: 'adam'},
    trained: stopReason === 'seconds',
    runs: runs.map((points, seed) => ({
      seed,
      stopReason,
      message: '',
      unknowns: 7,
      checkpoints: points.map(([seconds, error], i) => ({iterations: 2 ** i, seconds, error})),
    })),
    picture: undefined,
  };
}

const skipped = (name: ContenderResult['name'], reason: string): ContenderResult => ({...contender(name, []), reason});

const RESULT: SystemResult = {
  system: 'heat_1',
  summary: 'heat in a rod',
  size: 'small',
  metric: 'error, relative',
  hint: 'what it is',
  notes: ['a note'],
  budget: 5,
  truth: undefined,
  contenders: [
    contender('grid', [[[0.01, 0.5], [0.1, 1e-3]], [[0.02, 0.5], [0.2, 1e-3]], [[0.01, 0.5], [0.1, 1e-3]]], 'tolerance'), // prettier-ignore
    // Seeds end at 0.2, 0.1 and 0.3; the middle one is what others are held against.
    contender('siren', [[[0.05, 0.9], [1, 0.5], [5, 0.2]], [[0.08, 0.8], [1, 0.4], [5, 0.1]], [[0.09, 0.7], [1, 0.6], [5, 0.3]]]), // prettier-ignore
    contender('pinn', [[[0.3, 0.9], [5, 0.4]], [[0.3, 0.9], [4, 0.15]], [[0.3, 0.9], [5, 0.4]]]), // prettier-ignore
    skipped('hat', 'no second derivatives'),
    contender('paper', [[[0.5, 0.15], [2, 0.3]], [[0.6, 0.2], [2, 0.3]], [[0.7, 0.1], [2, 0.3]]], 'iterations'), // prettier-ignore
  ],
};

describe('standings', () => {
  const {gridSeconds, sirenError, standings, winners} = standingsOf(RESULT);
  const of = (name: string) => standings.find((one) => one.name === name)!;

  it('take the error of the last checkpoint before a time, the median of all seeds', () => {
    expect({gridSeconds, sirenError}).toEqual({gridSeconds: 0.1, sirenError: 0.2});
    expect(of('siren').atGridTime).toEqual([0.8, 0.5, null]); // at 0.1 and 1 s; at 10 s its time is over
    expect(of('pinn').atGridTime).toEqual([null, 0.9, null]); // nothing yet at 0.1 s
    expect(of('paper').atGridTime).toEqual([null, 0.15, 0.3]); // it has ended by itself
    expect(of('grid').atGridTime).toEqual([1e-3, 1e-3, 1e-3]);
    // Of two seeds that take longer than the third, one is the median, and the last has nothing then: most have.
    const uneven = {...RESULT, contenders: [contender('grid', [[[1, 0.1]], [[2, 0.1]], [[3, 0.1]]], 'tolerance')]};
    expect(standingsOf(uneven).standings[0].atGridTime).toEqual([0.1, 0.1, 0.1]);
    expect(of('siren').error).toEqual({median: 0.2, least: 0.1, largest: 0.3});
  });

  it('take the first time at or below an error, never where most seeds do not come there', () => {
    expect(of('grid').reaches).toBe(0.1);
    expect(of('siren').reaches).toBe(5);
    expect(of('pinn').reaches).toBeNull();
    expect(of('paper').reaches).toBe(0.6); // errors may rise again: what was reached was reached
    expect(of('hat')).toMatchObject({reaches: null, error: null, reason: 'no second derivatives'});
  });

  it('name the first at each', () => {
    expect(winners).toEqual({equalTime: 'grid', equalError: 'grid', end: 'grid'});
    const alone = standingsOf({...RESULT, contenders: [skipped('grid', 'why'), RESULT.contenders[1]]});
    expect(alone).toMatchObject({gridSeconds: null, winners: {equalTime: null, equalError: 'siren', end: 'siren'}});
    expect(standingsOf({...RESULT, contenders: []}).winners.end).toBeNull();
  });

  it('name nobody at the error of a Siren that has not left its start', () => {
    const still = {...RESULT, contenders: [RESULT.contenders[0], contender('siren', [[[0.1, 1], [5, 0.98]]])]}; // prettier-ignore
    expect(standingsOf(still)).toMatchObject({sirenMoved: false, winners: {equalError: null, equalTime: 'grid'}});
    expect(winnersOf([still])[0].slice(5, 7)).toEqual(['–', 'Siren still at its start']);
  });

  it('have curves of medians, whose ends are those of the runs', () => {
    expect(medianCurve(RESULT.contenders[1].runs)).toEqual({x: [0.08, 1, 5], y: [0.8, 0.5, 0.2]});
    expect(medianCurve([])).toEqual({x: [], y: []});
    const uneven = contender('pinn', [[[1, 0.5], [2, 0.4], [3, 0.3]], [[1, 0.5], [4, 0.2]]]).runs; // prettier-ignore
    expect(medianCurve(uneven)).toEqual({x: [1, 4], y: [0.5, 0.3]});
  });
});

describe('tables', () => {
  it('say who is where, and that a row was not run', () => {
    expect(winnersOf([RESULT])).toEqual([['heat_1', '0.1', '0.001', 'grid', '0.2', 'grid', '50 times', 'grid']]);
    const rows = rowsOf([RESULT]);
    expect(rows[1]).toEqual(['heat_1', 'siren', '0.8', '0.5', '–', '0.2 (0.1 to 0.3)', '5', '5 s']);
    expect(rows[2].at(-1)).toBe('never in 5 s');
    expect(rows[3]).toEqual(['heat_1', 'hat', '–', '–', '–', 'not run', '–', '–']);
  });

  it('are CSV with a line a checkpoint, quoted where it must be', () => {
    const lines = comparisonCsv([RESULT]).trim().split('\r\n');
    expect(lines[0]).toBe('system,field,seed,iterations,seconds,error,metric,stop');
    expect(lines[1]).toBe('heat_1,grid,0,1,0.01,0.5,"error, relative",tolerance');
    expect(lines).toHaveLength(1 + 6 + 9 + 6 + 6);
  });

  it('are LaTeX that escapes names and writes powers of ten', () => {
    const text = comparisonLatex([RESULT]);
    expect(text).toContain('heat\\_1 & $0.1$ & $0.001$ & $0.8$ & -- & -- \\\\');
    expect(text).toContain('heat\\_1 & $0.2$ & $0.1$ & $5$ & -- & $0.6$ \\\\');
    expect(text).not.toContain('& hat');
    expect(comparisonLatex([{...RESULT, contenders: [contender('grid', [[[1e-4, 1.5e-7]]])]}])).toContain('$1.5\\cdot 10^{-7}$');
  });

  it('are one object a system and field, with every checkpoint, or with the reason', () => {
    const lines = comparisonLines([RESULT]);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatchObject({
      ...{field: 'siren', gridSeconds: 0.1, secondsToSirenError: 5},
      atGridTime: [{times: 1, error: 0.8}, {times: 10, error: 0.5}, {times: 100, error: null}], // prettier-ignore
    });
    expect((lines[1].runs as {checkpoints: number[][]}[])[2].checkpoints).toEqual([[1, 0.09, 0.7], [2, 1, 0.6], [4, 5, 0.3]]); // prettier-ignore
    expect(lines[3]).toMatchObject({field: 'hat', reason: 'no second derivatives'});
  });
});

it('make a page that says what was measured, on what, and what to doubt', () => {
  const facts = {
    full: false,
    seconds: 5,
    seeds: 3,
    device: 'cpu',
    dtype: 'float32',
    threads: 2,
    complete: false,
    command: 'dinf-grid bench siren --seeds 3',
  };
  const html = renderReport(comparisonReport([RESULT], facts));
  for (const text of [
    'Who wins',
    'stopped before its end',
    'heat_1: a note',
    'hat: no second derivatives (heat_1)',
    'Reduced size',
    '50 times',
    'hat (not run)',
  ])
    expect(html).toContain(text);
  expect(html.indexOf('<h2>Curves</h2>')).toBeGreaterThan(html.indexOf('Who wins'));
  expect(html).toContain('"logX":true');
});
