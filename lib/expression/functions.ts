import type {Arena} from './arena';
import {totalDerivative} from './differentiate';
import type {Expression} from './node';
import {operation} from './node';
import type {Operator} from './operators';
import {BINARY_FUNCTIONS, MOST_COMPONENTS, UNARY_FUNCTIONS} from './operators';

/** What a function of the language needs to know about where it stands. */
export interface FunctionContext {
  readonly arena: Arena;
  /** Coordinates over which `laplacian`, `grad` and `div` run. */
  readonly spatial: readonly string[];
}

/** One function of the language. */
export interface LanguageFunction {
  /** How to call it, for messages. */
  readonly usage: string;
  /** Whether it takes this many arguments. */
  readonly accepts: (count: number, context: FunctionContext) => boolean;
  /** Its value; several expressions for a vector. Throws a {@link FunctionError} for arguments that are of the wrong kind. */
  readonly apply: (args: readonly Expression[], context: FunctionContext) => Expression | readonly Expression[];
}

/** What is wrong with an argument of a function; the parser adds the place. */
export class FunctionError extends Error {}

function plain(operator: Operator, usage: string, count: number): LanguageFunction {
  return {usage, accepts: (given) => given === count, apply: (args) => operation(operator, ...args)};
}

/** min and max of more than two, the first of equals. */
function fold(operator: 'min' | 'max'): LanguageFunction {
  return {
    usage: `${operator}(a, b, ...)`,
    accepts: (count) => count >= 2,
    apply: (args) => args.reduce((a, b) => operation(operator, a, b)),
  };
}

function differentiate(args: readonly Expression[], {arena}: FunctionContext): Expression {
  const [expression, variable] = args;
  const order = args.at(2);
  if (variable.kind !== 'coordinate') throw new FunctionError('the second argument of d must be a coordinate');
  if (order !== undefined && order.kind !== 'constant') {
    throw new FunctionError('the third argument of d must be a number, the order of the derivative');
  }
  return totalDerivative(expression, variable.name, order?.value ?? 1, arena);
}

const sum = (terms: readonly Expression[]): Expression => terms.reduce((a, b) => operation('add', a, b));

function needSpace(name: string, {spatial}: FunctionContext): void {
  if (spatial.length === 0) throw new FunctionError(`${name} runs over the spatial coordinates, and there are none besides t`);
}

/** The sum of the second derivatives with respect to the coordinates. */
export function laplacianOf(expression: Expression, coordinates: readonly string[], arena: Arena): Expression {
  return sum(coordinates.map((name) => totalDerivative(expression, name, 2, arena)));
}

/** a × b, both of three components. */
export function crossOf(a: readonly Expression[], b: readonly Expression[]): Expression[] {
  const minor = (i: number, j: number): Expression =>
    operation('sub', operation('mul', a[i], b[j]), operation('mul', a[j], b[i]));
  return [minor(1, 2), minor(2, 0), minor(0, 1)];
}

const FUNCTIONS = new Map<string, LanguageFunction>([
  ...UNARY_FUNCTIONS.map((name): [string, LanguageFunction] => [name, plain(name, `${name}(a)`, 1)]),
  ...BINARY_FUNCTIONS.map((name): [string, LanguageFunction] => [name, plain(name, `${name}(a, b)`, 2)]),
  ['atan2', plain('atan2', 'atan2(y, x)', 2)],
  ['min', fold('min')],
  ['max', fold('max')],
  ['where', plain('where', 'where(condition, a, b)', 3)],
  [
    'norm',
    {
      usage: `norm(a, b, ...) of at most ${MOST_COMPONENTS} components`,
      accepts: (count) => count >= 1 && count <= MOST_COMPONENTS,
      apply: (args) => operation('norm', ...args),
    },
  ],
  ['mul0', plain('mul0', 'mul0(a, b), which is 0 where a is 0', 2)],
  ['div0', plain('div0', 'div0(a, b), which is 0 where b is 0', 2)],
  ['d', {usage: 'd(a, x) or d(a, x, order)', accepts: (count) => count === 2 || count === 3, apply: differentiate}],
  [
    'laplacian',
    {
      usage: 'laplacian(a)',
      accepts: (count) => count === 1,
      apply: ([a], context) => {
        needSpace('laplacian', context);
        return laplacianOf(a, context.spatial, context.arena);
      },
    },
  ],
  [
    'biharmonic',
    {
      usage: 'biharmonic(a)',
      accepts: (count) => count === 1,
      apply: ([a], context) => {
        needSpace('biharmonic', context);
        return laplacianOf(laplacianOf(a, context.spatial, context.arena), context.spatial, context.arena);
      },
    },
  ],
  [
    'grad',
    {
      usage: 'grad(a)',
      accepts: (count) => count === 1,
      apply: ([a], context) => {
        needSpace('grad', context);
        return context.spatial.map((name) => totalDerivative(a, name, 1, context.arena));
      },
    },
  ],
  [
    'jacobian',
    {
      usage: 'jacobian(a, b, ...), the gradients of its components one after another',
      accepts: (count) => count >= 1,
      apply: (args, context) => {
        needSpace('jacobian', context);
        return args.flatMap((a) => context.spatial.map((name) => totalDerivative(a, name, 1, context.arena)));
      },
    },
  ],
  [
    'cross',
    {
      usage: 'cross(a1, a2, a3, b1, b2, b3), or cross(grad(a), grad(b)) in space',
      accepts: (count) => count === 6,
      apply: (args) => crossOf(args.slice(0, 3), args.slice(3)),
    },
  ],
  [
    'div',
    {
      usage: 'div(a, b, ...) with one component for each spatial coordinate, or div(grad(a))',
      accepts: (count, {spatial}) => count >= 1 && count === spatial.length,
      apply: (args, {arena, spatial}) => sum(args.map((a, i) => totalDerivative(a, spatial[i], 1, arena))),
    },
  ],
  [
    'dot',
    {
      usage: 'dot(a1, a2, ..., b1, b2, ...) with as many a as b, or dot(grad(a), grad(b))',
      accepts: (count) => count >= 2 && count % 2 === 0,
      apply: (args) => {
        const half = args.length / 2;
        return sum(args.slice(0, half).map((a, i) => operation('mul', a, args[half + i])));
      },
    },
  ],
]);

/** Names that cannot name anything else. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(FUNCTIONS.keys());

/** What other languages call some functions. */
const ALIASES: Readonly<Record<string, string>> = {
  ln: 'log(a)',
  arcsin: 'asin(a)',
  arccos: 'acos(a)',
  arctan: 'atan(a)',
  arctan2: 'atan2(y, x)',
  sgn: 'sign(a)',
  fabs: 'abs(a)',
  pow: 'a^b',
  if: 'where(condition, a, b)',
  select: 'where(condition, a, b)',
  diff: 'd(a, x)',
  lap: 'laplacian(a)',
  gradient: 'grad(a)',
  divergence: 'div(a, b)',
  square: 'a^2',
};

/** A function by name. */
export const languageFunction = (name: string): LanguageFunction | undefined => FUNCTIONS.get(name);

/** How this language writes a function of another one. */
export const alias = (name: string): string | undefined => (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined);
