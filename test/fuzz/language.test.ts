/** The equation language and problems are fuzzed: what a stranger writes is read, differentiated, printed and compiled, or refused. */
import fc from 'fast-check';
import {bspline, gauss, points, problem, rbfGrid, term} from '../../lib';
import type {ProblemOptions} from '../../lib';
import {equation} from '../../lib/api/equation';
import {compileProblem} from '../../lib/compile/compile';
import {compileTerms} from '../../lib/compile/terms';
import {parseProblemFile} from '../../lib/equation/problem-file';
import {Arena} from '../../lib/expression/arena';
import {totalDerivative} from '../../lib/expression/differentiate';
import {equationText} from '../../lib/expression/equation';
import {evaluateExpression, leafName} from '../../lib/expression/interpret';
import {toLatex} from '../../lib/expression/latex';
import type {Expression} from '../../lib/expression/node';
import {operation, postorder} from '../../lib/expression/node';
import {parse} from '../../lib/expression/parse';
import {toText} from '../../lib/expression/print';
import {leavesOf} from '../../lib/expression/substitute';
import {expressionMath} from '../../lib/report/mathml';
import {DinfError} from '../../lib/base/errors';
import {expressions} from '../expression/generate';
import {fuzz, jsonMutations, mutations} from './harness';

const SCOPE = {
  coordinates: ['x', 'y', 't', 'theta'],
  unknowns: ['u', 'v_1', 'v'],
  data: ['g'],
  uniforms: ['a', 'alpha'],
  scalars: ['c'],
};

const WORDS = [
  ...[
    'u',
    'u_x',
    'u_xxy',
    'v_1_t',
    'x',
    'theta',
    'a',
    'c',
    'g',
    'pi',
    'let q=',
    ';',
    'q',
    '(',
    ')',
    ',',
    '=',
    '<=',
    '==',
    '^',
    '-',
    '*',
    '/',
  ],
  ...[
    'sin(',
    'exp(',
    'd(',
    ', x, 3)',
    'laplacian(',
    'biharmonic(',
    'norm(',
    'dot(',
    'grad(',
    'div(',
    'jacobian(',
    'cross(',
    'where(',
  ],
  ...[
    'min(',
    'atan2(',
    'div0(',
    'mul0(',
    '1e308',
    '1e-320',
    '0',
    '2',
    '-0.5',
    '64',
    'constructor',
    '__proto__',
    '²',
    '∂',
    '\u00a0',
  ],
];

const TEXTS = [
  'u_xx + u_yy = sin(pi*x)*exp(-y^2) - a*u',
  'let q = sin(u)*cos(v_1); let r = q^2 + q; d(r*r, x, 2) = laplacian(q) + v_1_t',
  'where(u < x, norm(u_x, u_y, v_1_x), max(u, v_1, c)) = g*atan2(y, x)^2.5',
  'biharmonic(exp(sin(x*y)))/(1 + x^2) - d(u*v_1, theta) + dot(grad(u), grad(v_1))',
  'min(abs(u), sqrt(1 + v_1^2))^-1.5 + div(x*u, y*u, theta) + norm(jacobian(u, x*y)) + hypot(u, c)',
  '-(-2)^2 - -x^-(y) + 1e-3*(u >= 0.5)*tanh(tan(asin(x/3))) + u',
];

/** The same, as an arena sees it. */
function same(a: Expression, b: Expression): boolean {
  const arena = new Arena({limit: Infinity});
  return arena.intern(a) === arena.intern(b);
}

/** Does something that may be too much to ask. */
function unless<T>(code: DinfError['code'], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof DinfError && error.code === code) return undefined;
    throw error;
  }
}

/** Reads, prints and reads again; the two are one expression. */
function roundTrip(expression: Expression): void {
  for (const lets of [true, false]) {
    // Without definitions, what is shared is written as often as it occurs.
    const text = unless('EXPRESSION_TOO_LARGE', () => toText(expression, {lets}));
    const again = text === undefined ? undefined : unless('EXPRESSION_TOO_LARGE', () => parse(text, SCOPE));
    if (again !== undefined && !same(expression, again)) throw new Error(`it reads otherwise than it was written: ${text}`);
  }
  if (equationText(expression) !== toText(expression, {lets: true})) throw new Error('a saved text is not the text');
}

function printed(expression: Expression): void {
  const latex = unless('EXPRESSION_TOO_LARGE', () => toLatex(expression));
  if (latex !== undefined) {
    const depth = [...latex.replaceAll(/\\[{}]/g, '')].reduce((sum, one) => sum + Number(one === '{') - Number(one === '}'), 0);
    if (depth !== 0) throw new Error(`brackets of LaTeX do not match: ${latex}`);
  }
  const markup = expressionMath(expression);
  const tags = [...(markup ?? '').matchAll(/<(\/?)\w+[^>]*?(\/?)>/g)].reduce(
    (sum, [, close, empty]) => sum + (close ? -1 : empty ? 0 : 1),
    0,
  );
  if (tags !== 0) throw new Error(`elements of MathML do not match: ${markup}`);
}

/**
 * The simplified expression has the value of the written one, where that and each of its parts are numbers: 0/x becomes 0, and a condition
 * on it takes the other branch than one on the NaN that 0/0 is.
 */
function simplified(expression: Expression): void {
  const arena = new Arena();
  const simple = arena.simplify(expression);
  if (arena.simplify(simple) !== simple) throw new Error('what was simplified is not simple');
  const values: Record<string, number> = {};
  for (const leaf of leavesOf(expression)) values[leafName(leaf)] = 0.3 + Math.sin(leafName(leaf).length);
  const parts = postorder([expression]).reduce((sum, part) => operation('add', sum, part));
  if (!Number.isFinite(evaluateExpression(parts, values))) return;
  const [before, after] = [evaluateExpression(expression, values), evaluateExpression(simple, values)];
  if (!(Math.abs(before - after) <= 1e-9 * Math.abs(before))) throw new Error(`${before} became ${after}`);
}

const LOSSES = ['square', 'abs', 'huber', 'identity'] as const;

const posing = (text: string, loss: (typeof LOSSES)[number]): ReturnType<typeof problem> =>
  problem({
    domain: {x: [0, 1], y: [-1, 1], theta: [0, 6.28]},
    unknowns: ['u', 'v_1', 'v'],
    field: rbfGrid({resolution: 4, kernel: bspline(5)}),
    uniforms: {a: 0.5, alpha: 2},
    scalars: {c: 1},
    lift: {u: 'x*y*u + sin(x)'},
    terms: [term(points([0.1, 0.2, 0.3]), text, {loss, data: {g: [1]}}), term(gauss(1), 'u = 0')],
  });

const COMPILING = {dtype: 'float64', threads: 1, seed: 0} as const;

/** Texts that are changed, and texts of expressions that a generator makes. */
const changedText = (seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    {weight: 3, arbitrary: mutations(seeds, WORDS)},
    expressions().map((expression) => Buffer.from(toText(expression))),
  );

const SEEDS = TEXTS.map((text) => Buffer.from(text));
const POSED = TEXTS.map((text) => Buffer.from(text.replaceAll('v_1_t', 'd(v_1, theta)')));

fuzz('language', () => ({
  seeds: SEEDS,
  inputs: changedText(SEEDS),
  attempt: (bytes) => {
    const expression = parse(Buffer.from(bytes).toString(), SCOPE);
    roundTrip(expression);
    printed(expression);
    simplified(expression);
    unless('INVALID_ARGUMENT', () => totalDerivative(expression, 'x', 2)); // of data there is none
  },
}));

fuzz('equations', () => ({
  seeds: POSED,
  inputs: changedText(POSED),
  attempt: (bytes) => {
    const text = Buffer.from(bytes).toString();
    compileTerms(posing(text, LOSSES[bytes.length % LOSSES.length]).spec);
  },
}));

const PROBLEMS: readonly object[] = [
  {
    domain: {x: [0, 1], t: [0, 2]},
    fields: [
      {
        unknowns: ['u'],
        field: {
          type: 'grid',
          resolution: [8, 4],
          levels: 2,
          features: 1,
          kernel: {type: 'bspline', degree: 5},
          edge: 'extend',
          initialScale: 1e-4,
        },
        decoder: {type: 'mlp', hidden: [8, 4], activation: 'tanh'},
      },
      {
        unknowns: ['v', 'w'],
        field: {
          type: 'network',
          activation: 'sine',
          width: 4,
          hiddenLayers: 1,
          firstOmega: 30,
          omega: 30,
          firstActivation: true,
          periodic: ['x'],
        },
      },
    ],
    uniforms: {a: 0.5},
    scalars: {c: 1},
    lift: {u: 'x + t*u'},
    terms: [
      {
        kind: 'term',
        samples: {kind: 'gauss', points: 2, cells: [3, 2]},
        equations: ['u_t = a*u_xx', 'v = w'],
        options: {name: 'pde', loss: 'abs'},
      },
      {
        kind: 'term',
        samples: {kind: 'points', points: [0, 0, 1, 2], draws: 0},
        equations: ['u = f'],
        options: {weight: 2, data: {f: [1, 2]}},
      },
      {
        kind: 'term',
        samples: {kind: 'tensor', axes: [[0, 1], [0]], draws: 3},
        equations: ['w_x*c'],
        options: {loss: 'huber', delta: 0.1},
      },
      {kind: 'term', samples: {kind: 'stratified', boxes: 3}, equations: [0, 'u*v'], options: {}},
    ],
  },
  {
    domain: {x: [-1, 1]},
    unknowns: ['u'],
    field: {type: 'grid', resolution: 4, kernel: {type: 'gaussian', epsilon: 1, rings: 3}, edge: ['periodic']},
    terms: [{kind: 'term', samples: {kind: 'gauss', points: 1, breaks: [[-1, 0, 1]]}, equations: ['u_xx + 1'], options: {}}],
  },
];

/** JSON that is changed as such, and as text. */
const changedJson = (values: readonly object[], words: readonly string[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    {weight: 3, arbitrary: jsonMutations(values).map((value) => Buffer.from(JSON.stringify(value)))},
    mutations(values.map(bytesOf), words),
  );

const bytesOf = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

fuzz('problems', () => ({
  seeds: PROBLEMS.map(bytesOf),
  inputs: changedJson(PROBLEMS, ['"points"', '"kind"', '[]', '{}', 'null', '1e400', '"constructor"', '"__proto__"', '"u_xxxx"']),
  attempt: (bytes) => {
    compileProblem(problem(jsonOf(bytes) as ProblemOptions).spec, COMPILING);
  },
}));

const FILES: readonly object[] = [
  {
    equation: 'u_t = 0.1*u_xx',
    domain: 't=0..1,x=0..2*pi',
    where: ['t=0: u=sin(x)', 'x=0|x=2*pi: u=0'],
    exact: 'exp(-0.1*t)*sin(x)',
  },
  {
    equation: ['u_x = v', 'v_x = -u + nu'],
    domain: {x: [0, '1/2']},
    where: 'x=0: u=1',
    uniform: {nu: 2},
    exact: 'u=cos(x); v=-sin(x)',
  },
  {
    equation: 'laplacian(u) = u^3',
    domain: 'x=0..1,y=0..1',
    where: ['x=0: u_x=0', 'y=0|y=1: u=x'],
    constraints: 'r-function',
  },
  {
    equation: 'u_xx = 1',
    domain: 'x=0..1',
    unknowns: 'u',
    resolution: 8,
    levels: 2,
    kernel: 'gaussian:1:3',
    edge: 'clamp',
    preset: 'paper',
  },
];

fuzz('problem-texts', () => ({
  seeds: FILES.map(bytesOf),
  inputs: changedJson(FILES, [
    '=',
    '..',
    '|',
    ':',
    ',',
    ';',
    '"where"',
    '"exact"',
    '"periodic"',
    'x=0',
    'pi',
    '     ',
    '(',
    'd(',
    '"soft"',
  ]),
  attempt: async (bytes) => {
    const {equation: given} = parseProblemFile(Buffer.from(bytes).toString(), 'the file');
    await equation({equations: [], domain: '', ...given, resolution: 4});
  },
}));

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    throw new DinfError('SYNTAX', 'no JSON', {cause});
  }
}
