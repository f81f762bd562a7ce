/**
 * Values of every wrong type in every place where the package takes one: each is taken or refused with a code, and what is refused says what
 * was expected. Nothing escapes as a TypeError of our own making.
 */
import * as a from '../../lib';
import type {ProblemOptions} from '../../lib';
import {equation} from '../../lib/api/equation';
import {ablate, cloth, fit, heat, plate, poisson, sdf} from '../../lib/api/problems';
import {evaluateToFile} from '../../lib/api/files';
import {Session} from '../../lib/solve/session';

const {problem, rbfGrid, bspline, term, gauss, points, lattice, stratified, solve, DinfError} = a;

const WRONG: readonly unknown[] = [
  ...[undefined, null, NaN, Infinity, -Infinity, -1, 0, 0.5, 1e9, 1e308, '', 'x', '1', '\0', true, false, 5n, Symbol('s')],
  ...[
    [],
    [1],
    [NaN],
    ['x'],
    [[]],
    [null],
    {},
    Object.create(null),
    () => 1,
    class {
      readonly made = true;
    },
  ],
  ...[new Date(), new Map(), new Set([1]), /x/, Promise.resolve(1), new Error('e'), new AbortController()],
  ...[
    new Float64Array(2),
    new BigInt64Array(2),
    new Float64Array(new SharedArrayBuffer(16)),
    detached(),
    new DataView(new ArrayBuffer(8)),
  ],
  ...[
    {length: 3},
    {length: -1},
    {length: 1e10},
    {kind: 'points'},
    {kind: 'tensor', axes: [[0.5]]},
    {kind: 'term'},
    {type: 'grid'},
    {type: 'adam'},
  ],
  new Proxy(
    {},
    {
      get() {
        throw new Error('trap');
      },
    },
  ),
  Proxy.revocable({}, {}).revoke,
  revoked(),
  {
    get length(): number {
      throw new Error('getter');
    },
  },
  {
    valueOf(): number {
      throw new Error('valueOf');
    },
  },
];

function detached(): Float64Array {
  const values = new Float64Array(2);
  structuredClone(values.buffer, {transfer: [values.buffer]});
  return values;
}

function revoked(): object {
  const {proxy, revoke} = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const base = (): ProblemOptions => ({
  domain: {x: [0, 1]},
  unknowns: ['u'],
  field: rbfGrid({resolution: 4, kernel: bspline(3)}),
  terms: [term(gauss(2), 'u_x=1'), term(points([0]), 'u=0')],
});
const posed = problem(base());
const posing = (options: object): unknown => problem({...base(), ...options});
const withTerm = (one: unknown): unknown => posing({terms: [one]});
const solving = (options: object): PromiseLike<unknown> => solve(posed, {threads: 1, ...options});

/** A place for a value: what it is called, and how a value gets there. */
type Places = Readonly<Record<string, (value: never) => unknown>>;

/** Each of some options of a function. */
const each = (name: string, options: readonly string[], use: (option: object) => unknown): Places =>
  Object.fromEntries(options.map((option) => [`${name}: ${option}`, (value: never) => use({[option]: value})]));

const POSING: Places = {
  'problem(v)': problem,
  'Problem(v)': (v) => new a.Problem(v),
  ...each('problem', ['domain', 'unknowns', 'field', 'decoder', 'fields', 'uniforms', 'scalars', 'lift', 'terms'], posing),
  'a domain': (v) => posing({domain: {x: v}}),
  'a bound': (v) => posing({domain: {x: [v, 1]}}),
  'an unknown': (v) => posing({unknowns: [v]}),
  'one of fields': (v) => problem({domain: {x: [0, 1]}, fields: [v], terms: base().terms} as never),
  'a field of fields': (v) => problem({domain: {x: [0, 1]}, fields: [{unknowns: ['u'], field: v}], terms: base().terms} as never),
  'a lift': (v) => posing({lift: {u: v}}),
  'a lift by function': (v) => posing({lift: () => v}),
  'a uniform': (v) => posing({uniforms: {a: v}}),
  'a term': withTerm,
  'terms by function': (v) => posing({terms: () => v}),
  'samples of a term': (v) => withTerm(term(v, 'u=0')),
  'an equation': (v) => withTerm(term(gauss(1), v)),
  'options of a term': (v) => withTerm(term(gauss(1), 'u=0', v)),
  ...each('term', ['name', 'loss', 'delta', 'weight', 'data'], (option) => withTerm(term(gauss(1), 'u=0', option))),
  'data of a term': (v) => withTerm(term(points([0.5, 0.2, 0.1]), 'u=f', {data: {f: v}})),
  'rbfGrid(v)': rbfGrid,
  ...each('rbfGrid', ['resolution', 'levels', 'features', 'kernel', 'edge', 'initialScale'], (option) =>
    posing({field: rbfGrid({resolution: 4, ...option})}),
  ),
  'bspline(v)': bspline,
  ...each('gaussian', ['epsilon', 'rings'], a.gaussian),
  ...each('inverseQuadratic', ['epsilon', 'rings'], a.inverseQuadratic),
  'gaussian(v)': a.gaussian,
  'parseKernel(v)': a.parseKernel,
  'siren(v)': a.siren,
  ...each('siren', ['width', 'hiddenLayers', 'omega', 'firstOmega', 'periodic'], (option) =>
    posing({field: a.siren({width: 4, hiddenLayers: 1, ...option})}),
  ),
  ...each('pinn', ['activation', 'firstActivation', 'periodic'], (option) => posing({field: a.pinn({width: 4, ...option})})),
  'mlpDecoder(v)': a.mlpDecoder,
  ...each('mlpDecoder', ['hidden', 'activation'], (option) => posing({decoder: a.mlpDecoder(option)})),
  'stratified(v)': (v) => withTerm(term(stratified(v), 'u=0')),
  'gauss(v)': (v) => withTerm(term(gauss(v), 'u=0')),
  ...each('gauss', ['cells', 'breaks'], (option) => withTerm(term(gauss(1, option), 'u=0'))),
  'one of breaks': (v) => withTerm(term(gauss(1, {breaks: [v]}), 'u=0')),
  'lattice(v)': (v) => withTerm(term(lattice(v), 'u=0')),
  'an axis': (v) => withTerm(term(lattice([v]), 'u=0')),
  'points(v)': (v) => withTerm(term(points(v), 'u=0')),
  'a coordinate': (v) => withTerm(term(points([v]), 'u=0')),
  ...each('points', ['draws'], (option) => withTerm(term(points([0], option), 'u=0'))),
  'linspace from v': (v) => a.linspace(v, 1, 3),
  'linspace of v': (v) => (v === 1e9 ? undefined : a.linspace(0, 1, v)),
};

const u = a.derivative('u');
const EXPRESSIONS: Places = {
  'parse(v)': (v) => a.parse(v, {coordinates: ['x'], unknowns: ['u']}),
  'parse(text, v)': (v) => a.parse('x', v),
  'a scope': (v) => a.parse('1', {coordinates: v, unknowns: ['u']}),
  'pieces of a text': (v) => a.parse({pieces: v, values: []}, {coordinates: ['x'], unknowns: []}),
  'values of a text': (v) => a.parse({pieces: ['', ''], values: [v]}, {coordinates: ['x'], unknowns: []}),
  'a value of eq': (v) => a.eq`u=${v}`,
  'eq(v)': a.eq,
  'symbols(v)': a.symbols,
  'resolve(v)': (v) => a.resolve(v, {coordinates: ['x'], unknowns: ['u']}),
  'equationText(v)': a.equationText,
  'equationLatex(v)': (v) => a.equationLatex(v, {coordinates: ['x'], unknowns: ['u']}),
  'toText(v)': a.toText,
  'toText(e, v)': (v) => a.toText(u, v),
  'toLatex(v)': a.toLatex,
  'evaluateExpression(v)': (v) => a.evaluateExpression(v, {}),
  'evaluateExpression(e, v)': (v) => a.evaluateExpression(u, v),
  'a value of an expression': (v) => a.evaluateExpression(u, {u: v}),
  'checkOrder(v)': (v) => {
    a.checkOrder(v);
  },
  'substitute(v)': (v) => a.substitute(v, new Map()),
  'substitute(e, v)': (v) => a.substitute(u, v),
  'totalDerivative(v)': (v) => a.totalDerivative(v, 'x'),
  'totalDerivative by v': (v) => a.totalDerivative(u, v),
  'totalDerivative of order v': (v) => a.totalDerivative(u, 'x', v),
  'constant(v)': a.constant,
  'coordinate(v)': a.coordinate,
  'derivative(v)': a.derivative,
  'derivative(u, v)': (v) => a.derivative('u', v),
  'add(v, u)': (v) => a.add(v, u),
  'norm(v)': (v) => a.norm(v),
  'where(v)': (v) => a.where(v, u, 1),
  'grad(v)': (v) => a.grad(v, ['x']),
  'grad(u, v)': (v) => a.grad(u, v),
  'div(v)': (v) => a.div(v, ['x']),
  'dot(v)': (v) => a.dot(v, [u]),
  'cross(v)': (v) => a.cross(v, [u, u, u]),
  'jacobian(v)': (v) => a.jacobian(v, ['x']),
  'laplacian(u, v)': (v) => a.laplacian(u, v),
  'complex.of(v)': (v) => a.complex.of(v),
  'complex.mul(v)': (v) => a.complex.mul(v, a.complex.I),
  'complex.exp(v)': a.complex.exp,
  'operands of an operation': (v) => a.toText({kind: 'operation', operator: 'add', operands: v}),
  'an operand of an operation': (v) => a.toText({kind: 'operation', operator: 'add', operands: [v, u]} as never),
  'an operator': (v) => a.toText({kind: 'operation', operator: v, operands: [u]}),
};

const SOLVING: Places = {
  'solve(v)': (v) => solve(v),
  'solve(p, v)': (v) => solve(posed, v),
  ...each(
    'solve',
    [
      ...['optimizer', 'resume', 'repeat', 'after', 'checkpoint', 'device', 'dtype', 'threads', 'memoryLimit', 'seed', 'signal'],
      ...['tf32', 'onProgress', 'onField', 'fieldSeconds'],
    ],
    solving,
  ),
  'a stage': (v) => solving({optimizer: [v]}),
  'a file of checkpoints': (v) => (typeof v === 'string' ? undefined : solving({checkpoint: {file: v, everySeconds: 1}})),
  'an update': (v) => solving({repeat: {rounds: 1, update: v}}),
  'data of an update': (v) => (isTrap(v) ? undefined : solving({repeat: {rounds: 1, update: () => Promise.resolve(v)}})),
  'channels of an update': (v) => solving({repeat: {rounds: 1, update: () => Promise.resolve({'term 1': v})}}),
  ...Object.fromEntries(
    (['adam', 'gaussNewton', 'lbfgs', 'leastSquares'] as const).flatMap((name) => [
      [`${name}(v)`, a[name]],
      ...Object.entries(
        each(
          name,
          [
            'iterations',
            'tolerance',
            'learningRate',
            'history',
            'steps',
            'damping',
            'uniforms',
            'weights',
            'scaling',
            'fromHere',
          ],
          (option) => a[name]({iterations: 2, ...option}),
        ),
      ),
    ]),
  ),
  'readCheckpoint(v)': a.readCheckpoint,
  'loadSolution(v)': (v) => a.loadSolution(v),
  'loadSolution(f, v)': (v) => a.loadSolution('no such file', v),
};

const PROBLEMS: Places = {
  'equation(v)': equation,
  ...each(
    'equation',
    [
      ...['equations', 'domain', 'where', 'unknowns', 'uniforms', 'exact', 'constraints', 'boundaryWeight', 'periodic', 'preset'],
      ...['field', 'kernel', 'edge', 'decoder', 'resolution', 'levels', 'features', 'optimizer', 'iterations', 'tolerance'],
    ],
    (option) => equation({equations: ['u_xx=1'], domain: 'x=0..1', where: ['x=0: u=0'], ...option}),
  ),
  'bounds of an equation': (v) => equation({equations: ['u_x=1'], domain: {x: v}}),
  'heat(v)': heat,
  'ablate(v)': ablate,
  ...each('poisson', ['image', 'supervision', 'target', 'border'], (option) => poisson({image: picture(), ...option})),
  'data of an image': (v) => poisson({image: {...picture(), data: v}}),
  'the bits of an image': (v) => poisson({image: {...picture(), bitDepth: v}}),
  ...each('fit', ['function'], (option) => fit({function: 'x', ...option})),
  ...each('cloth', ['normal'], cloth),
  ...each('plate', ['form', 'extentX'], plate),
  ...each('sdf', ['shape', 'signal', 'count', 'rounds'], (option) => sdf({count: 100, ...option})),
};

const picture = (): {width: number; height: number; channels: 1; data: Float64Array} => ({
  ...{width: 4, height: 4, channels: 1},
  data: new Float64Array(16),
});

/** What throws when it is awaited: the user's own error, which is passed on. */
const isTrap = (value: unknown): boolean => {
  try {
    void (value as {then?: unknown} | undefined)?.then;
    return false;
  } catch {
    return true;
  }
};

/** What a raw error says, also where it was only given a code. */
const RAW = /Cannot read propert|is not a function|is not iterable|Cannot convert|\(reading|NaN GiB/;

/** The errors that are not ours, or ours of a mistake of our own, or that say nothing, of all wrong values in all places. */
async function raw(places: Places): Promise<string[]> {
  const found: string[] = [];
  for (const [name, use] of Object.entries(places)) {
    for (const [index, value] of WRONG.entries()) {
      try {
        const result = await use(value as never);
        if (result instanceof a.Solution) result.dispose();
      } catch (error) {
        const ours = error instanceof DinfError && error.code !== 'INTERNAL' && !RAW.test(error.message);
        if (!ours) found.push(`${name}, value ${index}: ${String(error)}`);
      }
    }
  }
  return found;
}

describe('values of wrong types', () => {
  it.each([
    ['posing', POSING],
    ['expressions', EXPRESSIONS],
    ['solving', SOLVING],
    ['problems', PROBLEMS],
  ])('%s', async (_, places) => {
    expect(await raw(places)).toEqual([]);
  });

  it('evaluating and saving', async () => {
    using solution = await solve(posed, {threads: 1});
    const places: Places = {
      'evaluate(v)': (v) => solution.evaluate(v),
      'a coordinate': (v) => solution.evaluate([v]),
      'an axis': (v) => solution.evaluate({kind: 'tensor', axes: [v], draws: 0}),
      'options of evaluate': (v) => solution.evaluate([0.5], v),
      ...each('evaluate', ['expressions'], (option) => solution.evaluate([0.5], option)),
      'an expression': (v) => solution.evaluate([0.5], {expressions: [v]}),
      'a file': (v) => (typeof v === 'string' && v !== '' && v !== '\0' ? undefined : solution.save(v)),
      'options of a checkpoint': (v) => solution.checkpoint(v),
      'an origin': (v) => solution.checkpoint({origin: v}),
      'points of evaluateToFile': (v) => evaluateToFile(solution, '/no/such/folder/x.csv', {points: v}),
      ...each('evaluateToFile', ['grid', 'expressions', 'outside', 'signal'], (option) =>
        evaluateToFile(solution, '/no/such/folder/x.csv', {grid: 'x:3', ...option}),
      ),
    };
    expect(await raw(places)).toEqual([]);
  });
});

describe('mistakes that are easily made', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'a text for a kernel',
      () => rbfGrid({resolution: 4, kernel: 'bspline:5' as never}),
      /'bspline:5': read a text with parseKernel/,
    ],
    ['a kernel that was not called', () => rbfGrid({resolution: 4, kernel: bspline as never}), /the function bspline: call it/],
    ['a text for a decoder', () => posing({decoder: 'mlp'}), /linearDecoder\(\) or mlpDecoder\(\), and is 'mlp'/],
    ['a text for a number', () => rbfGrid({resolution: '32' as never}), /whole number.*and is '32'/],
    ['three bounds', () => posing({domain: {x: [0, 1, 2]}}), /x must be a pair \[lower, upper\], and is a list of 3/],
    ['unknowns as one text', () => posing({unknowns: 'uv'}), /unknowns must be a list, and is 'uv'/],
    ['nested points', () => points([[0], [1]] as never), /points\[1\] must be a number, and is a list of 1/],
    ['a controller', () => solving({signal: new AbortController()}), /a controller's signal, and is an AbortController/],
    ['an optimizer by name', () => solving({optimizer: 'adam'}), /adam\(\).*and is 'adam'/],
    ['a checkpoint without a file', () => solving({checkpoint: {everySeconds: 1}}), /has no 'file'/],
    [
      'options in place of a problem',
      () => solve(base() as never),
      /must come from problem\(\), and is an object {domain, unknowns/,
    ],
  ])('%s', async (_, make, message) => {
    await expect((async () => make())()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty'])(
    'a coordinate named %s is one like any other',
    async (name) => {
      const solved = async (coordinate: string): Promise<Float64Array> => {
        using solution = await solve(
          problem({
            domain: {[coordinate]: [0, 1], y: [0, 1]},
            unknowns: ['u'],
            field: rbfGrid({resolution: 4, kernel: bspline(3)}),
            terms: [term(gauss(2), `u_y=${coordinate}`)],
          }),
          {threads: 1},
        );
        return (await solution.evaluate([0.5, 1], {expressions: [`d(u, ${coordinate})`]}))[`d(u, ${coordinate})`];
      };
      expect(await solved(name)).toEqual(await solved('z'));
    },
  );

  it('errors of native code are ours, thrown at once or later', async () => {
    const session = new Session(posed.spec, {dtype: 'float64', threads: 1, seed: 0});
    await expect(session.setParameters(new Float64Array(1))).rejects.toBeInstanceOf(DinfError);
    await expect(session.setParameters('x' as never)).rejects.toBeInstanceOf(DinfError);
    session.dispose();
  });

  it('a checkpoint in memory goes on, and one that lost a part does not', async () => {
    using solution = await solve(posed, {threads: 1, optimizer: a.adam({iterations: 3})});
    const checkpoint = await solution.checkpoint();
    using again = await solve(posed, {threads: 1, resume: checkpoint, optimizer: a.adam({iterations: 5})});
    expect(again.iterations).toBe(5);
    const rest = Object.fromEntries(Object.entries(checkpoint).filter(([name]) => name !== 'blocks'));
    await expect(solve(posed, {resume: rest as never})).rejects.toThrow(/resume has no 'blocks'/);
  });
});
