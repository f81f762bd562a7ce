/** `dinf-grid worker`: takes jobs from a queue and solves them until it is told to stop. */
import type {Command} from 'commander';
import type {Device} from '../devices';
import type {WorkerEvent} from '../queue/options';
import {DEFAULT_QUEUE} from '../queue/options';
import {startWorker} from '../queue/worker';
import {DinfError} from '../base/errors';
import {numeric, usage, whole} from './arguments';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';

interface Parsed {
  redis: string;
  queue: string;
  store: string;
  concurrency: number;
  threads?: number;
  device: string;
  lock: number;
  checkpointEvery: number;
  rate?: {jobs: number; seconds: number};
  deaths: number;
  json?: boolean;
  quiet?: boolean;
}

/** Adds `worker`. */
export function addWorkerCommand(program: Command, finish: (code: number) => void): void {
  program
    .command('worker')
    .description('take jobs from a queue on Redis and solve them; SIGTERM hands back what runs and ends it')
    .requiredOption('--redis <url>', 'such as redis://127.0.0.1:6379')
    .requiredOption('--store <place>', 'where results and checkpoints go: a folder that all workers see, or s3://bucket/prefix')
    .option('--queue <name>', 'the queue', DEFAULT_QUEUE)
    .option('--concurrency <n>', 'jobs at once', whole('--concurrency', 1), 1)
    .option('--threads <n>', 'CPU threads of a job (default: the cores, shared among the jobs at once)', whole('--threads', 1))
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', 'auto')
    .option('--lock <s>', "seconds without a sign of life after which a job is another worker's", numeric('--lock', 0.5), 30)
    .option(
      '--checkpoint-every <s>',
      'seconds between checkpoints, of solves that have them',
      numeric('--checkpoint-every', 0.1),
      10,
    )
    .option(
      '--rate <jobs/s>',
      'most jobs that all workers begin in so many seconds, such as 10/60; give all the same',
      usage(parseRate),
    )
    .option('--deaths <n>', 'workers that may die over one job before it fails', whole('--deaths', 0), 10)
    .option('--json', 'print one JSON object an event on stdout')
    .option('--quiet', 'say nothing but what goes wrong')
    .action(async (parsed: Parsed) => {
      finish(await run(parsed));
    });
}

/** @throws DinfError INVALID_ARGUMENT */
function parseRate(text: string): {jobs: number; seconds: number} {
  const parts = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(text.trim());
  if (parts === null || Number(parts[1]) < 1 || !(Number(parts[2]) > 0))
    throw new DinfError('INVALID_ARGUMENT', `--rate is JOBS/SECONDS, such as 10/60, and is ${text}`);
  return {jobs: Number(parts[1]), seconds: Number(parts[2])};
}

async function run(parsed: Parsed): Promise<number> {
  const {redis, queue, store, concurrency, threads, lock, checkpointEvery, rate, deaths} = parsed;
  const interruption = listenForInterruption();
  const fate = {lost: false};
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  try {
    const worker = await startWorker({
      ...{redis, queue, store, concurrency, threads, rate, mostDeaths: deaths},
      ...{device: parsed.device as Device, lockSeconds: lock, checkpointSeconds: checkpointEvery},
      onEvent: (event) => {
        tell(event, parsed);
        if (event.event !== 'device-lost') return;
        fate.lost = true; // this process cannot use it again: whoever watches over it starts a new one
        end();
      },
    });
    if (parsed.json !== true && parsed.quiet !== true)
      process.stderr.write(`dinf-grid worker: ${queue}, ${concurrency} at once, results in ${store}\n`);
    if (parsed.json === true) process.stdout.write(`${JSON.stringify({event: 'ready', pid: process.pid})}\n`);
    if (interruption.signal.aborted) end();
    interruption.signal.addEventListener('abort', end);
    await ended;
    await worker.close();
    return fate.lost ? EXIT.failed : EXIT.solved;
  } finally {
    interruption.stop();
  }
}

function tell(event: WorkerEvent, {json, quiet}: Parsed): void {
  if (json === true) process.stdout.write(`${JSON.stringify(event)}\n`);
  const wrong = event.event === 'trouble' || event.event === 'failed' || event.event === 'device-lost';
  if (json === true || (quiet === true && !wrong)) return;
  const {event: name, ...rest} = event;
  const parts = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
  process.stderr.write(`${name}: ${parts.join(', ')}\n`);
}
