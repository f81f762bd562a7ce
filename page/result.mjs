// The answer of a solve as numbers that are drawn and compared.

/**
 * Axes and values of an answer; what JSON has as null is no number.
 *
 * @param {{axes: Record<string, number[]>, values: Record<string, (number | null)[]>}} answer
 */
export function shownOf({axes, values}) {
  return {
    axes: Object.entries(axes).map(([name, places]) => ({name, values: places})),
    values: Object.fromEntries(
      Object.entries(values).map(([name, list]) => [name, Float64Array.from(list, (value) => value ?? NaN)]),
    ),
  };
}

/** Known answers by unknown, from a text such as `sin(x)` or `u=sin(x); v=cos(x)`. @returns {[string, string][]} */
function knownAnswers(exact, unknowns) {
  if (typeof exact === 'object') return Object.entries(exact);
  const parts = exact
    .split(';')
    .map((part) => /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*=(?!=)(.*)$/su.exec(part))
    .map((found) => (found === null ? undefined : [found[1], found[2].trim()]));
  if (parts.every((part) => part !== undefined)) return parts;
  return unknowns.length === 1 ? [[unknowns[0], exact]] : [];
}

/**
 * What is asked to be evaluated: the unknowns, the residual, and how far they are from a known answer.
 *
 * @param {any} problem keys of a problem file, or undefined for a system
 * @param {string[]} unknowns
 */
export function expressionsOf(problem, unknowns) {
  if (problem?.exact === undefined || unknowns.length === 0) return {expressions: undefined, labels: {}, errors: []};
  const answers = knownAnswers(problem.exact, unknowns).filter(([unknown]) => unknowns.includes(unknown));
  const errors = answers.map(([unknown, answer]) => ({unknown, text: `${unknown} - (${answer})`}));
  return {
    expressions: [...unknowns, 'residual', ...errors.map(({text}) => text)],
    labels: Object.fromEntries(errors.map(({unknown, text}) => [text, `error of ${unknown}`])),
    errors,
  };
}

/** ‖a − b‖ / ‖b‖ over all places of the named expressions. */
export function relativeDifference(a, b, names) {
  let [difference, size] = [0, 0];
  for (const name of names) {
    for (let i = 0; i < b[name].length; i++) {
      difference += (a[name][i] - b[name][i]) ** 2;
      size += b[name][i] ** 2;
    }
  }
  return Math.sqrt(difference / size);
}
