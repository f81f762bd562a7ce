// What the queue promises, while everything around it fails: jobs go through real workers, of which one is killed every few seconds, and
// through a real redis-server, which is killed and started again.
//
//   node benchmarks/queue-chaos.mjs [--jobs 1000] [--workers 2] [--kill-every 3] [--kills 1000] [--restarts 2] [--long 0.1]
//
// --kill-every is in seconds, --long the part of jobs that train for a second or two and have checkpoints. Prints one line of JSON, and
// ends with 1 where a job was lost, has two results, or began anew although it had a checkpoint. Needs redis-server on PATH.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import * as fs from 'node:fs';
import {createServer} from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import {parseArgs} from 'node:util';
import {loadSolution} from '../dist/index.js';
import {heat} from '../dist/api/problems.js';
import {createQueue} from '../dist/api/queue.js';

const {values: given} = parseArgs({
  options: Object.fromEntries(
    ['jobs', 'workers', 'kill-every', 'kills', 'restarts', 'long', 'lock'].map((name) => [
      name,
      {type: /** @type {const} */ ('string')},
    ]),
  ),
});
const number = (/** @type {string} */ name, /** @type {number} */ otherwise) => Number(given[name] ?? otherwise);
const jobs = number('jobs', 1000);
const workers = number('workers', 2);
const killEvery = number('kill-every', 3);
const mostKills = number('kills', 1000);
const restarts = number('restarts', 2);
const long = Math.round(jobs * number('long', 0.1));
const lock = number('lock', 2);

const sleep = (/** @type {number} */ seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dinf-chaos-'));
const store = path.join(folder, 'store');
const main = path.join(import.meta.dirname, '..', 'dist', 'cli', 'main.js');

const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const {port} = /** @type {import('node:net').AddressInfo} */ (probe.address());
probe.close();
const url = `redis://127.0.0.1:${port}`;

/** Starts Redis where it left off: what it has answered is on disk. */
async function startRedis() {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn('redis-server', [...options, '--appendonly', 'yes', '--appendfsync', 'always']);
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('redis-server does not start')));
    child.stdout.on('data', (data) => {
      if (String(data).includes('Ready to accept')) resolve(undefined);
    });
  });
  return child;
}

/** What all workers have told, in its order: {worker, event, id, ...}. */
const told = [];
/** Jobs whose worker was killed over them: {id, at, checkpoint}. */
const interrupted = [];
let started = 0;

function startWorker() {
  const options = [
    '--redis',
    url,
    '--store',
    store,
    '--json',
    '--threads',
    '1',
    '--lock',
    String(lock),
    '--checkpoint-every',
    '0.2',
  ];
  const child = spawn(process.execPath, [main, 'worker', ...options, '--deaths', '100']);
  const worker = {child, number: started++, running: new Set(), ready: false};
  let rest = '';
  child.stdout.on('data', (data) => {
    const lines = `${rest}${data}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line);
      told.push({worker: worker.number, ...event});
      if (event.event === 'ready') worker.ready = true;
      if (event.event === 'started') worker.running.add(event.id);
      if (['done', 'failed', 'handed-back'].includes(event.event)) worker.running.delete(event.id);
    }
  });
  child.stderr.on('data', (data) => process.stderr.write(data));
  return worker;
}

let redis = await startRedis();
const queue = await createQueue({redis: url, store});
const began = performance.now();
/** @type {string[]} */
const ids = [];
/** Seeds of the long ones, by id. */
const seeds = new Map();
const every = long === 0 ? Infinity : Math.floor(jobs / long);
const ITERATIONS = 15_000;
for (let i = 0; i < jobs; i++) {
  const trains = i % every === 0 && seeds.size < long;
  const job = trains
    ? {system: 'heat', options: {optimizer: 'adam', iterations: ITERATIONS, resolution: 32}, seed: i}
    : {
        problem: {
          ...{equation: 'u_t = a*u_xx', domain: 't=0..1,x=0..1', where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0']},
          ...{uniform: {a: 0.05 + i / jobs}, resolution: 8, tolerance: 0.1},
        },
      };
  const {id} = await queue.submit(job);
  ids.push(id);
  if (trains) seeds.set(id, i);
}
process.stderr.write(`${jobs} jobs in the queue after ${((performance.now() - began) / 1000).toFixed(1)} s\n`);

/** The bytes of each result when it was first seen. */
const first = new Map();
const resultOf = (/** @type {string} */ id) => path.join(store, 'results', id, 'result.json');
const checkpointOf = (/** @type {string} */ id) => path.join(store, 'checkpoints', `${id}.safetensors`);
function look() {
  for (const id of ids) if (!first.has(id) && fs.existsSync(resultOf(id))) first.set(id, fs.readFileSync(resultOf(id), 'utf8'));
  return first.size;
}

let crew = Array.from({length: workers}, startWorker);
let kills = 0;
let downs = 0;
let lastKill = performance.now();
const deadline = performance.now() + 1000 * (60 + jobs);
while (look() < jobs && performance.now() < deadline) {
  await sleep(0.1);
  if (performance.now() - lastKill > 1000 * killEvery && kills < mostKills) {
    // One that works, so that it hurts, and if possible one whose job has a checkpoint.
    const busy = crew.filter(({running}) => running.size > 0);
    const saved = busy.find(({running}) => [...running].some((id) => fs.existsSync(checkpointOf(id))));
    const victim = saved ?? (performance.now() - lastKill > 1500 * killEvery ? busy[0] : undefined);
    if (victim !== undefined) {
      lastKill = performance.now();
      victim.child.kill('SIGKILL');
      if (victim.child.exitCode === null && victim.child.signalCode === null) await once(victim.child, 'exit');
      await sleep(0.05); // what it said last
      for (const id of victim.running) {
        if (fs.existsSync(resultOf(id))) continue;
        interrupted.push({id, at: told.length, checkpoint: fs.existsSync(checkpointOf(id))});
      }
      kills += 1;
      crew = [...crew.filter((one) => one !== victim), startWorker()];
    }
  }
  if (downs < restarts && look() >= ((downs + 1) * jobs) / (restarts + 1)) {
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    await sleep(0.5);
    redis = await startRedis();
    downs += 1;
  }
}
const seconds = (performance.now() - began) / 1000;
// What Redis knows: everything done, nothing failed.
let counts = await queue.counts();
for (let i = 0; i < 200 && counts.running + counts.waiting > 0; i++) {
  await sleep(0.1);
  counts = await queue.counts();
}
const codes = await Promise.all(
  crew.map(async ({child}) => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }),
);
await queue.close();
redis.kill('SIGTERM');
await once(redis, 'exit');

const lost = ids.filter((id) => !fs.existsSync(resultOf(id)));
const changed = ids.filter((id) => first.has(id) && fs.readFileSync(resultOf(id), 'utf8') !== first.get(id));
const doubled = ids.filter((id) => {
  const files = lost.includes(id) ? [] : fs.readdirSync(path.join(store, 'results', id));
  return files.length > 2;
});
const solved = new Map();
for (const {event, id, found} of told) if (event === 'done' && found === false) solved.set(id, (solved.get(id) ?? 0) + 1);
const twice = [...solved.values()].filter((times) => times > 1).length;
const withCheckpoint = interrupted.filter(({checkpoint}) => checkpoint);
const next = ({id, at}) => told.slice(at).find((one) => one.event === 'started' && one.id === id);
const anew = withCheckpoint.filter((one) => !(next(one)?.resumedFrom > 0) && next(one) !== undefined);
// Results of training that went through several hands, against the same at once: Adam's are the same to the bit.
let [identical, compared] = [0, 0];
for (const id of [...new Set(withCheckpoint.map((one) => one.id))].filter((one) => seeds.has(one)).slice(0, 5)) {
  const {field} = JSON.parse(fs.readFileSync(resultOf(id), 'utf8'));
  const there = await loadSolution(path.join(store, field));
  const posed = await heat({optimizer: 'adam', iterations: ITERATIONS, resolution: 32});
  const here = await posed.solve({seed: seeds.get(id), threads: 1});
  compared += 1;
  if (Buffer.from((await there.parameters()).buffer).equals(Buffer.from((await here.parameters()).buffer))) identical += 1;
  there.dispose();
  here.dispose();
}
const good =
  lost.length + changed.length + doubled.length + anew.length === 0 &&
  counts.failed === 0 &&
  identical === compared &&
  codes.every((code) => code === 0);
const outcome = {
  ...{
    jobs,
    workers,
    kills,
    restarts: downs,
    seconds: Number(seconds.toFixed(1)),
    lost: lost.length,
    twoResults: changed.length + doubled.length,
  },
  solvedTwiceToOneResult: twice,
  ...{
    interrupted: interrupted.length,
    withCheckpoint: withCheckpoint.length,
    resumed: withCheckpoint.length - anew.length,
    anew: anew.length,
  },
  ...{compared, identical, queue: counts, exitCodes: codes, good},
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
if (good) fs.rmSync(folder, {recursive: true, force: true});
else process.stderr.write(`what is there: ${folder}\n`);
process.exitCode = good ? 0 : 1;
