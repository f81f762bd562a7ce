// One solve at a time: its state, its progress and its result on the page.
import {announce, byId, make, showText} from './dom.mjs';
import {saveAs, npyOf} from './downloads.mjs';
import {FieldView} from './field-view.mjs';
import {asked, clearErrors, description, showError} from './form.mjs';
import {LossChart} from './loss.mjs';
import {numberText, rootMeanSquare, secondsText} from './numbers.mjs';
import {expressionsOf, shownOf} from './result.mjs';
import {persistently, solve} from './service.mjs';
import {askToken} from './token.mjs';
import {estimateOf, judgement, showFacts, showJudgement} from './verdict.mjs';

/** @type {AbortController | undefined} */
let running;
/** The last answer, for downloads. @type {any} */
let answer;
/** The latest estimate of the error while a solve runs. @type {string | undefined} */
let estimated;
/** @type {FieldView} */
let view;
/** @type {LossChart} */
let chart;

/** Whether something runs; there is one solve at a time, or one comparison. */
export const isRunning = () => running !== undefined;

/** Marks the page as busy, and gives the signal of its end. @returns {AbortSignal} */
export function occupy() {
  running = new AbortController();
  byId('solve').disabled = true;
  byId('compare').disabled = true;
  byId('cancel').disabled = false;
  return running.signal;
}
export function release() {
  running = undefined;
  byId('solve').disabled = false;
  byId('compare').disabled = false;
  byId('cancel').disabled = true;
}
export const cancel = () => running?.abort();

const BUSY = 'The service is busy';

const status = (text) => showText(byId('status'), text);

/** Solves what the form holds. */
export async function start() {
  if (running !== undefined) return;
  let body;
  try {
    body = asked();
  } catch (error) {
    failed(error);
    return;
  }
  const signal = occupy();
  clearErrors();
  prepare();
  const began = performance.now();
  try {
    const {unknowns = []} = (await description()) ?? {};
    if (signal.aborted) throw new DOMException('cancelled', 'AbortError');
    const {expressions, labels, errors} = expressionsOf(body.problem, unknowns);
    const full = {...body, ...(expressions !== undefined && {expressions}), ...limit(body.problem)};
    const how = {labels, signed: ['residual', ...errors.map(({text}) => text)]};
    const found = await persistently(() => solve(full, {signal, on: handlers(how)}), {signal, askToken, onBusy: showBusy});
    show(found, how, errors);
  } catch (error) {
    if (error.name === 'AbortError') cancelled((performance.now() - began) / 1000);
    else failed(error);
  } finally {
    release();
    byId('progress').hidden = true;
  }
}

/** The service's own limit for the whole of the job, where a limit is typed. */
const limit = (problem) => (problem?.maxSeconds === undefined ? {} : {maxSeconds: problem.maxSeconds});

function prepare() {
  answer = estimated = undefined;
  status('Sending the problem…');
  announce('Solving');
  chart.clear();
  byId('verdict').hidden = true;
  byId('notes-box').hidden = true;
  byId('downloads').hidden = true;
  byId('body').classList.add('stale');
  byId('progress').removeAttribute('value');
  byId('progress').hidden = false;
}

function showBusy(left) {
  // Said once, and not every second, to those who listen.
  if (!byId('status').textContent.startsWith(BUSY)) announce(`${BUSY}, trying again in ${left} seconds`);
  status(`${BUSY}, trying again in ${left} s`);
}

/** What is shown as events come. */
const handlers = (how) => ({
  accepted: ({position}) => status(position > 0 ? `Waiting: ${position} before this one` : 'Accepted'),
  started: () => status('Solving'),
  progress: showProgress,
  field: (data) => showPreview(data, how),
});

function showProgress({iteration, iterations, loss, seconds, secondsLeft, fraction, errorEstimate}) {
  const left = typeof secondsLeft === 'number' && secondsLeft > 0.5 ? `about ${secondsText(secondsLeft)} left` : undefined;
  const parts = [
    `Solving: ${secondsText(seconds)}`,
    left,
    `iteration ${iteration.toLocaleString('en')}`,
    typeof loss === 'number' ? `loss ${numberText(loss, 3)}` : undefined,
    typeof errorEstimate === 'number' ? `estimated error ${numberText(errorEstimate, 2)}` : undefined,
  ];
  status(parts.filter((part) => part !== undefined).join(' · '));
  const done = fraction ?? (left === undefined ? undefined : seconds / (seconds + secondsLeft));
  setProgress(byId('progress'), done);
  byId('body').hidden = false;
  chart.add(seconds, loss, iterations);
}

/** How full a bar is; where that is not known it says so. @param {any} bar @param {number | undefined} part */
export function setProgress(bar, part) {
  if (part === undefined || !Number.isFinite(part)) bar.removeAttribute('value');
  else bar.value = Math.min(1, Math.max(0, part));
}

function showPreview(data, how) {
  if (data.axes === undefined || data.values === undefined) return;
  const shown = shownOf(data);
  byId('body').hidden = false;
  byId('body').classList.remove('stale');
  view.show(shown, how);
  const {cells = [], errorEstimate: {relativeL2 = null} = {}} = data;
  const grid = cells.length > 0 ? `, on ${cells.join(' × ')} cells` : '';
  // That of the cells before stands until there is one of these.
  if (relativeL2 !== null) estimated = `${numberText(relativeL2, 3)}${grid}`;
  showFacts(byId('facts'), [
    ['picture', `the field so far${grid}`],
    ['estimated error, relative L2, so far', estimated ?? 'none yet'],
    ['residual (RMS), so far', 'residual' in shown.values ? numberText(rootMeanSquare(shown.values.residual), 3) : undefined],
  ]);
}

function show(found, how, errors) {
  answer = found;
  const shown = shownOf(found);
  const {kind, short, text} = judgement(found);
  const done = `${kind === 'bad' ? 'Ended after' : 'Solved in'} ${secondsText(found.seconds)}`;
  status(done);
  announce(`${done}. ${short}: ${text}`);
  showJudgement(byId('verdict'), found);
  byId('body').hidden = false;
  byId('body').classList.remove('stale');
  view.show(shown, how);
  const {relativeL2, max} = estimateOf(found);
  showFacts(byId('facts'), [
    ['estimated error, relative L2', relativeL2 === null ? 'none' : numberText(relativeL2, 3)],
    ['largest error, estimated', max === null ? undefined : numberText(max, 3)],
    ...errors.map(({unknown, text: name}) => [
      `error of ${unknown} (RMS), measured`,
      numberText(rootMeanSquare(shown.values[name]), 3),
    ]),
    ['residual (RMS)', 'residual' in shown.values ? numberText(rootMeanSquare(shown.values.residual), 3) : undefined],
    ['loss', numberText(found.loss, 3)],
    ['seconds', numberText(found.seconds, 3)],
    ['iterations', found.iterations.toLocaleString('en')],
    ['coefficients', found.unknowns.toLocaleString('en')],
    ['ended by', found.stopReason],
  ]);
  byId('notes').replaceChildren(...(found.notes ?? []).map((note) => make('li', {}, note)));
  byId('notes-box').hidden = (found.notes ?? []).length === 0;
  byId('downloads').hidden = false;
  if (matchMedia('(max-width: 60rem)').matches) {
    const smooth = !matchMedia('(prefers-reduced-motion: reduce)').matches;
    byId('solution').scrollIntoView({behavior: smooth ? 'smooth' : 'auto', block: 'start'});
  }
}

function cancelled(seconds) {
  status(`Cancelled after ${secondsText(seconds)}`);
  announce('Cancelled');
}

function failed(error) {
  status('Not solved');
  const field = showError(error);
  announce(`Not solved: ${error.message.split('\n')[0]}`);
  if (field !== undefined) byId(field).focus();
}

/** Begins: the empty picture, the chart, the downloads. */
export function begin() {
  view = new FieldView(byId('view'));
  chart = new LossChart(byId('loss'));
  byId('save-json').addEventListener('click', () => {
    saveAs('solution.json', JSON.stringify(answer), 'application/json');
  });
  byId('save-npy').addEventListener('click', () => {
    const {axes, values} = shownOf(answer);
    saveAs(
      'solution.npy',
      npyOf(
        values,
        axes.map((axis) => axis.values.length),
      ),
      'application/octet-stream',
    );
  });
  byId('save-png').addEventListener('click', () => {
    void view.toPng().then((png) => saveAs('solution.png', png, 'image/png'));
  });
}
