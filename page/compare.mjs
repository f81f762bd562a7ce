// The same problem with other fields and kernels, side by side.
import {announce, byId, make, showText} from './dom.mjs';
import {FieldView, symmetric} from './field-view.mjs';
import {asked, description, showError} from './form.mjs';
import {numberText, rangeOf, secondsText} from './numbers.mjs';
import {expressionsOf, relativeDifference, shownOf} from './result.mjs';
import {isRunning, occupy, release, setProgress} from './run.mjs';
import {persistently, ServiceError, solve} from './service.mjs';
import {askToken} from './token.mjs';
import {estimateOf, judgement, showFacts} from './verdict.mjs';

/** Options of grids alone, which networks do not take. */
const OF_GRIDS = ['kernel', 'edge', 'decoder', 'resolution', 'levels', 'features', 'optimizer', 'inner', 'windows', 'grading'];

/** So small a network comes to something within seconds. */
const NETWORK = {width: 48, hiddenLayers: 2, learningRate: 1e-3};

/** @type {Record<string, {title: string, options: Record<string, unknown>}>} */
const VARIANTS = {
  asked: {title: 'as chosen above', options: {}},
  'bspline:3': {title: 'grid, B-splines of degree 3', options: {field: 'grid', kernel: 'bspline:3'}},
  'bspline:5': {title: 'grid, B-splines of degree 5', options: {field: 'grid', kernel: 'bspline:5'}},
  'bspline:7': {title: 'grid, B-splines of degree 7', options: {field: 'grid', kernel: 'bspline:7'}},
  gaussian: {title: 'grid, Gaussian kernel', options: {field: 'grid', kernel: 'gaussian:1:3'}},
  'inverse-multiquadric': {title: 'grid, inverse multiquadric', options: {field: 'grid', kernel: 'inverse-multiquadric:1:3'}},
  'inverse-quadratic': {title: 'grid, inverse quadratic', options: {field: 'grid', kernel: 'inverse-quadratic:1:3'}},
  siren: {title: 'Siren, 48 × 48 × 48', options: {field: 'siren', ...NETWORK}},
  pinn: {title: 'PINN, 48 × 48 × 48', options: {field: 'pinn', ...NETWORK}},
};
const DEFAULTS = ['bspline:5', 'gaussian', 'siren'];
const DIFFERENCE = 'difference to the first';

/** What has been solved, in its order. @type {{view: FieldView, shown: any, how: any}[]} */
let solved = [];

/** The problem with the options of a variant. */
function variantOf(problem, {options}) {
  const kept = Object.entries(problem).filter(([key]) => options.width === undefined || !OF_GRIDS.includes(key));
  return {...Object.fromEntries(kept), ...options};
}

/** Solves the chosen variants one after another. */
async function compare() {
  if (isRunning()) return;
  showText(byId('comparison-error'), undefined);
  const names = [...byId('variants').querySelectorAll('select')].map(({value}) => value).filter((value) => value !== '');
  const maxSeconds = Number(byId('compare-seconds').value);
  let body;
  try {
    body = asked();
    if (body.problem === undefined) throw new Error('a system brings its own field: compare with an equation of your own');
    if (!(maxSeconds > 0)) throw new Error(`${byId('compare-seconds').value} is no number of seconds`);
  } catch (error) {
    if (error.field !== undefined) showError(error);
    showText(byId('comparison-error'), error.message);
    return;
  }
  const signal = occupy();
  for (const {view} of solved) view.dispose();
  solved = [];
  const cards = names.map((name) => card(VARIANTS[name].title));
  byId('compared').replaceChildren(...cards.map(({element}) => element));
  try {
    const {unknowns = []} = (await description()) ?? {};
    const asking = expressionsOf(body.problem, unknowns);
    for (const [i, name] of names.entries()) {
      announce(`Solving ${VARIANTS[name].title}`);
      const full = {
        problem: {...variantOf(body.problem, VARIANTS[name]), maxSeconds},
        maxSeconds,
        ...(asking.expressions !== undefined && {expressions: asking.expressions}),
      };
      await one(full, cards[i], asking, unknowns, signal);
    }
    announce(`Compared: ${names.map((name) => VARIANTS[name].title).join(', ')}`);
  } catch (error) {
    for (const {state, bar} of cards.filter(({done}) => !done)) {
      state.textContent = error.name === 'AbortError' ? 'Cancelled' : 'Not solved';
      bar.hidden = true;
    }
    if (error.name !== 'AbortError') showText(byId('comparison-error'), error.message);
  } finally {
    release();
  }
}

function card(title) {
  const state = make('p', {class: 'status'}, 'Waiting');
  const reason = make('small', {});
  const bar = make('progress', {max: 1, hidden: true, 'aria-label': title});
  const place = make('div', {});
  const facts = make('dl', {class: 'facts'});
  const element = make('article', {class: 'variant'}, make('h3', {}, title), state, bar, place, facts, reason);
  return {element, state, reason, bar, place, facts, done: false};
}

async function one(body, at, asking, unknowns, signal) {
  const {state, bar} = at;
  bar.hidden = false;
  bar.removeAttribute('value');
  const on = {
    accepted: () => (state.textContent = 'Accepted'),
    progress: ({seconds, secondsLeft, loss}) => {
      const ends = typeof secondsLeft === 'number' ? Math.min(secondsLeft, Math.max(0, body.maxSeconds - seconds)) : undefined;
      state.textContent = `${secondsText(seconds)}${typeof loss === 'number' ? ` · loss ${numberText(loss, 2)}` : ''}`;
      setProgress(bar, ends === undefined ? undefined : seconds / (seconds + ends));
    },
  };
  const onBusy = (left) => (state.textContent = `Busy, trying again in ${left} s`);
  try {
    const found = await persistently(() => solve(body, {signal, on}), {signal, askToken, onBusy});
    finish(found, at, asking, unknowns);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status === 0 || error.status === 401) throw error;
    state.textContent = error.message; // of this variant alone: the others go on
    state.className = 'status bad';
  }
  at.done = true;
  bar.hidden = true;
}

function finish(found, {state, reason, place, facts}, {labels, errors}, unknowns) {
  const shown = shownOf(found);
  const names = unknowns.length > 0 ? unknowns : Object.keys(shown.values).filter((name) => name !== 'residual');
  const first = solved[0]?.shown ?? shown;
  if (first !== shown) {
    for (const name of names) {
      shown.values[`${name} - first`] = shown.values[name].map((value, i) => value - first.values[name][i]);
    }
  }
  const {kind, short, why} = judgement(found);
  state.textContent = short;
  reason.textContent = why;
  state.className = `status ${kind}`;
  const {relativeL2} = estimateOf(found);
  const exact = errors
    .filter(({text}) => text in shown.values)
    .map(({text, unknown}) => {
      const error = shown.values[text];
      return relativeDifference({u: shown.values[unknown]}, {u: shown.values[unknown].map((value, i) => value - error[i])}, [
        'u',
      ]);
    });
  showFacts(facts, [
    ['estimated error', relativeL2 === null ? 'none' : numberText(relativeL2, 2)],
    ['error, measured', exact.length === 0 ? undefined : numberText(Math.max(...exact), 2)],
    [DIFFERENCE, first === shown ? '–' : numberText(relativeDifference(shown.values, first.values, names), 2)],
    ['seconds', numberText(found.seconds, 3)],
    ['coefficients', found.unknowns.toLocaleString('en')],
    ['iterations', found.iterations.toLocaleString('en')],
    ['loss', numberText(found.loss, 2)],
  ]);
  const view = new FieldView(place, {compact: true});
  const signed = ['residual', ...errors.map(({text}) => text), ...names.map((name) => `${name} - first`)];
  const named = Object.fromEntries(names.map((name) => [`${name} - first`, `${name} − first`]));
  solved.push({view, shown, how: {labels: {...labels, ...named}, signed}});
  offer(names, labels, errors);
  showAll();
}

/** What all pictures may show. */
function offer(names, labels, errors) {
  const before = byId('compare-show').value;
  const entries = [
    ...names.map((name) => [name, name]),
    ...(solved.length > 1 ? names.map((name) => [`${name} - first`, `${name}, ${DIFFERENCE}`]) : []),
    ...(solved[0].shown.values.residual === undefined ? [] : [['residual', 'residual']]),
    ...errors.map(({text}) => [text, labels[text]]),
  ];
  byId('compare-show').replaceChildren(...entries.map(([value, text]) => make('option', {value}, text)));
  if (entries.some(([value]) => value === before)) byId('compare-show').value = before;
  byId('compare-show').hidden = false;
  byId('compare-show-label').hidden = false;
}

/** All pictures with one range of colours: only so can they be compared. */
function showAll() {
  const name = byId('compare-show').value;
  const lists = solved.map(({shown}) => shown.values[name]).filter((values) => values !== undefined);
  const isSigned = solved[0]?.how.signed.includes(name) === true;
  const ranges = lists.map((values) => (isSigned ? symmetric(values) : rangeOf(values))).filter((range) => range !== undefined);
  const range = {lower: Math.min(...ranges.map(({lower}) => lower)), upper: Math.max(...ranges.map(({upper}) => upper))};
  for (const {view, shown, how} of solved) {
    const values = shown.values[name] ?? new Float64Array(Object.values(shown.values)[0].length); // the first differs in nothing from itself
    view.show({axes: shown.axes, values: {[name]: values}}, {...how, range});
  }
}

/** Begins: the choices. */
export function begin() {
  byId('variants').replaceChildren(
    ...DEFAULTS.map((chosen, i) => {
      const options = Object.entries(VARIANTS).map(([value, {title}]) =>
        make('option', {value, selected: value === chosen}, title),
      );
      const none = i < 2 ? [] : [make('option', {value: ''}, 'nothing more')];
      return make('select', {'aria-label': `Variant ${i + 1}`}, ...options, ...none);
    }),
  );
  byId('compare').addEventListener('click', () => void compare());
  byId('compare-show').addEventListener('change', showAll);
}
