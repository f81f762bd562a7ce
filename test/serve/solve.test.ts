import {equation} from '../../lib/api/equation';
import {decodeNpy} from '../../lib/files/npy';
import {lattice, linspace} from '../../lib';
import {ENDLESS, eventsOf, HEAT, serving, until} from './support';

const service = serving({queue: 1, queuePerCaller: 1, maxSeconds: 30});

describe('POST /v1/solve', () => {
  it('answers what the API finds, with its estimate', async () => {
    const {status, json, headers} = await service.post('/v1/solve', {problem: HEAT, grid: [3, 5]});
    expect(status).toBe(200);
    expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
    const posed = await equation({equations: [HEAT.equation], domain: 't=0..1,x=0..1', where: HEAT.where, maxSeconds: 30});
    using alone = await posed.solve();
    const {u} = await alone.evaluate(lattice([linspace(0, 1, 3), linspace(0, 1, 5)]));
    const {values, axes, met} = json as {values: {u: number[]; residual: number[]}; axes: object; met: boolean};
    expect(values.u).toEqual([...u]);
    expect(Math.max(...values.residual)).toBeLessThan(1e-6);
    expect(axes).toEqual({t: [0, 0.5, 1], x: [0, 0.25, 0.5, 0.75, 1]});
    expect(met).toBe(true);
    expect(values.u[2]).toBeCloseTo(1, 10);
  });

  it('answers arrays as numpy has them', async () => {
    const response = await fetch(`${service.url}/v1/solve`, {
      method: 'POST',
      headers: {'content-type': 'application/json', accept: 'application/x-npy'},
      body: JSON.stringify({problem: HEAT, grid: [2, 3], expressions: ['u', 'u_x', 'residual']}),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-npy']);
    const {data, shape} = decodeNpy(new Uint8Array(await response.arrayBuffer()), 'the answer');
    expect(shape).toEqual([3, 2, 3]);
    expect(data[1]).toBeCloseTo(1, 10);
    expect(data[6]).toBeCloseTo(Math.PI, 6);
    const head = JSON.parse(response.headers.get('dinf-solution')!) as Record<string, unknown>;
    expect(head).toMatchObject({
      stopReason: 'tolerance',
      met: true,
      expressions: ['u', 'u_x', 'residual'],
      axes: {t: [0, 1], x: [0, 1]},
    });
  });

  it('tells how it goes as events', async () => {
    const {text, headers} = await service.post('/v1/solve', {problem: HEAT, grid: [3, 3]}, {accept: 'text/event-stream'});
    expect(headers.get('content-type')).toBe('text/event-stream');
    const events = eventsOf(text);
    const names = events.map(({event}) => event);
    expect([names[0], names[1], names.at(-1)]).toEqual(['accepted', 'started', 'solution']);
    expect(new Set(names.slice(2, -1))).toEqual(new Set(['progress', 'field']));
    const progress = events.find(({event}) => event === 'progress')!.data;
    expect(progress).toMatchObject({iteration: expect.any(Number) as number, fraction: expect.any(Number) as number});
    expect(events.at(-1)!.data).toMatchObject({met: true});
  });

  it('shows the field on the way, with its error as soon as that is known', async () => {
    const layer = {equation: '-0.002*u_xx + u_x = 1', domain: 'x=0..1', where: 'x=0|x=1: u=0', tolerance: 1e-8};
    const body = {problem: layer, expressions: ['u', 'u_x', 'residual', '1/x']};
    const {text} = await service.post('/v1/solve', body, {accept: 'text/event-stream'});
    const events = eventsOf(text);
    interface Field {
      axes: {x: number[]};
      values: Record<string, (number | null)[]>;
      cells: number[];
      errorEstimate: {relativeL2: number | null; how: string};
    }
    const fields = events.filter(({event}) => event === 'field').map(({data}) => data as unknown as Field);
    const [first] = fields;
    expect(first.errorEstimate).toMatchObject({relativeL2: null, how: expect.stringContaining('none yet') as string});
    expect(first.axes.x).toHaveLength(129);
    expect(Object.keys(first.values)).toEqual(['u', 'u_x', '1/x', 'residual']);
    expect(first.values['1/x'][0]).toBeNull();
    expect(fields.map(({cells}) => cells[0])).toEqual(fields.map(({cells}) => cells[0]).sort((a, b) => a - b));
    const estimates = fields.flatMap(({errorEstimate}) => errorEstimate.relativeL2 ?? []);
    expect(estimates.length).toBeGreaterThan(0);
    expect(fields).toHaveLength(2 * estimates.length + 1);
    // What was estimated last stands in what comes then.
    const last = events.findLastIndex(({event}, i) => event === 'field' && i < events.length);
    const after = events.slice(last).filter(({event}) => event === 'progress');
    for (const {data} of after) expect(data.errorEstimate).toBe(estimates.at(-1));
    const {values} = events.at(-1)!.data as unknown as {values: Record<string, number[]>};
    expect(first.values.u[64]).toBeCloseTo(values.u[128], 1);
    expect(fields.at(-1)!.values.u[64]).toBeCloseTo(values.u[128], 4);
  });

  it('shows the field of Adam as it goes', async () => {
    const body = {problem: ENDLESS, grid: [3, 3], maxSeconds: 3};
    const {text} = await service.post('/v1/solve', body, {accept: 'text/event-stream'});
    const fields = eventsOf(text).filter(({event}) => event === 'field');
    expect(fields.length).toBeGreaterThan(0);
    for (const {data} of fields) {
      expect(data.errorEstimate).toMatchObject({relativeL2: null});
      expect(Object.values(data.values as Record<string, number[]>).map(({length}) => length)).toEqual([9, 9]);
    }
  });

  it('says at the first field what is wrong with an expression', async () => {
    const body = {problem: ENDLESS, expressions: ['u', 'u_x + q']};
    const began = Date.now();
    const {text} = await service.post('/v1/solve', body, {accept: 'text/event-stream'});
    expect(eventsOf(text).at(-1)).toMatchObject({event: 'error', data: {code: 'UNKNOWN_SYMBOL'}});
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it('solves what is built in', async () => {
    const {status, json} = await service.post('/v1/solve', {
      system: {name: 'fit', options: {function: 'x*y', resolution: 8, levels: 1}},
      grid: [2, 2],
    });
    expect(status).toBe(200);
    const {values} = json as {values: Record<string, number[]>};
    Object.values(values)[0].forEach((value, i) => {
      expect(value).toBeCloseTo([1, -1, -1, 1][i], 3);
    });
  });

  it('ends a solve after its seconds with what it has, and says so', async () => {
    const {status, json} = await service.post('/v1/solve', {problem: ENDLESS, grid: [2, 2], maxSeconds: 1.5});
    expect(status).toBe(200);
    expect(json).toMatchObject({stopReason: 'aborted'});
    expect((json.notes as string[]).join()).toContain('after the 1.5 s that it may take');
  });

  it('refuses with 429 and an honest time where too many wait, and cancels with the client', async () => {
    const gone = new AbortController();
    const clients = [0, 1, 2].map(() =>
      service.post('/v1/solve', {problem: ENDLESS}, {}, gone.signal).then(
        () => 'answered',
        () => 'gone',
      ),
    );
    await until(
      'two run and one waits',
      async () => (await service.metric('running')) === 2 && (await service.metric('queue_depth')) === 1,
    );
    for (const accept of ['application/json', 'text/event-stream']) {
      const {status, json, headers} = await service.post('/v1/solve', {problem: HEAT}, {accept});
      expect([status, json.error!.code]).toEqual([429, 'QUEUE_FULL']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(json.error!.message).toContain(`try again in ${headers.get('retry-after')} s`);
    }
    // What only reads does not wait behind them.
    expect((await service.post('/v1/describe', {problem: HEAT})).status).toBe(200);
    gone.abort();
    expect(await Promise.all(clients)).toEqual(['gone', 'gone', 'gone']);
    await until(
      'nothing runs',
      async () => (await service.metric('running')) === 0 && (await service.metric('queue_depth')) === 0,
    );
    expect((await service.post('/v1/solve', {problem: HEAT, grid: [2, 2]})).status).toBe(200);
  });

  it('answers with the best field where a solve diverges', async () => {
    const problem = {...HEAT, optimizer: 'adam', learningRate: 1e30, iterations: 2000};
    const {status, json} = await service.post('/v1/solve', {problem, grid: [3, 3]});
    expect(status).toBe(200);
    expect(json.stopReason).toBe('diverged');
    for (const value of Object.values(json.values as Record<string, number[]>).flat()) expect(Number.isFinite(value)).toBe(true);
  });
});

describe('POST /v1/describe', () => {
  it('reads a problem, and solves nothing', async () => {
    const {status, json} = await service.post('/v1/describe', {problem: HEAT});
    expect(status).toBe(200);
    expect(json).toMatchObject({
      unknowns: ['u'],
      coordinates: {t: [0, 1], x: [0, 1]},
      headline: expect.stringContaining('u_t = 0.1*u_xx') as string,
    });
    const set = json.mathml as {text: string; label?: string; mathml: string}[];
    expect(set.map(({label}) => label)).toEqual([undefined, 't = 0', 'x = 0, x = 1']);
    expect(set[0].mathml).toMatch(/^<math/);
    expect((json.latex as string[])[0]).toContain('u_{xx}');
    expect(json.bytes).toBeGreaterThan(1e6);
  });

  it('says where a text is wrong', async () => {
    const {status, json} = await service.post('/v1/describe', {problem: {...HEAT, equation: 'u_t = q*u_xx'}});
    expect([status, json.error!.code]).toEqual([400, 'UNKNOWN_SYMBOL']);
    expect(json.error!.message).toContain('column 7');
  });
});
