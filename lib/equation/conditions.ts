/** Conditions as a user writes them: `FACE[|FACE...]: EQUATION`, on the faces of a box. */
import {DinfError} from '../base/errors';
import {shortened} from '../base/shown';
import {closest} from '../base/spelling';
import {readNumber} from './ranges';

/** A coordinate with its bounds. */
export interface BoxAxis {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
}

/** One face of a box: where a coordinate is at one of its bounds. */
export interface Face {
  readonly axis: number;
  readonly side: 'lower' | 'upper';
}

/** A condition as `FACE[|FACE...]: EQUATION` says it. */
export interface Condition {
  readonly text: string;
  readonly faces: readonly Face[];
  readonly equation: string;
}

/** `x=0`, as a condition names a face. */
export function faceName({axis, side}: Face, box: readonly BoxAxis[]): string {
  return `${box[axis].name}=${box[axis][side]}`;
}

/**
 * Reads `FACE[|FACE...]: EQUATION`, a FACE being COORDINATE=BOUND.
 *
 * @throws INVALID_ARGUMENT for a coordinate that does not exist or a value that is no bound; SYNTAX
 */
export function readCondition(text: string, box: readonly BoxAxis[]): Condition {
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw new DinfError(
      'SYNTAX',
      `the condition "${shortened(text)}" has no colon: write FACE: EQUATION, such as "x=0|x=1: u=0"`,
    );
  }
  const equation = text.slice(colon + 1).trim();
  if (equation === '') throw new DinfError('SYNTAX', `the condition "${shortened(text)}" ends where its equation is expected`);
  const parts = text.slice(0, colon).split('|');
  if (parts.length > 2 * box.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `the condition "${shortened(text)}" names ${parts.length} faces, and the domain has ${2 * box.length}: name each once`,
    );
  }
  return {text, faces: parts.map((face) => readFace(face.trim(), box, text)), equation};
}

function readFace(text: string, box: readonly BoxAxis[], condition: string): Face {
  const [, name, bound] = (/^([\p{L}_][\p{L}0-9_]*)\s*=(?!=)(.+)$/su.exec(text) ?? []) as (string | undefined)[];
  if (name === undefined || bound === undefined) {
    throw new DinfError(
      'SYNTAX',
      `in the condition "${shortened(condition)}", "${shortened(text)}" is no face: write COORDINATE=BOUND, such as x=0`,
    );
  }
  const axis = box.findIndex((candidate) => candidate.name === name);
  if (axis < 0) {
    const names = box.map((candidate) => candidate.name);
    const near = closest(name, names);
    throw new DinfError(
      'INVALID_ARGUMENT',
      `in the condition "${shortened(condition)}", ${name} is no coordinate${near === undefined ? '.' : `; did you mean ${near}?`} ` +
        `The coordinates are ${names.join(', ')}`,
    );
  }
  const {lower, upper} = box[axis];
  const value = readNumber(bound, `in the condition "${shortened(condition)}", ${name}`);
  const near = (other: number): boolean => Math.abs(value - other) <= 1e-12 * (upper - lower);
  if (near(lower)) return {axis, side: 'lower'};
  if (near(upper)) return {axis, side: 'upper'};
  throw new DinfError(
    'INVALID_ARGUMENT',
    `in the condition "${shortened(condition)}", ${name}=${shortened(bound.trim())} is no face of the domain: ${name} is bounded by ${lower} and ${upper}; ` +
      `write ${name}=${lower} or ${name}=${upper}`,
  );
}
