import {DinfError} from '../base/errors';
import type {Check, OptionChecks} from '../base/options';
import {checkList, checkOptions, checkText, reading} from '../base/options';
import {shortened} from '../base/shown';
import {FUNCTION_NAMES} from './functions';
import type {Expression} from './node';
import {constant, coordinate, data, derivativeNode, LONGEST_NAME, scalar, uniform} from './node';
import {closest} from '../base/spelling';

/** The names that a text may use, by kind. All names are distinct, and none is a function, `pi` or `let`. */
export interface Scope {
  /** Coordinates of the domain, such as `['x', 'y', 't']`. The one called `t` is time, all others are spatial. */
  readonly coordinates: readonly string[];
  /** Unknowns: the outputs of the fields. */
  readonly unknowns: readonly string[];
  /** Per-sample data channels. */
  readonly data?: readonly string[];
  /** Numbers that may change between solves. */
  readonly uniforms?: readonly string[];
  /** Trainable numbers. */
  readonly scalars?: readonly string[];
}

/** The coordinate that `laplacian`, `grad` and `div` leave out. */
const TIME = 't';

const NAME = /^\p{L}[\p{L}0-9_]*$/u;

/** A kind of name: its list in the scope, what to call one of them, and the leaf it stands for. */
const SECTIONS = [
  {list: 'coordinates', noun: 'coordinate', leaf: coordinate},
  {list: 'unknowns', noun: 'unknown', leaf: (name: string): Expression => derivativeNode(name, {})},
  {list: 'data', noun: 'data channel', leaf: data},
  {list: 'uniforms', noun: 'uniform', leaf: uniform},
  {list: 'scalars', noun: 'trainable scalar', leaf: scalar},
] as const satisfies readonly {list: keyof Scope; noun: string; leaf: (name: string) => Expression}[];

/** Most names of one kind. */
const MOST_NAMES = 1000;

/** Names of one kind that a message lists. */
const MOST_LISTED = 30;

const checkNames: Check<string[]> = (value, name) => {
  const names = checkList(value, name, checkText);
  if (names.length <= MOST_NAMES) return names;
  throw new DinfError('INVALID_ARGUMENT', `${name}: there are ${names.length} names, and at most ${MOST_NAMES} of one kind`);
};

const LISTS: OptionChecks<Scope> = {
  coordinates: checkNames,
  unknowns: checkNames,
  data: checkNames,
  uniforms: checkNames,
  scalars: checkNames,
};

/** A checked {@link Scope}, ready for looking names up. */
export class SymbolTable {
  /** Coordinates that vector operators such as `grad` run over: all but time. */
  readonly spatial: readonly string[];
  /** The names, as they were given. */
  readonly scope: Scope;
  private readonly symbols = new Map<string, {noun: string; leaf: Expression}>();

  /**
   * @throws INVALID_ARGUMENT for a malformed name, a name used twice, one that is a function or a constant, or one that reads as
   *   a derivative (`u_x` beside an unknown `u` and a coordinate `x`). UNKNOWN_OPTION for a misspelt list.
   */
  constructor(scope: Scope) {
    const {coordinates = [], unknowns = [], ...others} = checkOptions<Partial<Scope>>(scope, 'a scope', LISTS);
    this.scope = {...others, coordinates, unknowns};
    for (const {list, noun, leaf} of SECTIONS) {
      for (const name of this.scope[list] ?? []) this.declare(name, noun, leaf);
    }
    for (const [name, {noun}] of this.symbols) {
      const parts = this.splitDerivative(name);
      if (parts?.letters.every((letter) => coordinates.includes(letter))) {
        throw new DinfError(
          'INVALID_ARGUMENT',
          `the ${noun} ${name} would read as a derivative of ${parts.base}; choose another name`,
        );
      }
    }
    this.spatial = coordinates.filter((name) => name !== TIME);
  }

  /** The leaf or derivative that a name stands for, or undefined. */
  lookup(name: string): Expression | undefined {
    if (name === 'pi') return constant(Math.PI);
    const symbol = this.symbols.get(name);
    if (symbol !== undefined) return symbol.leaf;
    const parts = this.splitDerivative(name);
    if (parts === undefined || this.symbols.get(parts.base)?.noun !== 'unknown') return undefined;
    const orders: Record<string, number> = {};
    for (const letter of parts.letters) {
      if (!this.scope.coordinates.includes(letter)) return undefined;
      orders[letter] = (orders[letter] ?? 0) + 1;
    }
    return derivativeNode(parts.base, orders);
  }

  /** What a name is, in words, or undefined for one that was not declared. */
  describe(name: string): string | undefined {
    return name === 'pi' ? 'constant' : this.symbols.get(name)?.noun;
  }

  /** Why {@link lookup} found nothing, and what would have been found. */
  explain(name: string): {code: 'UNKNOWN_SYMBOL' | 'INVALID_ARGUMENT'; message: string} {
    const parts = this.splitDerivative(name);
    const noun = parts === undefined ? undefined : this.symbols.get(parts.base)?.noun;
    if (parts !== undefined && noun === 'data channel') {
      const message = `${name}: the data channel ${parts.base} is known at the samples only, so it has no derivatives`;
      return {code: 'INVALID_ARGUMENT', message};
    }
    const wrong = parts?.letters.find((letter) => !this.scope.coordinates.includes(letter));
    if (parts !== undefined && noun === 'unknown') {
      const message = `unknown symbol ${name}: ${wrong} is not a coordinate with a one-letter name, so ${name} is not a derivative of ${parts.base}`;
      return {code: 'UNKNOWN_SYMBOL', message: `${message}. ${this.inventory()}`};
    }
    if (parts !== undefined && noun !== undefined && wrong === undefined) {
      const message = `unknown symbol ${name}: ${parts.base} is ${article(noun)}, and only unknowns have derivatives written like this`;
      return {code: 'UNKNOWN_SYMBOL', message};
    }
    return {code: 'UNKNOWN_SYMBOL', message: `unknown symbol ${name}${hint(this.suggest(name)) || '.'} ${this.inventory()}`};
  }

  /** What exists, for messages. */
  private inventory(): string {
    const lists = SECTIONS.flatMap(({list}) => {
      const names = this.scope[list] ?? [];
      const more = names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : '';
      return names.length === 0 ? [] : [`${list}: ${names.slice(0, MOST_LISTED).join(', ')}${more}`];
    });
    return lists.length === 0 ? 'No names are defined here' : `Known here are ${lists.join('; ')}`;
  }

  private suggest(name: string): string | undefined {
    const cut = name.lastIndexOf('_');
    const names = [...this.symbols.keys()];
    const derivatives = cut < 0 ? [] : this.scope.unknowns.map((unknown) => unknown + name.slice(cut));
    return closest(name, [
      ...names,
      ...derivatives.filter((candidate) => this.lookup(candidate) !== undefined),
      'pi',
      ...FUNCTION_NAMES,
    ]);
  }

  private declare(name: string, noun: string, leaf: (name: string) => Expression): void {
    if (!NAME.test(name)) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${JSON.stringify(shortened(name))} cannot name ${article(noun)}: a name is a letter followed by letters, digits and underscores`,
      );
    }
    if (name.length > LONGEST_NAME) {
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${shortened(name)} cannot name ${article(noun)}: it has ${name.length} characters, and names have at most ${LONGEST_NAME}`,
      );
    }
    if (FUNCTION_NAMES.has(name) || name === 'pi' || name === 'let') {
      const meaning = FUNCTION_NAMES.has(name) ? 'a function' : name === 'pi' ? 'a constant' : 'a keyword';
      throw new DinfError(
        'INVALID_ARGUMENT',
        `${name} cannot name ${article(noun)}: it is ${meaning} of the expression language`,
      );
    }
    const previous = this.symbols.get(name);
    if (previous !== undefined) {
      const clash = previous.noun === noun ? `declared twice` : `both ${article(previous.noun)} and ${article(noun)}`;
      throw new DinfError('INVALID_ARGUMENT', `${name} is ${clash}; every name must be distinct`);
    }
    this.symbols.set(name, {noun, leaf: leaf(name)});
  }

  /** `u_xt` into `u` and `x`, `t`, when `u` is a known name. */
  private splitDerivative(name: string): {base: string; letters: string[]} | undefined {
    const cut = name.lastIndexOf('_');
    const base = name.slice(0, Math.max(cut, 0));
    const letters = [...name.slice(cut + 1)];
    return cut > 0 && letters.length > 0 && this.symbols.has(base) ? {base, letters} : undefined;
  }
}

/** A noun with its article. */
export const article = (noun: string): string => `${/^[aeiou]/.test(noun) && noun !== 'uniform' ? 'an' : 'a'} ${noun}`;

function hint(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`;
}

/** The table of a scope, where it is none already. */
export function tableOf(scope: Scope | SymbolTable): SymbolTable {
  const made = reading('a scope', () => scope instanceof SymbolTable);
  return made ? (scope as SymbolTable) : new SymbolTable(scope as Scope);
}

/**
 * Every symbol of a scope as a property, derivatives included: `const {u, u_xx, x} = symbols(scope)`.
 *
 * @throws UNKNOWN_SYMBOL on reading a property that names nothing.
 */
export function symbols(scope: Scope | SymbolTable): Readonly<Record<string, Expression>> {
  const table = tableOf(scope);
  return new Proxy<Record<string, Expression>>(Object.create(null) as Record<string, Expression>, {
    get(_, name) {
      if (typeof name !== 'string') return undefined;
      const found = table.lookup(name);
      if (found === undefined) {
        const {code, message} = table.explain(name);
        throw new DinfError(code, message);
      }
      return found;
    },
    has: (_, name) => typeof name === 'string' && table.lookup(name) !== undefined,
    set: () => false,
  });
}
