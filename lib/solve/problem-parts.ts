/** Problems that fall into parts: where no equation couples two unknowns of a grid, each is a least-squares problem of its own. */
import {leavesOf} from '../expression/substitute';
import type {FieldSpec, ProblemSpec, TermSpec} from '../pose/problem-spec';
import {gridCells} from '../pose/problem-spec';
import type {Samples} from '../pose/sampling';

/** Some unknowns of a problem, and the equations that they occur in. */
export interface ProblemPart {
  /** The same problem with no other unknowns; its terms are the same, in name, samples and order. */
  readonly spec: ProblemSpec;
  /** Numbers of its unknowns among those of the whole. */
  readonly outputs: readonly number[];
}

/**
 * The parts of a problem whose field is one grid with a linear decoder: its unknowns that no equation couples. Least squares finds the same
 * field for the parts, one after another, as for the whole.
 *
 * @returns in the order of their first unknowns; one alone where the problem does not fall apart.
 */
export function partsOf(spec: ProblemSpec): readonly ProblemPart[] {
  const whole: ProblemPart = {spec, outputs: spec.fields[0].unknowns.map((_, i) => i)};
  const [field] = spec.fields;
  const simple =
    spec.fields.length === 1 &&
    field.decoder?.type === 'linear' &&
    Object.keys(spec.lift).length === 0 &&
    Object.keys(spec.scalars).length === 0 &&
    // What is drawn depends on the number of a term, and its equations share the draw.
    spec.terms.every(({samples}) => isFixed(samples));
  if (!simple) return [whole];
  const read = spec.terms.map((term) => term.equations.map(({residual}) => unknownsOf(residual)));
  const groups = coupled(field.unknowns, read.flat());
  const parts = groups.map((names) => ({
    spec: {...spec, fields: [fieldOf(field, names)], terms: spec.terms.map((term, t) => termOf(term, read[t], names))},
    outputs: names.map((name) => field.unknowns.indexOf(name)),
  }));
  // A term that some part does not have would change the number of those behind it.
  return parts.every((part) => part.spec.terms.every(({equations}) => equations.length > 0)) ? parts : [whole];
}

/** Unknowns of the least-squares problem of a grid: nodes of all levels, one value an unknown of the field. */
export function foldedUnknowns({fields: [field], domain}: ProblemSpec): number {
  if (field.grid === undefined) return 0;
  const cells = gridCells(field.grid, domain.length);
  let nodes = 0;
  for (let level = 0; level < field.grid.levels; level++) nodes += cells.reduce((product, n) => (product * n) / 2 ** level, 1);
  return nodes * field.unknowns.length;
}

const isFixed = (samples: Samples): boolean => samples.kind === 'gauss' || ('draws' in samples && samples.draws === 0);

const unknownsOf = (residual: TermSpec['equations'][number]['residual']): string[] =>
  leavesOf(residual).flatMap((leaf) => (leaf.kind === 'derivative' ? [leaf.unknown] : []));

/** The names in groups: two that occur together are in one. */
function coupled(names: readonly string[], occurrences: readonly (readonly string[])[]): string[][] {
  const group = new Map(names.map((name) => [name, name]));
  for (const [first, ...others] of occurrences) {
    for (const other of others) {
      const [from, to] = [group.get(other), group.get(first)];
      for (const [name, of] of group) if (of === from) group.set(name, to!);
    }
  }
  const representatives = [...new Set(group.values())];
  return representatives.map((of) => names.filter((name) => group.get(name) === of));
}

/** The grid for some of its unknowns. Features are multiplied into the unknowns before least squares begins, so one is as good as many. */
function fieldOf(field: FieldSpec, unknowns: readonly string[]): FieldSpec {
  if (field.grid === undefined) return field;
  return {...field, unknowns, grid: {...field.grid, features: 1}};
}

/** The equations of a term that read some unknowns, and the data that they read. */
function termOf(term: TermSpec, read: readonly (readonly string[])[], unknowns: readonly string[]): TermSpec {
  const equations = term.equations.filter((_, e) => read[e].some((name) => unknowns.includes(name)));
  const channels = equations.flatMap(({residual}) =>
    leavesOf(residual).flatMap((leaf) => (leaf.kind === 'data' ? [leaf.name] : [])),
  );
  return {...term, equations, data: Object.fromEntries(Object.entries(term.data).filter(([name]) => channels.includes(name)))};
}
