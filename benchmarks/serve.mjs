// The service under load. Four parts, `--only` runs one of them:
//   throughput: Poisson on 64 x 64 cells with other data each time, through solveMany, through SolverPool, and through HTTP with npy bodies, in turns
//     of one run; then heat on 32 x 32 cells with other uniforms, whose matrix changes, the same three ways;
//   unlike: 48 problems of eight sizes, a thread each, through a pool that has all threads, beside the same one after another;
//   latency: solves of unlike equations by one client after another, the capacity that the next part doubles;
//   overload: twice the capacity for --seconds, requests sent when their time comes whether earlier ones are answered or not: rates, latencies of
//     those that were answered, refusals, other failures (there must be none), memory of the service, delay of its event loop.
//   node benchmarks/serve.mjs --seconds 600 --results benchmarks/results/serve.jsonl
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import * as http from 'node:http';
import * as path from 'node:path';
import * as dinf from 'dinf-grid';
import {SolverPool} from 'dinf-grid/pool';
import {machine, options, record, root, spread} from './support.mjs';

const given = options({results: '', only: '', seconds: 20, repeats: 3, variations: 512, clients: 4, overload: 2, threads: 0});
const threads = given.threads > 0 ? given.threads : undefined;
const wants = (part) => given.only === '' || given.only.split(',').includes(part);
const results = given.results === '' ? undefined : given.results;

// The service, in a process of its own.

async function startService() {
  const args = [
    'serve',
    '--port',
    '0',
    '--log-level',
    'warn',
    '--max-values',
    '100000000',
    '--max-body',
    '1GiB',
    '--max-variations',
    '1000000',
  ];
  if (threads !== undefined) args.push('--threads', String(threads));
  const child = spawn(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8');
  const url = await new Promise((resolve, reject) => {
    child.stderr.on('data', (text) => {
      said += text;
      const found = /listening on (\S+)/.exec(said);
      if (found !== null) resolve(found[1]);
    });
    child.on('exit', () => reject(new Error(`the service did not start: ${said}`)));
  });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const agent = new http.Agent({keepAlive: true, maxSockets: 2000});

/** An answer as a whole. fetch would do, and takes several times the processor's time. */
function ask(url, body, type = 'application/json', accept = type) {
  return new Promise((resolve, reject) => {
    const headers = {'content-type': type, accept, 'content-length': Buffer.byteLength(body)};
    const request = http.request(url, {method: 'POST', agent, headers}, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () =>
        resolve({status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body: Buffer.concat(parts)}),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function metrics(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name) => Number(new RegExp(`^dinf_grid_${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    mebibytes: value('resident_bytes') / 2 ** 20,
    delayP99Ms: 1000 * value('event_loop_delay_p99_seconds'),
    waiting: value('queue_depth'),
  };
}

// Throughput.

const ANALYTIC = 'x*(1 - x)*y*(1 - y)*u';
const PARTS = [
  {
    name: 'Poisson 64 x 64, other data',
    body: {
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      resolution: 64,
      kernel: 'bspline:3',
      lift: {u: ANALYTIC},
      terms: [{name: 'inside', samples: {gauss: 2}, equations: 'u_xx + u_yy = f', data: ['f']}],
      grid: [64, 64],
    },
    variation: (random) => ({data: {inside: {f: Float64Array.from({length: 128 * 128}, () => random() - 0.5)}}}),
  },
  {
    name: 'heat 32 x 32, other uniforms',
    body: {
      domain: {t: [0, 1], x: [0, 1]},
      unknowns: ['u'],
      resolution: 32,
      kernel: 'bspline:3',
      uniforms: {k: 0.1},
      lift: {u: 'sin(pi*x) + t*x*(1 - x)*u'},
      terms: [{name: 'inside', samples: {gauss: 2}, equations: 'u_t = k*u_xx'}],
      grid: [32, 32],
    },
    variation: (random) => ({uniforms: {k: 0.05 + 0.1 * random()}}),
  },
];

function problemOf({domain, unknowns, resolution, kernel, lift, uniforms, terms}) {
  return dinf.problem({
    ...{domain, unknowns, lift, uniforms},
    field: dinf.rbfGrid({resolution, kernel: dinf.parseKernel(kernel)}),
    terms: terms.map(({name, samples, equations, data = []}) => {
      const axes = Object.values(domain).map(([lower, upper], k) =>
        dinf.linspace(lower, upper, samples.lattice?.[k] ?? samples.gauss * resolution),
      );
      const count = axes.reduce((product, axis) => product * axis.length, 1);
      return dinf.term(samples.gauss === undefined ? dinf.lattice(axes) : dinf.gauss(samples.gauss), equations, {
        name,
        data: Object.fromEntries(data.map((channel) => [channel, new Float64Array(count)])),
      });
    }),
  });
}

async function measureThroughput({name, body, variation}, url) {
  const posed = problemOf(body);
  const axes = posed.spec.domain.map(({lower, upper}, k) => dinf.linspace(lower, upper, body.grid[k]));
  const evaluate = {at: dinf.lattice(axes)};
  const variations = Array.from({length: given.variations}, () => variation(Math.random));
  const pool = new SolverPool({...(threads !== undefined && {threads})});
  const {id} = JSON.parse((await ask(`${url}/v1/structures`, JSON.stringify(body))).body.toString());
  const npy = variations[0].data !== undefined;
  const perRequest = Math.max(1, Math.ceil(variations.length / given.clients));
  const chunks = Array.from({length: Math.ceil(variations.length / perRequest)}, (_, i) =>
    variations.slice(i * perRequest, (i + 1) * perRequest),
  );
  const bodies = chunks.map((chunk) =>
    npy ? npyOf(chunk.map((one) => one.data.inside.f)) : JSON.stringify({variations: chunk}),
  );
  const ways = {
    solveMany: async () => {
      await dinf.solveMany(posed, variations, {evaluate, ...(threads !== undefined && {threads})});
    },
    'SolverPool.solveMany': async () => {
      await pool.solveMany(posed, variations, {evaluate});
    },
    'SolverPool.vary': async () => {
      for (let i = 0; i < variations.length; i += 256)
        await Promise.all(variations.slice(i, i + 256).map((one) => pool.vary(posed, one, {evaluate})));
    },
    HTTP: async () => {
      const type = npy ? 'application/x-npy' : 'application/json';
      const answers = await Promise.all(
        bodies.map((one) => ask(`${url}/v1/structures/${id}/solve`, one, type, 'application/x-npy')),
      );
      for (const {status, body: text} of answers) if (status !== 200) throw new Error(`${status}: ${text}`);
    },
    'one after another': async () => {
      // As many as show the rate.
      for (const one of variations.slice(0, alone)) {
        const all = {...body, uniforms: {...body.uniforms, ...one.uniforms}};
        const solution = await dinf.solve(withData(problemOf(all), one), {...(threads !== undefined && {threads})});
        await solution.evaluate(evaluate.at);
        solution.dispose();
      }
    },
  };
  const alone = Math.min(16, variations.length);
  /** @type {Record<string, number[]>} */
  const rates = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = -1; round < given.repeats; round++) {
    for (const [way, run] of Object.entries(ways)) {
      const began = performance.now();
      await run();
      const rate = (way === 'one after another' ? alone : variations.length) / ((performance.now() - began) / 1000);
      if (round >= 0) rates[way].push(rate); // the first round warms up
    }
  }
  await pool.close();
  const solvesPerSecond = Object.fromEntries(Object.entries(rates).map(([way, list]) => [way, spread(list)]));
  const many = solvesPerSecond.solveMany.median;
  const ofSolveMany = Object.fromEntries(Object.entries(solvesPerSecond).map(([way, {median}]) => [way, median / many]));
  record(
    {benchmark: 'serve', part: 'throughput', problem: name, variations: variations.length, solvesPerSecond, ofSolveMany},
    results,
  );
}

/** The same problem with the data of a variation as its own. */
function withData(posed, {data}) {
  if (data === undefined) return posed;
  return new dinf.Problem({
    ...posed.spec,
    terms: posed.spec.terms.map((one) => ({...one, data: {...one.data, ...data[one.name]}})),
  });
}

function npyOf(rows) {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows.length}, ${rows[0].length}), }`;
  const header = `${text.padEnd(117)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return Buffer.concat([
    start,
    Buffer.from(header),
    ...rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength)),
  ]);
}

// Unlike problems side by side: how much of the processor they leave each other.

async function measureUnlike() {
  // So many that the last one, which has nobody beside it, weighs little.
  const sizes = Array.from({length: 48}, (_, i) => 40 + 2 * (i % 8));
  const posedFor = (resolution) =>
    dinf.problem({
      domain: {x: [0, 1], y: [0, 1]},
      unknowns: ['u'],
      field: dinf.rbfGrid({resolution, kernel: dinf.bspline(5)}),
      lift: {u: ANALYTIC},
      terms: [dinf.term(dinf.gauss(3), 'u_xx + u_yy + u^3 = sin(10*x*y)')],
    });
  const optimizer = dinf.gaussNewton({iterations: 5});
  const cores = threads ?? machine().cores;
  /** @type {{alone: number[], sideBySide: number[]}} */
  const times = {alone: [], sideBySide: []};
  for (let round = -1; round < given.repeats; round++) {
    let began = performance.now();
    for (const size of sizes) (await dinf.solve(posedFor(size), {optimizer, threads: 1})).dispose();
    const alone = (performance.now() - began) / 1000;
    // Nothing is kept from round to round: each pool is new.
    const pool = new SolverPool({threads: cores});
    began = performance.now();
    const solutions = await Promise.all(sizes.map((size) => pool.solve(posedFor(size), {optimizer, threads: 1})));
    const sideBySide = (performance.now() - began) / 1000;
    for (const solution of solutions) solution.dispose();
    await pool.close();
    if (round >= 0) {
      times.alone.push(alone);
      times.sideBySide.push(sideBySide);
    }
  }
  const ratios = times.alone.map((alone, i) => alone / times.sideBySide[i] / cores);
  record(
    {
      ...{benchmark: 'serve', part: 'unlike', problems: sizes.length, cores},
      seconds: {alone: spread(times.alone), sideBySide: spread(times.sideBySide)},
      ofCoresTimesAlone: spread(ratios),
    },
    results,
  );
}

// Latency and overload: equations that have little in common, each well below a second.

const EQUATIONS = [
  {equation: 'u_x = -k*u', domain: 'x=0..1', where: 'x=0: u=1', uniform: {k: 2}},
  {equation: 'u_xx + 9*u = sin(x)', domain: 'x=0..3', where: 'x=0|x=3: u=0'},
  {equation: 'u_t = 0.1*u_xx', domain: 't=0..1,x=0..1', where: ['t=0: u=sin(pi*x)', 'x=0|x=1: u=0'], resolution: 16},
  {equation: 'u_xx + u_yy = -2', domain: 'x=0..1,y=0..1', where: 'x=0|x=1|y=0|y=1: u=0', resolution: 12},
];
const jobs = EQUATIONS.map((problem) => JSON.stringify({problem, grid: problem.domain.includes(',') ? [9, 9] : [33]}));

async function measureCapacity(url, seconds) {
  const latencies = [];
  const end = performance.now() + seconds * 1000;
  const client = async (first) => {
    for (let i = first; performance.now() < end; i++) {
      const began = performance.now();
      const {status, body} = await ask(`${url}/v1/solve`, jobs[i % jobs.length]);
      if (status !== 200) throw new Error(`${status}: ${body}`);
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({length: given.clients}, (_, i) => client(i)));
  return {solvesPerSecond: latencies.length / seconds, latencyMs: percentiles(latencies)};
}

async function measureOverload(url, capacity) {
  const rate = given.overload * capacity;
  const answers = {};
  const latencies = [];
  const refusedMs = [];
  const watched = [];
  const open = new Set();
  const began = performance.now();
  const end = began + given.seconds * 1000;
  let nextLook = began;
  for (let sent = 0; performance.now() < end; sent++) {
    const due = began + (1000 * sent) / rate;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    if (performance.now() >= nextLook) {
      nextLook += Math.max(1000, (given.seconds * 1000) / 60);
      void metrics(url).then((look) => watched.push(look));
    }
    const asked = performance.now();
    const one = ask(`${url}/v1/solve`, jobs[sent % jobs.length]).then(
      ({status, retryAfter, body}) => {
        const honest = status !== 429 || Number(retryAfter) >= 1;
        const kind = honest ? String(status) : '429 without a time';
        answers[kind] = (answers[kind] ?? 0) + 1;
        if (status === 200) latencies.push(performance.now() - asked);
        else if (status === 429) refusedMs.push(performance.now() - asked);
        else console.error(`${status}: ${body}`);
      },
      (/** @type {unknown} */ error) => {
        const kind = String(error);
        answers[kind] = (answers[kind] ?? 0) + 1;
      },
    );
    open.add(one);
    void one.finally(() => open.delete(one));
  }
  await Promise.all(open);
  const memory = watched.map(({mebibytes}) => mebibytes);
  return {
    seconds: given.seconds,
    offeredPerSecond: rate,
    answers,
    solvesPerSecond: latencies.length / given.seconds,
    latencyMs: percentiles(latencies),
    refusedMs: percentiles(refusedMs),
    delayP99Ms: percentiles(watched.map(({delayP99Ms}) => delayP99Ms)),
    mebibytes: {first: memory[0], middle: memory[memory.length >> 1], last: memory.at(-1), most: Math.max(...memory)},
  };
}

function percentiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  return {p50: at(0.5), p99: at(0.99), max: sorted.at(-1), count: sorted.length};
}

if (wants('unlike')) await measureUnlike();
const service = await startService();
try {
  if (wants('throughput')) for (const part of PARTS) await measureThroughput(part, service.url);
  if (wants('latency') || wants('overload')) {
    await measureCapacity(service.url, 3); // warms up
    const capacity = await measureCapacity(service.url, Math.min(20, Math.max(5, given.seconds / 3)));
    record({benchmark: 'serve', part: 'latency', clients: given.clients, ...capacity}, results);
    if (wants('overload'))
      record({benchmark: 'serve', part: 'overload', ...(await measureOverload(service.url, capacity.solvesPerSecond))}, results);
  }
} finally {
  await service.stop();
  agent.destroy();
}
