// The public suites' problems beside the least errors that were published for them.
import {CATALOG} from '../suites/catalog.mjs';
import {newest, small, where} from './numbers.mjs';

/**
 * What there is to say of a row, failures first.
 *
 * @param {Record<string, any>} line @param {import('../suites/catalog.mjs').Entry} entry
 */
function remarksOf(line, {remark, published}) {
  const {exit, failure, trueError, truth, truthError = 0, errorEstimate, wholeCommandSeconds} = line;
  const said = [
    [exit === 5, 'not solved: says so (exit 5)'],
    [failure !== undefined, failure?.split('\n')[0]],
    [exit === 0 && trueError !== null && trueError - truthError > 3 * errorEstimate.tolerance, 'SOLVED, AND WRONG'],
    [published !== null && trueError !== null && trueError > published.relativeL2, 'above the published'],
    [trueError === null && exit !== null, truth ?? 'no reference'],
    [wholeCommandSeconds > 60, 'more than a minute'],
    [remark !== undefined, remark],
  ];
  return said.flatMap(([holds, text]) => (holds ? [text] : [])).join('; ');
}

const isBelow = ({trueError, published}) => trueError !== null && trueError <= published.relativeL2;

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'suites',
  title: 'Problems that others chose',
  command: 'npm run bench:suites',
  results: ['suites', 'deepxde'],
  parts(all) {
    const suites = all.filter(({benchmark}) => benchmark === 'suites');
    const lines = newest(suites).filter((line) => line.case in CATALOG && line.problem !== undefined);
    // Where nothing is published: what the suite's own example reaches.
    const examples = new Map(
      newest(all.filter(({benchmark, relativeL2}) => benchmark === 'deepxde' && typeof relativeL2 === 'number')).map((line) => [
        line.case,
        line,
      ]),
    );
    const besideExamples = lines.filter(
      ({published, trueError, ...line}) => published === null && trueError !== null && examples.has(line.case),
    );
    const belowExamples = besideExamples.filter(({trueError, ...line}) => trueError <= examples.get(line.case).relativeL2);
    const byCase = new Map(lines.map((line) => [line.case, line]));
    const compared = lines.filter(({published}) => published !== null);
    const inMinute = lines.filter(({wholeCommandSeconds}) => wholeCommandSeconds <= 60);
    const entries = Object.entries(CATALOG);
    const table = (suite) => ({
      table: {
        caption: suite,
        columns: ['problem', 'error', 'estimate', 'seconds', 'best published', 'by', ''],
        rows: entries
          .filter(([name, entry]) => entry.suite === suite && byCase.has(name))
          .map(([name, entry]) => {
            const line = /** @type {Record<string, any>} */ (byCase.get(name));
            return [
              `\`${name}\``,
              small(line.trueError),
              line.exit === 0 ? small(line.errorEstimate?.relativeL2) : null,
              line.wholeCommandSeconds.toFixed(1),
              small((entry.published ?? examples.get(name))?.relativeL2),
              entry.published?.source ?? (examples.has(name) ? 'nothing published; its own example, run here' : null),
              remarksOf(line, entry),
            ];
          }),
      },
    });
    return [
      {
        text:
          `Each problem is a file in benchmarks/suites/problems and one command with no option that says how to solve it: \`dinf-grid solve FILE\`, ` +
          `and \`--tolerance\` alone where the best published error is less than twice the default of 1e-4 (half of the published is asked for). ` +
          `Of ${lines.length} problems ${lines.filter(({exit}) => exit === 0).length} are solved by their own word (exit 0), ` +
          `${inMinute.length} within a minute; of ${compared.length} with a published error ${compared.filter(isBelow).length} come out at or below it` +
          (besideExamples.length === 0
            ? '. '
            : `, of ${besideExamples.length} more, for which nothing is published but an example with PyTorch, ` +
              `${belowExamples.length} at or below what that reaches (\`node benchmarks/deepxde.mjs\`). `) +
          `Errors are relative L2, the largest over the unknowns, against a formula or a solver of another kind.`,
      },
      {
        text:
          `Published figures come from GPUs, and minutes to hours; ours from the machine below, in the seconds of the whole command. They are their ` +
          `authors', on their own points, against their own references.`,
      },
      {text: where(lines)},
      ...[...new Set(entries.map(([, {suite}]) => suite))].map(table),
      {
        table: {
          caption: 'The same problem under another name',
          columns: ['problem', 'suite', 'stands as', 'published there'],
          rows: entries.flatMap(([name, {suite, sameAs, published}]) =>
            sameAs === undefined ? [] : [[`\`${name}\``, suite, `\`${sameAs}\``, small(published?.relativeL2)]],
          ),
        },
      },
      {
        table: {
          caption: 'What cannot be expressed yet, as a problem file',
          columns: ['problem', 'suite', 'what is missing', 'best published', 'by', ''],
          rows: entries.flatMap(([name, {suite, needs, published, remark}]) =>
            needs === undefined
              ? []
              : [[`\`${name}\``, suite, needs, small(published?.relativeL2), published?.source ?? null, remark ?? '']],
          ),
        },
      },
    ];
  },
};
