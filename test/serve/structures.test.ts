import {decodeNpy, npyHeader} from '../../lib/files/npy';
import {npyOf, serving, STRUCTURE} from './support';

const service = serving({
  maxBody: 2 ** 20,
  maxVariations: 500,
  maxStructures: 4,
  structureSeconds: 5,
  queue: 256,
  queuePerCaller: 256,
});
const NPY = {'content-type': 'application/x-npy'};
const source = (factor: number): number[] => Array<number>(48).fill(-2 * factor);
const expected = (factor: number): number[] => Array.from({length: 9}, (_, i) => factor * (i / 8) * (1 - i / 8));

async function registered(body: object = STRUCTURE): Promise<string> {
  const {status, json} = await service.post('/v1/structures', body);
  expect(status).toBe(201);
  return json.id as string;
}

async function arrays(id: string, body: Uint8Array, query = ''): Promise<ReturnType<typeof decodeNpy>> {
  const response = await fetch(`${service.url}/v1/structures/${id}/solve${query}`, {
    method: 'POST',
    headers: NPY,
    body: body as never,
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${response.status}: ${Buffer.from(bytes).toString()}`);
  expect(response.headers.get('content-type')).toBe(NPY['content-type']);
  return decodeNpy(bytes, 'the answer');
}

const free = async (id: string): Promise<void> => {
  expect((await fetch(`${service.url}/v1/structures/${id}`, {method: 'DELETE'})).status).toBe(200);
};

describe('/v1/structures', () => {
  it('says what a structure takes', async () => {
    const {json} = await service.post('/v1/structures', {
      ...STRUCTURE,
      uniforms: {k: 2},
      terms: [{...STRUCTURE.terms[0], equations: 'k*u_xx = f'}],
    });
    expect(json).toMatchObject({
      terms: [{name: 'inside', samples: 48, channels: ['f']}],
      uniforms: ['k'],
      grid: [9],
      expressions: ['u'],
      expiresSeconds: 5,
    });
    await free(json.id as string);
  });

  it('solves arrays, few and many', async () => {
    const id = await registered();
    for (const count of [1, 10, 200]) {
      const {data, shape} = await arrays(id, npyOf(Array.from({length: count}, (_, i) => source(i + 1))));
      expect(shape).toEqual([count, 9]);
      for (let i = 0; i < count; i++)
        expected(i + 1).forEach((value, k) => {
          expect(data[i * 9 + k] / (i + 1)).toBeCloseTo(value / (i + 1), 4);
        });
    }
    await free(id);
  });

  it('solves JSON, and several expressions', async () => {
    const id = await registered({
      ...STRUCTURE,
      uniforms: {k: 1},
      expressions: ['u', 'u_x'],
      terms: [{...STRUCTURE.terms[0], equations: 'k*u_xx = f'}],
    });
    const variations = [{data: {inside: {f: source(1)}}}, {uniforms: {k: 2}, data: {inside: {f: source(1)}}}];
    const {status, json} = await service.post(`/v1/structures/${id}/solve`, {variations});
    expect(status).toBe(200);
    const {solutions} = json as unknown as {solutions: {values: {u: number[]; u_x: number[]}; stopReason: string}[]};
    expect(solutions.map(({stopReason}) => stopReason)).toEqual(['tolerance', 'tolerance']);
    expect(solutions[0].values.u[4]).toBeCloseTo(0.25, 4);
    expect(solutions[1].values.u[4]).toBeCloseTo(0.125, 4);
    expect(solutions[0].values.u_x[0]).toBeCloseTo(1, 3);
    const {shape} = await arrays(id, npyOf([source(1), source(2)]));
    expect(shape).toEqual([2, 2, 9]);
    await free(id);
  });

  it('solves what comes together together', async () => {
    const id = await registered();
    const answers = await Promise.all(Array.from({length: 40}, (_, i) => arrays(id, npyOf([source(i + 1)]))));
    answers.forEach(({data}, i) => {
      expect(data[4] / (i + 1)).toBeCloseTo(0.25, 4);
    });
    const text = (await service.get('/metrics')).text;
    const [batches, variations] = ['count', 'sum'].map((name) =>
      Number(new RegExp(`^dinf_grid_batch_size_${name} (\\d+)$`, 'm').exec(text)?.[1]),
    );
    expect(variations).toBeGreaterThan(batches);
    expect(await service.metric('cache_hits')).toBeGreaterThan(0);
    await free(id);
  });

  it('refuses what lies, and what is too much', async () => {
    const id = await registered();
    const at = `/v1/structures/${id}/solve`;
    const good = npyOf([source(1)]);
    const header = (text: string): Buffer =>
      Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]), Buffer.from(text)]);
    const lies: [number, string, Buffer][] = [
      [400, 'nothing', Buffer.alloc(0)],
      [400, 'no array', Buffer.from('{"variations": []}')],
      [400, 'an end that comes early', good.subarray(0, good.length - 8)],
      [400, 'a header alone', good.subarray(0, 20)],
      [400, 'more values than there are', Buffer.concat([npyHeader([1e9, 48], 'float64'), Buffer.alloc(64)])],
      [
        400,
        'more values than numbers count',
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), }"),
      ],
      [
        400,
        'a header without end',
        Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(1000, 32)]),
      ],
      [400, 'objects', header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 48), }")],
      [
        400,
        'columns first',
        Buffer.concat([header("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 48), }"), Buffer.alloc(384)]),
      ],
      [400, 'rows of another length', npyOf([[1, 2, 3]])],
      [400, 'no rows', npyOf([])],
      [400, 'a number that is none', npyOf([Array<number>(48).fill(NaN)])],
      [413, 'many rows', npyOf(Array.from({length: 501}, () => source(1)))],
      [413, 'many bytes', Buffer.alloc(2 ** 20 + 1)],
    ];
    for (const [wanted, what, body] of lies) {
      const {status, json} = await service.post(at, body, NPY);
      expect({what, status, code: typeof json.error?.code}).toEqual({what, status: wanted, code: 'string'});
    }
    expect((await service.post(`${at}?channel=g`, good, NPY)).json.error!.message).toContain('?term=inside&channel=f');
    expect((await service.post(`${at}?more=1`, good, NPY)).status).toBe(400);
    expect((await service.post('/v1/structures/0123/solve', good, NPY)).status).toBe(404);
    expect((await arrays(id, good)).shape).toEqual([1, 9]);
    await free(id);
    expect((await service.post(at, good, NPY)).status).toBe(404);
  });

  it.each<[number, string, object]>([
    [
      413,
      'cells without end',
      {...STRUCTURE, resolution: 1e6, terms: [{...STRUCTURE.terms[0], samples: {gauss: 10, cells: 1e6}}]},
    ],
    [
      413,
      'a lattice without end',
      {
        ...STRUCTURE,
        domain: {x: [0, 1], y: [0, 1]},
        grid: [2, 2],
        terms: [{...STRUCTURE.terms[0], samples: {lattice: [100_000, 100_000]}}],
      },
    ],
    [413, 'a grid without end', {...STRUCTURE, domain: {x: [0, 1], y: [0, 1]}, grid: [100_000, 100_000]}],
    [400, 'an equation that ends early', {...STRUCTURE, terms: [{...STRUCTURE.terms[0], equations: 'u_xx = ('}]}],
    [400, 'points elsewhere', {...STRUCTURE, terms: [{...STRUCTURE.terms[0], samples: {points: [[7]]}}]}],
    [400, 'a kernel that is none', {...STRUCTURE, kernel: 'square'}],
  ])('answers %i to %s', async (wanted, _, body) => {
    const {status, json} = await service.post('/v1/structures', body);
    expect({status, code: typeof json.error?.code}).toEqual({status: wanted, code: 'string'});
  });

  it('keeps so many, and forgets those that nobody uses', async () => {
    const mine = await registered(); // one caller has a quarter of them
    const {status, json, headers} = await service.post('/v1/structures', STRUCTURE);
    expect([status, json.error!.code]).toEqual([429, 'QUEUE_FULL']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 5200));
    expect((await service.post(`/v1/structures/${mine}/solve`, npyOf([source(1)]), NPY)).status).toBe(404);
    await free(await registered());
  });
});
