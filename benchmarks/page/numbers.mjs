// How the page writes numbers, and which lines it takes.

/** Two significant digits, in powers of ten where that is shorter; null stays. */
export const small = (value) =>
  value === null || value === undefined
    ? null
    : value === 0
      ? '0'
      : value.toExponential(1).replace('e-', 'e−').replace('e+', 'e');

export const seconds = (value) => {
  if (value === null || value === undefined) return null;
  if (value < 1e-3) return `${Number((1e6 * value).toPrecision(2))} µs`;
  if (value < 1) return `${Number((1e3 * value).toPrecision(3))} ms`;
  return `${value < 100 ? Number(value.toPrecision(3)) : Math.round(value)} s`;
};

/** A median with what its repeats spread over, such as `2.1 s (2 to 2.4)`. */
export const spreadOf = ({median, min, max, count}, write = seconds) =>
  count > 1 ? `${write(median)} (${write(min)} to ${write(max)})` : write(median);

/** The newest line of each case, in the order in which cases came first. */
export function newest(lines, keyOf = (line) => line.case) {
  const found = new Map();
  for (const line of lines) {
    const key = keyOf(line);
    found.set(key, line);
  }
  return [...found.values()];
}

/** On which machines and commits lines were measured, as a sentence. */
export function where(lines) {
  const of = (pick) => [...new Set(lines.map(pick))].join('; ');
  const machines = of(
    ({machine}) =>
      `${machine.cores} cores of an ${machine.cpu} (${machine.instructionSet}), ${machine.memoryGiB} GiB, Node ${machine.node}` +
      (machine.gpus ? `, ${machine.gpus.join(', ')}` : ''),
  );
  return `Measured on ${machines}; ${of(({date}) => date)}; commits ${of(({machine}) => machine.commit)}.`;
}
