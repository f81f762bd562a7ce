// The direct solver's factorisation beside a dense product and SuperLU.
import {newest, seconds, spreadOf, where} from './numbers.mjs';

const gigaflops = (value) => `${(value / 1e9).toFixed(1)} Gflop/s`;

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'factorisation',
  title: 'The factorisation',
  command: 'node benchmarks/factorisation.mjs --python V/bin/python',
  results: ['factorisation'],
  parts(all) {
    const lines = newest(all, ({setting}) => JSON.stringify(setting));
    return [
      {
        text:
          'Normal equations of least squares with B-splines, factorised by our multifrontal Cholesky method. Beside it the rate of a dense ' +
          'product of matrices by NumPy’s BLAS, which is a bound that nobody exceeds by much, and SciPy’s SuperLU of the same matrix.',
      },
      {text: where(lines)},
      {
        table: {
          caption: 'Repeated factorisations',
          columns: ['matrix', 'unknowns', 'here', 'rate', 'of a dense product’s rate', 'SuperLU', 'ratio'],
          rows: lines.map((line) => [
            `${line.setting.cells}${line.setting.dims === 2 ? '²' : '³'} cells, degree ${line.setting.degree}`,
            line.unknowns.toLocaleString('en'),
            spreadOf(line.seconds),
            gigaflops(line.flopsPerSecond),
            line.partOfDenseRate === undefined ? null : `${Math.round(100 * line.partOfDenseRate)} %`,
            line.peer?.superluSeconds === undefined ? null : seconds(line.peer.superluSeconds),
            line.superluOverOurs === undefined ? null : `${line.superluOverOurs.toFixed(1)}×`,
          ]),
        },
      },
    ];
  },
};
