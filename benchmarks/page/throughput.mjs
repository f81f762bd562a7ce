// Many solves: right sides of one matrix, a pool, a service, workers that are killed.
import {newest, where} from './numbers.mjs';

const rate = (value) => `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)}/s`;
const rates = ({median, min, max}) => `${rate(median)} (${rate(min)} to ${rate(max)})`;
const milliseconds = (value) => `${value >= 100 ? Math.round(value) : value.toFixed(1)} ms`;

/** @type {import('../page.mjs').Section} */
export const section = {
  id: 'throughput',
  title: 'Many solves',
  command: 'node benchmarks/solve-many.mjs; npm run bench:serve -- --seconds 600; node benchmarks/queue-chaos.mjs',
  results: ['solve-many', 'serve', 'queue-chaos'],
  parts(all) {
    const many = newest(
      all.filter(({benchmark}) => benchmark === 'solve-many'),
      ({problem, dtype, places}) => `${problem} ${dtype} ${places}`,
    );
    const served = all.filter(({benchmark}) => benchmark === 'serve');
    const load = served.findLast(({part}) => part === 'overload');
    const unlike = served.findLast(({part}) => part === 'unlike');
    const through = newest(
      served.filter(({part}) => part === 'throughput'),
      ({problem}) => problem,
    );
    const chaos = all.findLast(({kills}) => kills !== undefined);
    return [
      {text: where([...many, ...served.slice(-1)])},
      {
        table: {
          caption: 'Right sides of one matrix, through `solveMany`',
          columns: ['problem', 'type', 'places of the source', 'together', 'one after another', 'ratio'],
          rows: many.map(({problem, dtype, places, solvesPerSecond, ratio}) => [
            problem,
            dtype,
            `${places}²`,
            rates(solvesPerSecond.solveMany),
            rates(solvesPerSecond.alone),
            `${Math.round(ratio)}×`,
          ]),
        },
      },
      ...(through.length === 0 ? [] : throughputParts(through)),
      ...(unlike === undefined ? [] : [unlikePart(unlike)]),
      ...(load === undefined ? [] : [overloadPart(load)]),
      ...(chaos === undefined
        ? []
        : [
            {
              text:
                `${chaos.jobs} jobs on ${chaos.workers} workers, of which one was killed ${chaos.kills} times in all, on a Redis that was restarted ` +
                `${chaos.restarts} times, in ${chaos.seconds} s: ${chaos.lost} lost, ${chaos.twoResults} with two results, ` +
                `${chaos.resumed} of ${chaos.interrupted} that were interrupted went on from their checkpoint.`,
            },
          ]),
    ];
  },
};

function throughputParts(lines) {
  return [
    {
      table: {
        caption: 'The same through a pool, and through HTTP with npy bodies, in turns of one run',
        columns: ['problem', ...Object.keys(lines[0].solvesPerSecond)],
        rows: lines.map(({problem, solvesPerSecond}) => [problem, ...Object.values(solvesPerSecond).map(rates)]),
      },
    },
  ];
}

/** @param {Record<string, any>} line */
function unlikePart({problems, cores, ofCoresTimesAlone}) {
  const part = (value) => `${Math.round(100 * value)} %`;
  const {median, min, max} = ofCoresTimesAlone;
  return {
    text:
      `${problems} problems of eight sizes side by side through a pool, a thread each: ${part(median)} (${part(min)} to ${part(max)}) of ${cores} times ` +
      'the rate of one after another.',
  };
}

/** @param {Record<string, any>} line */
function overloadPart({seconds, offeredPerSecond, answers, latencyMs, refusedMs, delayP99Ms, mebibytes}) {
  return {
    table: {
      caption: `Twice the capacity for ${seconds} s: ${offeredPerSecond} requests a second`,
      columns: ['what', 'figure'],
      rows: [
        ...Object.entries(answers).map(([status, count]) => [`answers of status ${status}`, count]),
        ['an answer takes (p50, p99)', `${milliseconds(latencyMs.p50)}, ${milliseconds(latencyMs.p99)}`],
        ['a refusal takes (p50, p99)', `${milliseconds(refusedMs.p50)}, ${milliseconds(refusedMs.p99)}`],
        [
          'delay of the event loop, p99 of ten seconds (median, worst)',
          `${milliseconds(delayP99Ms.p50)}, ${milliseconds(delayP99Ms.max)}`,
        ],
        [
          'memory at the begin, in the middle, at the end',
          `${['first', 'middle', 'last'].map((when) => Math.round(mebibytes[when])).join(', ')} MiB`,
        ],
      ],
    },
  };
}
