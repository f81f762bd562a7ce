// The page: what is typed goes to the worker, what comes back is shown.
import {draw, numberText, rangeOf} from './plot.mjs';

const EXAMPLES = [
  {
    title: 'Poisson: a membrane under its load',
    equations: 'laplacian(u) = -8*exp(-8*((x-0.3)^2 + (y-0.2)^2))',
    domain: 'x=-1..1, y=-1..1',
    where: 'x=-1|x=1|y=-1|y=1: u=0',
  },
  {
    title: 'Heat in a rod, with its known answer',
    equations: 'u_t = a*u_xx',
    domain: 't=0..1, x=0..1',
    where: 't=0: u=sin(pi*x)\nx=0|x=1: u=0',
    uniforms: 'a=0.1',
    exact: 'exp(-0.1*pi^2*t)*sin(pi*x)',
  },
  {
    title: 'A wave on a string',
    equations: 'u_tt = u_xx',
    domain: 't=0..2, x=0..1',
    where: 't=0: u=exp(-200*(x-0.3)^2)\nt=0: u_t=0\nx=0|x=1: u=0',
    tolerance: '1e-3',
  },
  {
    title: 'A pendulum let go from nearly the top',
    equations: 'u_tt + 0.1*u_t + sin(u) = 0',
    domain: 't=0..40',
    where: 't=0: u=3\nt=0: u_t=0',
  },
  {
    title: 'An epidemic',
    equations: 's_t = -2*s*i\ni_t = 2*s*i - 0.5*i',
    domain: 't=0..25',
    where: 't=0: s=0.999\nt=0: i=0.001',
  },
  {
    title: 'A boundary layer',
    equations: '-1e-3*u_xx + u_x = 1',
    domain: 'x=0..1',
    where: 'x=0|x=1: u=0',
  },
  {
    title: 'Burgers: a front that steepens',
    equations: 'u_t + u*u_x = 0.02*u_xx',
    domain: 't=0..1, x=-1..1',
    where: 't=0: u=-sin(pi*x)\nx=-1|x=1: u=0',
    tolerance: '1e-3',
  },
];

/** Texts of the form, by the names of their inputs. */
const NAMES = ['equations', 'domain', 'where', 'uniforms', 'periodic', 'exact', 'tolerance', 'seconds'];
const EMPTY = {equations: '', domain: '', where: '', uniforms: '', periodic: '', exact: '', tolerance: '1e-4', seconds: '30'};

const element = (name) => document.getElementById(name);
const [form, status, bar, picture, readout] = ['form', 'status', 'progress', 'picture', 'readout'].map(element);

let worker = startWorker();
let isReady = false;
/** @type {{problem: object} | undefined} */
let running;
/** What {@link draw} is told. @type {any} */
let shown;
/** @type {number[] | undefined} */
let mark;
/** @type {((x: number, y: number) => number[]) | undefined} */
let locate;

function startWorker() {
  const made = new Worker(new URL('worker.mjs', import.meta.url), {type: 'module'});
  made.onmessage = ({data}) => receive(data);
  made.onerror = () =>
    fail({code: 'INTERNAL', message: 'The solver could not be loaded. Serve this folder over HTTP, with dinf-grid/ in it.'});
  return made;
}

function receive(message) {
  switch (message.kind) {
    case 'ready':
      isReady = true;
      if (running !== undefined) worker.postMessage(running.problem);
      else rest('Ready.');
      break;
    case 'posed':
      status.textContent = message.headline;
      break;
    case 'progress':
      showProgress(message.progress);
      break;
    case 'solved':
      rest(`Solved in ${seconds(message.seconds)}.`);
      show(message);
      break;
    case 'failed':
      fail(message);
      break;
  }
}

const seconds = (count) => `${count < 10 ? count.toFixed(2) : count.toFixed(0)} s`;

function showProgress({iteration, loss, seconds: spent}) {
  if (running === undefined) return;
  status.textContent = `Solving: ${seconds(spent)}, iteration ${iteration}, loss ${numberText(loss)}`;
}

/** Nothing runs. */
function rest(text) {
  running = undefined;
  status.textContent = text;
  bar.hidden = true;
  element('cancel').disabled = true;
  element('solve').disabled = false;
}

function fail({code, message}) {
  rest('Not solved.');
  element('message').textContent = message;
  element('code').textContent = code;
  element('problem').hidden = false;
}

// ---- the form

function textsOf() {
  return Object.fromEntries(NAMES.map((name) => [name, element(name).value.trim()]));
}

function fill(texts) {
  for (const [name, text] of Object.entries({...EMPTY, ...texts})) if (NAMES.includes(name)) element(name).value = text;
  element('more').open = ['uniforms', 'periodic', 'exact'].some((name) => (texts[name] ?? '') !== '');
  for (const name of ['equations', 'where']) element(name).rows = Math.max(2, element(name).value.split('\n').length);
  updateLink();
}

function updateLink() {
  const given = Object.entries(textsOf()).filter(([name, text]) => text !== EMPTY[name]);
  element('link').href = `#${new URLSearchParams(given).toString()}`;
}

const lines = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
const list = (text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** @throws Error for what is no list of numbers by name */
function problemOf({equations, domain, where, uniforms, periodic, exact, tolerance, seconds: most}) {
  const numbers = list(uniforms).map((part) => {
    const match = /^(\w+)\s*=\s*(\S+)$/.exec(part);
    if (match === null || !Number.isFinite(Number(match[2])))
      throw new Error(`Numbers by name are written a=0.1, c=3; '${part}' is not.`);
    return [match[1], Number(match[2])];
  });
  return {
    equations: lines(equations),
    domain: domain.replaceAll(/\s*,\s*/g, ','),
    where: lines(where),
    ...(numbers.length > 0 && {uniforms: Object.fromEntries(numbers)}),
    ...(periodic !== '' && {periodic: list(periodic)}),
    tolerance: Number(tolerance),
    maxSeconds: Number(most),
    exact,
  };
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  element('problem').hidden = true;
  element('answer').hidden = true;
  let problem;
  try {
    problem = problemOf(textsOf());
  } catch (error) {
    fail({code: 'INVALID_ARGUMENT', message: error.message});
    return;
  }
  running = {problem};
  status.textContent = isReady ? 'Reading the equation …' : 'Loading the solver …';
  bar.hidden = false;
  element('cancel').disabled = false;
  element('solve').disabled = true;
  // On a narrow screen what happens does so below the form.
  element('result').scrollIntoView({block: 'nearest'});
  if (isReady) worker.postMessage(problem);
});

element('cancel').addEventListener('click', () => {
  // One thread: whatever runs there does not listen, but it can be ended.
  worker.terminate();
  isReady = false;
  worker = startWorker();
  rest('Cancelled.');
  element('solve').focus();
});

form.addEventListener('input', updateLink);
form.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

const example = element('example');
EXAMPLES.forEach(({title}, i) => example.add(new Option(title, String(i))));
example.addEventListener('change', () => fill(EXAMPLES[Number(example.value)]));

function readLink() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (Object.hasOwn(given, 'equations')) fill(given);
  else fill(EXAMPLES[0]);
}
window.addEventListener('hashchange', readLink);
readLink();
bar.hidden = true;

// ---- the answer

function show(message) {
  const {fields, axes, estimate, notes} = message;
  element('answer').hidden = false;
  const choice = element('choice');
  choice.querySelectorAll('label').forEach((label) => label.remove());
  choice.hidden = fields.length === 1;
  fields.forEach((field, i) => {
    const label = document.createElement('label');
    const input = Object.assign(document.createElement('input'), {
      type: 'radio',
      name: 'field',
      value: String(i),
      checked: i === 0,
    });
    input.addEventListener('change', () => choose(axes, field));
    label.append(input, field.name);
    choice.append(label);
  });
  choose(axes, fields[0]);
  showVerdict(estimate, message);
  showFacts(message);
  element('notes').replaceChildren(...notes.map((note) => Object.assign(document.createElement('li'), {textContent: note})));
  element('notes-box').hidden = notes.length === 0;
}

function choose(axes, field) {
  shown = {axes, values: field.values, compared: field.exact, title: field.name};
  mark = undefined;
  redraw();
}

function redraw() {
  if (shown === undefined || element('answer').hidden) return;
  locate = draw(picture, shown, mark);
  const {lower, upper} = rangeOf(shown.values);
  const range = `${shown.title} from ${numberText(lower)} to ${numberText(upper)}`;
  picture.setAttribute('aria-label', `${range}, over ${shown.axes.map(({name}) => name).join(' and ')}. Arrow keys read values.`);
  readout.textContent =
    mark === undefined
      ? `${range}${shown.compared === undefined || shown.axes.length > 1 ? '' : ', the known answer dashed'}`
      : textAt(mark);
}

function textAt(indices) {
  const {axes, values, title, compared} = shown;
  const places = axes.map(
    ({name, lower, upper, count}, k) => `${name} = ${numberText(lower + (indices[k] / (count - 1)) * (upper - lower))}`,
  );
  const at = indices.reduce((sum, index, k) => sum * axes[k].count + index, 0);
  const known = compared === undefined ? '' : `, known: ${numberText(compared[at])}`;
  return `${places.join(', ')}: ${title} = ${numberText(values[at])}${known}`;
}

picture.addEventListener('pointermove', (event) => {
  if (locate === undefined) return;
  mark = locate(event.offsetX, event.offsetY);
  redraw();
});
picture.addEventListener('pointerleave', () => {
  mark = undefined;
  redraw();
});
picture.addEventListener('keydown', (event) => {
  const {axes} = shown;
  const across = axes.length === 1 || axes[0].name === 'x' ? 0 : 1;
  const ways = {ArrowLeft: [across, -1], ArrowRight: [across, 1], ArrowUp: [1 - across, 1], ArrowDown: [1 - across, -1]};
  if (!Object.hasOwn(ways, event.key)) return;
  const [axis, sign] = ways[event.key];
  if (axis >= axes.length) return;
  event.preventDefault();
  mark ??= axes.map(({count}) => Math.floor(count / 2));
  const step = sign * Math.max(1, Math.round(axes[axis].count / (event.shiftKey ? 10 : 50)));
  mark = mark.map((index, k) => (k === axis ? Math.min(axes[k].count - 1, Math.max(0, index + step)) : index));
  redraw();
});
new ResizeObserver(redraw).observe(picture);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);

function showVerdict({relativeL2, tolerance, met, how}, {stopReason, message}) {
  const verdict = element('verdict');
  const size = relativeL2 === null ? 'no error estimate' : `estimated error ${relativeL2.toExponential(1)} of the answer`;
  verdict.className = met === true ? 'good' : 'bad';
  if (stopReason === 'diverged') verdict.textContent = `Diverged: ${message}`;
  else if (tolerance === null) verdict.textContent = `No error estimate: ${how}`;
  else
    verdict.textContent = `${met === true ? 'Resolved' : 'Not resolved'}: ${size}; ${tolerance.toExponential(0)} was asked for.`;
}

function showFacts({headline, seconds: spent, unknowns, iterations, solver, fields, estimate}) {
  const facts = [
    ['problem', headline],
    ['time', seconds(spent)],
    ['unknowns', unknowns.toLocaleString('en')],
    ['iterations', `${iterations.toLocaleString('en')}${solver === undefined ? '' : `, ${solver}`}`],
  ];
  if (estimate.max !== null) facts.push(['largest error', `${numberText(estimate.max)}, estimated`]);
  const error = fields.find(({isError}) => isError === true);
  if (error !== undefined)
    facts.push(['against the known answer', `${numberText(Math.max(...rangeOfSizes(error.values)))} at most`]);
  element('facts').replaceChildren(
    ...facts.flatMap(([name, text]) => [
      Object.assign(document.createElement('dt'), {textContent: name}),
      Object.assign(document.createElement('dd'), {textContent: text}),
    ]),
  );
}

const rangeOfSizes = (values) => {
  const {lower, upper} = rangeOf(values);
  return [Math.abs(lower), Math.abs(upper)];
};
