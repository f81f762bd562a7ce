/** What makes two problems one structure: everything but the values of uniforms and of data. */
import {createHash} from 'node:crypto';
import type {ProblemSpec} from '../pose/problem-spec';

/** Keys of problems that were asked for before. */
const KNOWN = new WeakMap<ProblemSpec, string>();

/** Tells structures apart: equal texts, equal keys. */
export function structureKey(spec: ProblemSpec): string {
  let key = KNOWN.get(spec);
  if (key === undefined) KNOWN.set(spec, (key = digest(structureOf(spec))));
  return key;
}

/** A key of a structure and how it is solved. */
export function keyWith(spec: ProblemSpec, options: Readonly<Record<string, unknown>>): string {
  return `${structureKey(spec)} ${digest(options)}`;
}

function structureOf({domain, fields, uniforms, scalars, lift, terms}: ProblemSpec): unknown {
  return {
    ...{domain, fields, scalars},
    uniforms: Object.keys(uniforms),
    lift: Object.entries(lift).map(([name, {text}]) => [name, text]),
    terms: terms.map(({name, samples, equations, loss, delta, weight, data}) => ({
      ...{name, samples, loss, delta, weight},
      equations: equations.map(({text}) => text),
      data: Object.entries(data).map(([channel, {length}]) => [channel, length]),
    })),
  };
}

/** SHA-256 of a value as JSON with sorted names; arrays of numbers by their bytes. */
function digest(value: unknown): string {
  const hash = createHash('sha256');
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (ArrayBuffer.isView(one)) {
      const bytes = new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
      return {bytes: createHash('sha256').update(bytes).digest('hex')};
    }
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return hash.update(text).digest('hex');
}
