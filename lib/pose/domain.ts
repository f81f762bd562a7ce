import {DinfError} from '../base/errors';
import type {ProblemSpec} from './problem-spec';

/**
 * Makes sure that axes span a box of 1, 2 or 3 coordinates.
 *
 * @param caller begins the messages, such as `problem: `. Default: nothing.
 * @returns the axes.
 * @throws DinfError INVALID_ARGUMENT for an axis that is empty or named twice, or another number of them
 */
export function checkDomain(axes: ProblemSpec['domain'], caller = ''): ProblemSpec['domain'] {
  if (axes.length < 1 || axes.length > 3) throw tooManyAxes(axes.length, caller);
  for (const {name, lower, upper} of axes) {
    if (lower < upper) continue;
    throw new DinfError(
      'INVALID_ARGUMENT',
      `${caller}the domain is empty: ${name} runs from ${lower} to ${upper}; give it a lower bound below its upper one`,
    );
  }
  const twice = axes.find(({name}, k) => axes.findIndex((other) => other.name === name) !== k);
  if (twice !== undefined) throw new DinfError('INVALID_ARGUMENT', `${caller}the domain names ${twice.name} twice`);
  return axes;
}

/** The error of a domain of too many coordinates, or none. */
export function tooManyAxes(count: number, caller = ''): DinfError {
  return new DinfError('INVALID_ARGUMENT', `${caller}a domain has 1, 2 or 3 coordinates, and this one has ${count}`);
}
