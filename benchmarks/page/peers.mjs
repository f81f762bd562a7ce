// Iterations beside PyTorch's, and the same losses from the same start.
import {newest, small, spreadOf, where} from './numbers.mjs';

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'peers',
  title: 'An iteration, beside PyTorch',
  command:
    'npm run bench:adam -- --python V/bin/python; npm run bench:siren -- --python V/bin/python; npm run bench:parity -- --python V/bin/python',
  results: ['adam-iteration', 'siren-iteration', 'adam-parity', 'siren-parity'],
  parts(all) {
    const lines = newest(all, ({benchmark, setting}) => `${benchmark} ${setting.device ?? 'cpu'}`);
    const of = (name) => lines.filter(({benchmark}) => benchmark === name);
    const times = lines.filter(({secondsPerIteration}) => secondsPerIteration !== undefined);
    const named = {
      'adam-iteration': 'the paper’s method, an Adam iteration: 262 144 draws, 6 levels, 2 features, ρ 3',
      'siren-iteration': 'Siren, 256 × 5, an Adam iteration: 262 144 draws',
    };
    const peersOf = (line) => Object.entries(line.peers ?? {torch: {...line.peer, ratio: line.peer?.ratio}});
    const parity = [...of('adam-parity'), ...of('siren-parity')];
    return [
      {
        text:
          'The peer is the same method, written from scratch in plain PyTorch (`benchmarks/peers`), timed in the same run. `fast` is the fastest ' +
          'layout that we could write, `direct` the method as its formula reads.',
      },
      {text: where(times)},
      {
        table: {
          caption: 'Seconds an iteration',
          columns: ['what', 'here', 'PyTorch', 'its layout', 'ratio'],
          rows: times.flatMap((line) =>
            peersOf(line).map(([layout, {torch, secondsPerIteration, ratio}]) => [
              named[line.benchmark],
              spreadOf(line.secondsPerIteration),
              `${spreadOf(secondsPerIteration)} (${torch})`,
              layout,
              `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)}×`,
            ]),
          ),
        },
      },
      {
        table: {
          caption: 'The same parameters and draws in both',
          columns: ['what', 'iterations', 'largest relative difference of losses over 50', 'difference of psnrPaper at the end'],
          rows: parity.map((line) => [
            line.benchmark === 'adam-parity' ? 'the grid' : 'Siren',
            line.setting.iterations,
            small(line.largestRelativeLossDifferenceOver50 ?? line.relativeLossDifference.largestOver50),
            `${small(Math.abs(line.psnrPaper.difference))} dB`,
          ]),
        },
      },
    ];
  },
};
