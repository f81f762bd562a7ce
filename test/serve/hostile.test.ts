/** Clients that mean harm, or have gone, or are slow: the service and its other clients go on. */
import * as http from 'node:http';
import * as net from 'node:net';
import {DEAR, ENDLESS, HEAT, serving, STRUCTURE, until, wait} from './support';

const service = serving({
  maxSeconds: 20,
  maxPoseSeconds: 2,
  maxJson: 200_000,
  maxSamples: 100_000,
  maxUnknowns: 50_000,
  queue: 32,
});

/** A neighbour who wants nothing special. */
async function neighbour(): Promise<void> {
  const {status, json} = await service.post('/v1/solve', {problem: HEAT, grid: [3, 3]});
  expect([status, json.met]).toEqual([200, true]);
}

const open = (): net.Socket =>
  net.connect({port: Number(new URL(service.url).port), host: '127.0.0.1'}).on('error', () => undefined);

const request = (body: string, accept: string): string =>
  `POST /v1/solve HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: ${accept}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('hostile bodies', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  it.each([
    ['names of prototypes', '{"__proto__": {"polluted": 1}, "problem": {}}'],
    ['constructors', '{"constructor": {"prototype": {"polluted": 1}}}'],
    ['a name of a prototype further in', JSON.stringify({problem: HEAT}).replace('"where"', '"__proto__":{"x":1},"where"')],
    [
      'a uniform called __proto__',
      JSON.stringify({problem: {...HEAT, uniform: {}}}).replace('"uniform":{}', '"uniform":{"__proto__":1}'),
    ],
    ['lists in lists', `{"problem": ${nested(90_000)}}`],
    ['lists in lists where a text is wanted', `{"problem": {"equation": ${nested(90_000)}, "domain": "x=0..1"}}`],
    ['numbers that are none', '{"problem": {"equation": "u_xx = 1", "domain": {"x": [0, 1e999]}}}'],
    ['NaN', '{"problem": {"equation": "u_xx = 1", "domain": {"x": [0, NaN]}}}'],
    ['huge bounds', '{"problem": {"equation": "u_xx = 1", "domain": {"x": [-1e308, 1e308]}, "where": "x=0: u=0"}}'],
    ['a folder to write to', JSON.stringify({problem: {...HEAT, out: '/tmp/dinf-grid-hostile'}})],
    ['a file to read', JSON.stringify({system: {name: 'fit', options: {image: '/etc/passwd'}}})],
    ['a file to read, by another name', JSON.stringify({system: {name: 'sdf', options: {points: '/etc/passwd'}}})],
    ['a checkpoint', JSON.stringify({problem: {...HEAT, checkpoint: '/tmp/x'}})],
    ['code in place of an equation', JSON.stringify({problem: {...HEAT, equation: 'process.exit(1)'}})],
    ['a grid without end', JSON.stringify({problem: HEAT, grid: [1e6, 1e6]})],
    ['cells without end', JSON.stringify({problem: {...HEAT, resolution: [1e9, 1e9]}})],
    ['a network without end', JSON.stringify({problem: {...HEAT, field: 'siren', width: 4096, hiddenLayers: 15}})],
    ['a text that is dear to read', JSON.stringify({problem: {...HEAT, equation: `u_t = ${'(u+1)^(1/3)*'.repeat(5000)}u_xx`}})],
    ['a domain that is dear to match', JSON.stringify({problem: {...HEAT, domain: `t=${'0'.repeat(190_000)}!`}})],
    [
      'a condition that is dear to match',
      JSON.stringify({problem: {...HEAT, where: [`${' '.repeat(90_000)}t=0${' '.repeat(90_000)}`]}}),
    ],
    ['a kernel that is none', JSON.stringify({problem: {...HEAT, kernel: 'bspline:9e99'}})],
    ['no object', '[1]'],
    ['nothing', ''],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0, 0x7b])],
  ])('%s: refused', async (_, body) => {
    const {status, json} = await service.post('/v1/solve', body);
    expect({status: Math.floor(status / 100), code: typeof json.error?.code}).toEqual({status: 4, code: 'string'});
    expect(({} as {polluted?: unknown}).polluted).toBeUndefined();
    expect(json.error!.message).not.toMatch(/\/work|node_modules|\.js:\d/);
  });

  /** Milliseconds that `/healthz` takes, asked for again and again until something has come. */
  async function healthUntil(come: Promise<unknown>): Promise<number[]> {
    const took: number[] = [];
    const ended = come.then(() => true);
    for (let over = false; !over;) {
      const began = performance.now();
      expect((await service.get('/healthz')).status).toBe(200);
      took.push(performance.now() - began);
      over = await Promise.race([ended, wait(10).then(() => false)]);
    }
    return took.sort((a, b) => a - b);
  }

  const dearStructure = (equations: string): object => ({
    ...STRUCTURE,
    terms: [{...STRUCTURE.terms[0], equations}],
  });
  /** Seconds to compile, and within the time. */
  const LONG = `u_xx = f + ${Array.from({length: 250}, (_, i) => `${i ** 2 + 1}^(-9)*cos(${i}*u)*sin(${i}*x)`).join(' + ')}`;

  it.each<[string, string, object, number]>([
    ['a dear text is read', '/v1/describe', {problem: {...HEAT, equation: DEAR}}, 422],
    ['a dear structure is read', '/v1/structures', dearStructure(DEAR.replace('u_t = ', 'u_xx = f + ')), 422],
    ['a long structure is compiled, and kept', '/v1/structures', dearStructure(LONG), 201],
  ])('answers health while %s', async (_, path, body, status) => {
    const slow = service.post(path, body);
    const took = await healthUntil(slow);
    expect((await slow).status).toBe(status);
    expect(took.length).toBeGreaterThan(10);
    expect(took[took.length >> 1]).toBeLessThan(50);
    expect(took[took.length - 1]).toBeLessThan(500);
    await neighbour();
  });

  it('refuses bodies that are too long before they are sent', async () => {
    const socket = open();
    socket.write(`POST /v1/solve HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000000\r\n\r\n{`);
    const [first] = (await new Promise<Buffer[]>((resolve) => socket.once('data', (data: Buffer) => resolve([data])))) as [
      Buffer,
    ];
    expect(first.toString()).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });

  it('survives random changes of bodies', async () => {
    const seconds = Number(process.env.DINF_FUZZ_SECONDS ?? 3);
    const random = mulberry(20_261_130);
    const seeds = [
      {problem: HEAT, grid: [2, 2]},
      {system: {name: 'heat', options: {resolution: 8}}, grid: [2, 2]},
      {problem: {equation: 'u_x = -k*u', domain: 'x=0..1', where: ['x=0: u=1'], uniform: {k: 2}}, expressions: ['u', 'residual']},
    ].map((one) => JSON.stringify(one));
    const statuses = new Set<number>();
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      const bodies = Array.from({length: 4}, () => mutated(seeds[Math.floor(random() * seeds.length)], seeds, random));
      const path = random() < 0.8 ? '/v1/describe' : '/v1/solve';
      const answers = await Promise.all(bodies.map((body) => service.post(path, body)));
      for (const [i, {status, text}] of answers.entries()) {
        statuses.add(status);
        if (status >= 500) throw new Error(`${path} answered ${status} to ${bodies[i]}: ${text}`);
      }
    }
    expect(Array.from(statuses)).toEqual(expect.arrayContaining([200, 400]));
    await neighbour();
  }, 4_000_000);
});

describe('clients', () => {
  it('that go away end their solves, also while these wait', async () => {
    const body = JSON.stringify({problem: ENDLESS});
    const sockets = Array.from({length: 6}, (_, i) => {
      const socket = open();
      socket.write(request(body, i % 2 === 0 ? 'text/event-stream' : 'application/json'));
      return socket;
    });
    await until(
      'two run and four wait',
      async () => (await service.metric('running')) === 2 && (await service.metric('queue_depth')) === 4,
    );
    for (const socket of sockets) socket.destroy();
    await until('nobody is left', async () => (await service.metric('running')) + (await service.metric('queue_depth')) === 0);
    await neighbour();
  });

  it('that do not read are sent no more than they take', async () => {
    const body = JSON.stringify({problem: {...ENDLESS, width: 8}, maxSeconds: 6});
    const sockets = Array.from({length: 20}, () => {
      const socket = open();
      socket.pause(); // reads nothing
      socket.write(request(body, 'text/event-stream'));
      return socket;
    });
    await until('they run', async () => (await service.metric('running')) === 2);
    await wait(500);
    const before = process.memoryUsage();
    await neighbour(); // takes its turn between them
    await wait(500);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(64 * 2 ** 20);
    for (const socket of sockets) socket.destroy();
    await until('nobody is left', async () => (await service.metric('running')) + (await service.metric('queue_depth')) === 0);
  });

  it('that send byte by byte keep nobody waiting', async () => {
    const sockets = Array.from({length: 50}, () => {
      const socket = open();
      socket.write('POST /v1/solve HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{');
      return socket;
    });
    const timer = setInterval(() => {
      for (const socket of sockets) socket.write(' ');
    }, 50);
    await neighbour();
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  });

  it('that speak no HTTP are told so', async () => {
    const socket = open();
    socket.write('\x16\x03\x01 hello\r\n\r\n');
    const said = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (data: Buffer) => (text += data.toString()));
      socket.on('close', () => {
        resolve(text);
      });
    });
    expect(said).toMatch(/^HTTP\/1\.1 400/);
    await neighbour();
  });

  it('find no file by any path', async () => {
    const paths = [
      '/../package.json',
      '/assets/../../package.json',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/package.json',
      '//etc/passwd',
      '/assets/passwd%00.html',
    ];
    for (const path of paths) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        http
          .get({port: new URL(service.url).port, host: '127.0.0.1', path}, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
          .on('error', reject);
      });
      expect({path, status: status === 400 || status === 404}).toEqual({path, status: true});
    }
  });
});

describe('jobs', () => {
  it('that would not fit are refused, and their neighbours go on', async () => {
    const [large] = await Promise.all([
      service.post('/v1/solve', {problem: {...HEAT, resolution: 4000}}),
      neighbour(),
      neighbour(),
    ]);
    expect([large.status, large.json.error!.code]).toEqual([413, 'OUT_OF_MEMORY']);
  });

  it('that diverge are answered, and their neighbours go on', async () => {
    const problem = {...HEAT, optimizer: 'adam', learningRate: 1e30, iterations: 5000};
    const [wild] = await Promise.all([service.post('/v1/solve', {problem, grid: [2, 2]}), neighbour(), neighbour()]);
    expect([wild.status, wild.json.stopReason]).toEqual([200, 'diverged']);
  });

  it('of clients that have gone leave the queue to others', async () => {
    // One address is one caller; that callers take turns is tested of the pool.
    const gone = new AbortController();
    const many = Array.from({length: 20}, () =>
      service.post('/v1/solve', {problem: ENDLESS}, {}, gone.signal).catch(() => undefined),
    );
    await until('some are refused', async () =>
      (await service.get('/metrics')).text.includes('dinf_grid_refused_total{code="QUEUE_FULL"}'),
    );
    gone.abort();
    await Promise.all(many);
    // The service hears of it a moment after the clients have gone.
    await until('the queue is empty', async () => (await service.metric('queue_depth')) === 0);
    await neighbour();
  });
});

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Some bytes changed, cut, doubled, or put in from another body. */
function mutated(text: string, others: readonly string[], random: () => number): string {
  let result = text;
  const at = (): number => Math.floor(random() * result.length);
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const [a, b] = [at(), at()].sort((x, y) => x - y);
    const kind = Math.floor(random() * 6);
    const insert = [
      '"',
      '{',
      '}',
      '[',
      ']',
      '1e308',
      '-1',
      'null',
      '0',
      '\\u0000',
      '(',
      ')',
      '^',
      '*',
      'u',
      'x',
      '\u0000',
      '__proto__',
      'é',
    ];
    if (kind === 0) result = result.slice(0, a) + result.slice(Math.min(b, a + 8));
    else if (kind === 1) result = result.slice(0, b) + result.slice(a, Math.min(b, a + 40)) + result.slice(b);
    else if (kind === 2)
      result = result.slice(0, a) + others[Math.floor(random() * others.length)].slice(0, 30) + result.slice(a);
    else if (kind === 3) result = result.slice(0, a) + String.fromCharCode(32 + Math.floor(random() * 95)) + result.slice(a + 1);
    else if (kind === 4)
      result = result.replace(/\d+(\.\d+)?/, () => String((random() - 0.5) * 10 ** Math.floor(random() * 12 - 4)));
    else result = result.slice(0, a) + insert[Math.floor(random() * insert.length)] + result.slice(a);
  }
  return result;
}
