// The ops of the CPU backend one by one: what each takes, and how near that is to the machine's own peak.
import {newest, seconds, where} from './numbers.mjs';

/** Families of ops, in the order of native/core/backend.h. */
const FAMILIES = {
  Samples: /^(draw|coordinate|weights)/,
  Encoder: /^encode/,
  Decoder: /^(fold|refine|mlp)/,
  Programs: /^run/,
  'Vectors, Adam, conjugate gradients':
    /^(fill|copy|dot|axpy|xpby|multiply|inverseRoots|adam|cgls|collectSums|clearSums|parallelFor)/,
  'Direct solver': /^(factorise|solve|cellRows|front)/,
};
const COLUMNS = ['op', 'setting', 'threads', 'a call', 'Gflop/s', 'GB/s', 'bound by', 'ratio', 'of peak'];

const rate = (amount, time) => (amount > 0 ? (amount / time / 1e9).toPrecision(3) : null);

const rowOf = ({op, setting, threads, seconds: time, flops, bytes, bound, ratio}) => [
  `\`${op}\``,
  setting,
  threads,
  seconds(time.median),
  rate(flops, time.median),
  rate(bytes, time.median),
  bound,
  ratio && `${ratio.median.toPrecision(3)} (${ratio.min.toPrecision(3)} to ${ratio.max.toPrecision(3)})`,
  ratio && `${(100 / ratio.median).toFixed(0)} %`,
];

/** The newest comparison with another commit, where one is stored: what differs by more than noise. */
function comparison(lines) {
  const line = lines.findLast(({benchmark}) => benchmark === 'ops-compare');
  if (line === undefined) return [];
  const {beside, machine, ops, threshold} = line;
  const verdict = ({slower, ratio}) => (slower ? `more than ${100 * threshold} % slower` : ratio > 1 ? 'slower' : 'faster');
  const rows = ops
    .filter(({differs}) => differs)
    .map((one) => [`\`${one.op}\``, one.setting, one.ratio.toFixed(3), one.error.toFixed(3), verdict(one)]);
  const caption = `${machine.commit} beside ${beside}, timed in turns: ${rows.length} of ${ops.length} ops differ by more than noise`;
  return [{table: {caption, columns: ['op', 'setting', 'ratio of times', 'standard error', ''], rows}}];
}

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'ops',
  title: 'Ops beside the machine’s peak',
  command: 'npm run bench:ops',
  results: ['ops'],
  parts(lines) {
    const measured = newest(
      lines.filter(({benchmark}) => benchmark === 'ops'),
      ({op, setting, threads}) => `${op}, ${setting}, ${threads}`,
    );
    if (measured.length === 0) return [];
    const highest = (quantity) => (Math.max(...measured.map(({peak}) => peak[quantity])) / 1e9).toPrecision(3);
    return [
      {
        text:
          `Right before and after every op run two calibration kernels on as many threads: multiply-adds in registers (here up to ` +
          `${highest('flopsPerSecond')} Gflop/s) and a stream over as much memory as the op touches (up to ${highest('bytesPerSecond')} GB/s, ` +
          `from caches). The ratio is the time of the op over what those take for the same flops or bytes, whichever takes them longer: 1 is the ` +
          `peak. It is a median, with the lowest and the highest of the repeats.`,
      },
      {
        text:
          `Flops and bytes are what any implementation must do and move, each operand once (\`native/bench\` has the formulas): work that is done ` +
          `twice counts as time lost. An instruction of a program is one flop, so that half of the peak is the most that programs can reach.`,
      },
      {text: where(measured)},
      ...Object.entries(FAMILIES).flatMap(([caption, pattern]) => {
        const rows = measured.filter(({op}) => pattern.test(op)).map(rowOf);
        return rows.length > 0 ? [{table: {caption, columns: COLUMNS, rows}}] : [];
      }),
      ...comparison(lines),
    ];
  },
};
