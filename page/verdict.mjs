// What is to be thought of a result, in words: no better than it is.
import {make} from './dom.mjs';
import {numberText} from './numbers.mjs';

/** The estimate of an answer, whether it came as an object or as its size alone. */
export function estimateOf({errorEstimate, met}) {
  const found = typeof errorEstimate === 'object' && errorEstimate !== null ? errorEstimate : {relativeL2: errorEstimate ?? null};
  return {relativeL2: null, max: null, tolerance: null, how: '', met: met ?? null, ...found};
}

/**
 * The judgement of a result.
 *
 * @returns {{kind: 'good' | 'bad' | 'none', short: string, text: string, why: string}}
 */
export function judgement(solution) {
  const {relativeL2, tolerance, met, how} = estimateOf(solution);
  const size = relativeL2 === null ? 'no error estimate' : `estimated relative error ${numberText(relativeL2, 2)}`;
  const wanted = tolerance === null ? '' : `; ${numberText(tolerance, 2)} was wanted`;
  if (solution.stopReason === 'diverged') {
    return {
      kind: 'bad',
      short: 'Diverged',
      text: 'the solve broke down; what is shown is no solution',
      why: solution.message ?? how,
    };
  }
  if (solution.stopReason === 'aborted') {
    return {kind: 'bad', short: 'Stopped early', text: 'the time was over; this is what there was by then', why: how};
  }
  if (met === true) return {kind: 'good', short: 'Met', text: `${size}${wanted}`, why: how};
  if (met === false) return {kind: 'bad', short: 'Not resolved', text: `${size}${wanted}`, why: how};
  return {kind: 'none', short: 'No error estimate', text: 'nothing says how far this is from the answer', why: how};
}

/** The judgement as elements. */
export function showJudgement(element, solution) {
  const {kind, short, text, why} = judgement(solution);
  element.className = `verdict ${kind}`;
  element.replaceChildren(make('strong', {}, short), make('span', {}, text));
  if (why !== '') element.append(make('small', {}, why));
  element.hidden = false;
}

/** Pairs of names and texts as a list. */
export function showFacts(list, facts) {
  list.replaceChildren(
    ...facts
      .filter(([, text]) => text !== undefined)
      .flatMap(([name, text]) => [make('dt', {}, name), make('dd', {}, String(text))]),
  );
}
