// What is typed, as a problem file has it and as a link has it, and which field an error is about.

/** Fields whose texts have one item a line. */
const LINES = ['equation', 'where'];
/** Fields with names between commas. */
const NAMES = ['periodic', 'unknowns'];
const NUMBERS = ['tolerance', 'maxSeconds'];
/** Fields with one number, or several between commas. */
const NUMBER_LISTS = ['resolution', 'iterations'];

/** Ids of all fields, in the order in which a link names them. */
export const FIELDS = [
  'equation',
  'domain',
  'where',
  'uniform',
  'exact',
  ...NAMES,
  ...NUMBERS,
  'field',
  'kernel',
  ...NUMBER_LISTS,
  'others',
];

/** What is wrong with one field, before anything is sent. */
export class FieldError extends Error {
  /**
   * @param {string} field its id
   * @param {string} message
   */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

const linesOf = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
const partsOf = (text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function numberOf(text, field) {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) throw new FieldError(field, `${text} is no number`);
  return value;
}

/** Pairs such as `a=0.1, c=3`. */
function uniformsOf(text) {
  const pairs = partsOf(text.replaceAll('\n', ',')).map((pair) => {
    const [name, value, ...more] = pair.split('=').map((part) => part.trim());
    if (name === '' || value === undefined || more.length > 0) throw new FieldError('uniform', `${pair} is no NAME=NUMBER`);
    return [name, numberOf(value, 'uniform')];
  });
  return Object.fromEntries(pairs);
}

/** Known answers: an expression, or `u=...; v=...` by unknown. @returns {string | Record<string, string>} */
function othersOf(text) {
  let others;
  try {
    others = JSON.parse(text);
  } catch (error) {
    throw new FieldError('others', `this is no JSON: ${error.message}`);
  }
  if (typeof others !== 'object' || others === null || Array.isArray(others)) {
    throw new FieldError('others', 'this is no JSON object, such as {"seed": 7}');
  }
  for (const key of Object.keys(others)) {
    if (key !== 'others' && FIELDS.includes(key)) throw new FieldError('others', `'${key}' has a field of its own above`);
  }
  return others;
}

/**
 * The keys of a problem file.
 *
 * @param {Record<string, string>} texts of the fields, by id.
 * @throws {FieldError}
 */
export function problemOf(texts) {
  const problem = {};
  for (const id of FIELDS) {
    const text = (texts[id] ?? '').trim();
    if (text === '') continue;
    if (LINES.includes(id)) problem[id] = linesOf(text);
    else if (NAMES.includes(id)) problem[id] = partsOf(text);
    else if (NUMBERS.includes(id)) problem[id] = numberOf(text, id);
    else if (NUMBER_LISTS.includes(id)) {
      const numbers = partsOf(text).map((part) => numberOf(part, id));
      problem[id] = numbers.length === 1 ? numbers[0] : numbers;
    } else if (id === 'uniform') problem.uniform = uniformsOf(text);
    else if (id === 'others') Object.assign(problem, othersOf(text));
    else problem[id] = text;
  }
  if (problem.equation === undefined) throw new FieldError('equation', 'type an equation, such as u_xx = -2');
  if (problem.domain === undefined) throw new FieldError('domain', 'say where: x=0..1');
  return problem;
}

/** Texts of the fields for the keys of a problem file; keys without a field go to the other options. @returns {Record<string, string>} */
export function textsOf(problem) {
  const texts = Object.fromEntries(FIELDS.map((id) => [id, '']));
  const others = {};
  for (const [key, value] of Object.entries(problem)) {
    if (key === 'out') continue; // a folder of the machine that solves
    if (FIELDS.includes(key) && key !== 'others') texts[key] = textOf(key, value);
    else others[key] = value;
  }
  if (Object.keys(others).length > 0) texts.others = JSON.stringify(others);
  return texts;
}

/** A value of a problem file as its field has it. */
function textOf(key, value) {
  if (LINES.includes(key)) return [value].flat().join('\n');
  if (typeof value !== 'object') return key === 'field' && value === 'grid' ? '' : String(value);
  if (key === 'domain') return rangesText(value);
  if (key === 'uniform') return pairsText(value, ', ');
  if (key === 'exact') return pairsText(value, '; ');
  return [value].flat().join(', ');
}

const pairsText = (pairs, between) =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .join(between);
const rangesText = (bounds) =>
  Object.entries(bounds)
    .map(([name, [lower, upper]]) => `${name}=${lower}..${upper}`)
    .join(', ');

/** The hash of a link that restores these fields, or a system. */
export function hashOf(texts, system) {
  if (system !== undefined) return `#${new URLSearchParams({system})}`;
  const given = FIELDS.map((id) => [id, (texts[id] ?? '').trim()]).filter(([, text]) => text !== '');
  return given.length === 0 ? '' : `#${new URLSearchParams(given)}`;
}

/** What a link holds: the fields' texts, a system, or nothing of ours. @returns {{texts?: Record<string, string>, system?: string}} */
export function readHash(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const system = given.get('system');
  if (system !== null) return {system};
  const known = [...given].filter(([id]) => FIELDS.includes(id));
  return known.length === 0 ? {} : {texts: Object.fromEntries(known)};
}

/** Words of messages that name what they are about, in the order in which they decide. */
const SIGNS = [
  [/^in the condition |^the condition "/, 'where'],
  [/exact answer|--exact/, 'exact'],
  [/^in the domain |^the domain |coordinates? .* bound/, 'domain'],
  [/--periodic|^periodic/, 'periodic'],
  [/--unknowns|^unknowns\b/, 'unknowns'],
  [/\buniform\b.*distinct|--uniform|^uniform/, 'uniform'],
];

/**
 * The field that a message of the package is about: it quotes the text under which its mark stands, or names an option.
 *
 * @param {string} message
 * @param {Record<string, string>} texts of the fields.
 * @returns {string | undefined} its id
 */
export function fieldOf(message, texts) {
  const named = /(?:^|: )'?(?:--)?([a-z][A-Za-z]*(?:-[a-z]+)*)'? (?:must be|is)\b/.exec(message)?.[1];
  const option = named?.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
  if (option !== undefined && FIELDS.includes(option)) return option;
  const [, excerpt = ''] = message.split('\n');
  const quoted = excerpt.trim().replace(/^(…|\.\.\.)|(…|\.\.\.)$/g, '');
  if (quoted !== '') {
    const found = ['equation', 'where', 'exact', 'domain'].find((id) => (texts[id] ?? '').includes(quoted));
    if (found !== undefined) return found;
  }
  for (const [sign, id] of SIGNS) if (sign.test(message)) return id;
  if (message.includes('kernel')) return 'kernel';
  if (/derivative of order|equation/.test(message)) return 'equation';
  return undefined;
}
