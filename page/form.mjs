// The form: its texts, the errors beside its fields, and the problem in mathematics as it is typed.
import {announce, byId, make, showText} from './dom.mjs';
import {formula} from './mathml.mjs';
import {bytesText} from './numbers.mjs';
import {FIELDS, FieldError, fieldOf, hashOf, problemOf, readHash, textsOf} from './problem.mjs';
import {describe, persistently, ServiceError, systems} from './service.mjs';
import {askToken} from './token.mjs';

/** Milliseconds without a key after which the service is asked. */
const REST = 250;

/** Codes of errors that are about what is typed, and not about what became of it. */
const ABOUT_TEXTS = new Set([
  'SYNTAX',
  'UNKNOWN_SYMBOL',
  'UNKNOWN_OPTION',
  'INVALID_ARGUMENT',
  'ORDER_TOO_HIGH',
  'EXPRESSION_TOO_LARGE',
  'OUT_OF_DOMAIN',
]);

/** @type {{systems: any[], examples: any[]}} */
let offered = {systems: [], examples: []};
/** @type {string | undefined} */
let system;
let timer;
/** @type {AbortController | undefined} */
let asking;
/** What the service said of what is typed now. @type {any} */
let described;

const texts = () => Object.fromEntries(FIELDS.map((id) => [id, byId(id).value]));

/** What is solved: keys of a problem file, or a system by its name. @throws {FieldError} */
export const asked = () => (system === undefined ? {problem: problemOf(texts())} : {system});

/** What the service said of it: unknowns, coordinates and so on; asks it where it has not yet. @returns {Promise<any>} */
export async function description() {
  if (described === undefined) await lookNow();
  return described;
}

/** Fills the form from what an example, a file or a link holds. */
function fill(given) {
  system = undefined;
  for (const id of FIELDS) byId(id).value = given[id] ?? '';
  if (!/^(|siren|pinn)$/.test(given.field ?? '')) byId('field').value = '';
  byId('more').open = ['exact', 'periodic', 'unknowns'].some((id) => byId(id).value !== '');
  byId('solver').open = byId('others').value !== '';
  changed();
}

/** Makes the form about a system of the service. */
function chooseSystem(name) {
  system = name;
  changed();
}

function changed() {
  const isSystem = system !== undefined;
  byId('texts').hidden = isSystem;
  byId('more').hidden = isSystem;
  byId('solver').hidden = isSystem;
  byId('save-problem').hidden = isSystem;
  const summary = offered.systems.find(({name}) => name === system)?.summary;
  showText(byId('system-summary'), isSystem ? (summary ?? `The built-in problem ${system}.`) : undefined);
  byId('start').value = isSystem ? `system ${system}` : matching();
  showSolver();
  for (const id of ['equation', 'where']) byId(id).rows = Math.max(id === 'where' ? 2 : 1, byId(id).value.split('\n').length);
  history.replaceState(null, '', `${location.pathname}${location.search}${hashOf(texts(), system)}`);
  described = undefined;
  clearTimeout(timer);
  timer = setTimeout(() => void lookNow(), REST);
}

/** The example that the fields hold unchanged. */
function matching() {
  const now = JSON.stringify(texts());
  const at = offered.examples.findIndex(({problem}) => JSON.stringify(textsOf(problem)) === now);
  return at < 0 ? '' : `example ${at}`;
}

/** What is chosen, where the options are folded. */
function showSolver() {
  const said = [byId('field').value, byId('kernel').value, byId('tolerance').value && `to ${byId('tolerance').value}`];
  byId('solver-chosen').textContent = said.filter((one) => one !== '').join(', ');
}

/** Asks the service for the mathematics, and shows it or the error. */
async function lookNow() {
  clearTimeout(timer);
  asking?.abort();
  const {signal} = (asking = new AbortController());
  try {
    const body = asked();
    const answer = await persistently(() => describe(body, signal), {signal, askToken, onBusy: () => undefined});
    if (signal.aborted) return;
    described = answer;
    clearErrors();
    showMath(answer);
  } catch (error) {
    if (error.name === 'AbortError' || signal.aborted) return;
    if (system !== undefined && error instanceof ServiceError && [400, 404, 422].includes(error.status)) {
      described = {}; // a system that the service can solve, and has no formulas of
      clearErrors();
      showMath(described);
      return;
    }
    byId('math').classList.add('stale');
    showError(error);
  }
}

function showMath({mathml, headline, unknowns = [], coordinates = {}, unknownsCount, bytes, notes = []}) {
  // One text may have several formulas.
  const formulas = [mathml ?? []]
    .flat()
    .flatMap((one) => (typeof one === 'string' ? one.split(/(?=<math[\s>])/).map((text) => ({mathml: text})) : one));
  const lines = formulas.flatMap(({mathml: text, label, text: plain}) => {
    const set = formula(text ?? '') ?? (plain === undefined ? undefined : make('code', {}, plain));
    if (set === undefined) return [];
    const where = label === undefined ? [] : [make('span', {class: 'label'}, `at ${label.replaceAll('-', '−')}`)];
    return [make('div', {class: 'formula'}, set, ...where)];
  });
  byId('math').replaceChildren(...(lines.length > 0 ? lines : [make('p', {class: 'summary'}, headline ?? '')]));
  byId('math').classList.remove('stale');
  const facts = [
    unknowns.length > 0 && `${unknowns.length > 1 ? 'unknowns' : 'unknown'} ${unknowns.join(', ')}`,
    Object.keys(coordinates).length > 0 && `over ${Object.keys(coordinates).join(', ')}`,
    unknownsCount && `${unknownsCount.toLocaleString('en')} coefficients to begin with`,
    bytes && `about ${bytesText(bytes)}`,
  ];
  byId('math-facts').textContent = facts.filter(Boolean).join(' · ');
  byId('math-notes').hidden = notes.length === 0;
  byId('math-notes').replaceChildren(...notes.map((note) => make('li', {}, note)));
}

/** Shows an error beside the field that it is about, and else above the buttons. @returns {string | undefined} the field */
export function showError(error) {
  clearErrors();
  showText(byId('offline'), error instanceof ServiceError && error.status === 0 ? error.message : undefined);
  if (error instanceof ServiceError && error.status === 0) return undefined;
  const field = fieldOfError(error);
  const known = field !== undefined && FIELDS.includes(field) && system === undefined;
  const place = known ? byId(`${field}-error`) : byId('form-error');
  showText(place, error.message);
  if (!known) return undefined;
  byId(field).setAttribute('aria-invalid', 'true');
  byId(field).closest('details')?.setAttribute('open', '');
  return field;
}

/** The field of an error, as far as its code says that it is about what is typed. @returns {string | undefined} */
function fieldOfError(error) {
  if (error instanceof FieldError) return error.field;
  if (error.code === 'UNKNOWN_OPTION' && byId('others').value !== '') return 'others';
  return ABOUT_TEXTS.has(error.code) ? fieldOf(error.message, texts()) : undefined;
}

export function clearErrors() {
  byId('offline').hidden = true;
  showText(byId('form-error'), undefined);
  for (const id of FIELDS) {
    showText(byId(`${id}-error`), undefined);
    byId(id).removeAttribute('aria-invalid');
  }
}

/** The systems and examples of the service, for the choice at the top. */
async function load() {
  try {
    const {systems: named = [], examples = []} = await persistently(() => systems(), {askToken, onBusy: () => undefined});
    offered = {systems: named, examples};
  } catch (error) {
    showError(error);
    return;
  }
  const group = (label, options) => make('optgroup', {label}, ...options);
  const own = byId('start').options[0];
  byId('start').replaceChildren(
    own,
    group(
      'Equations',
      offered.examples.map(({title}, at) => make('option', {value: `example ${at}`}, title)),
    ),
    ...(offered.systems.length === 0
      ? []
      : [
          group(
            'Built-in systems',
            offered.systems.map(({name}) => make('option', {value: `system ${name}`}, name)),
          ),
        ]),
  );
}

function restore() {
  const {texts: given, system: named} = readHash(location.hash);
  if (named !== undefined) chooseSystem(named);
  else if (given !== undefined) fill(given);
  else if (offered.examples.length > 0) fill(textsOf(offered.examples[0].problem));
  else changed();
}

/** Begins: listens to the form, fills it from the link or with the first example. */
export async function begin() {
  byId('form').addEventListener('input', ({target}) => {
    if (target.id !== 'start' && target.id !== 'problem-file') changed();
  });
  byId('start').addEventListener('change', ({target}) => {
    const [, kind, name] = /^(\w+) (.*)$/.exec(target.value) ?? [];
    if (kind === 'example') fill(textsOf(offered.examples[Number(name)].problem));
    else if (kind === 'system') chooseSystem(name);
    else fill({});
  });
  byId('open-problem').addEventListener('click', () => byId('problem-file').click());
  byId('problem-file').addEventListener('change', () => void openFile());
  addEventListener('hashchange', restore);
  if (location.hash !== '') restore();
  await refresh();
}

/** Asks the service anew what it offers, as after a new token. */
export async function refresh() {
  await load();
  restore();
}

async function openFile() {
  const [file] = byId('problem-file').files;
  byId('problem-file').value = '';
  if (file === undefined) return;
  try {
    const problem = JSON.parse(await file.text());
    if (typeof problem !== 'object' || problem === null) throw new Error('it holds no object');
    fill(textsOf(problem));
    announce(`${file.name} is opened`);
  } catch (error) {
    showError(new Error(`${file.name} is no problem file: ${error.message}`));
  }
}
