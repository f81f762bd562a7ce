/** Checkpoints that came as values, such as those that a program has kept or passed on. */
import {
  checkChoice,
  checkFlag,
  checkInteger,
  checkList,
  checkNumbers,
  checkParts,
  checkRecord,
  checkText,
  wrong,
} from '../../base/options';
import type {Check} from '../../base/options';
import type {ParameterBlock} from '../../native';
import {checkOptimizer} from '../../optimizers';
import {Problem} from '../../pose/problem';
import {DTYPES, STOP_REASONS} from '../../schema';
import type {LossCurve, PartPosition, Position, Standing} from '../schedule';
import type {Checkpoint} from './checkpoint';

/**
 * A checkpoint that came from outside. What it holds is looked at as far as its kind; whether it fits a problem is seen where it is applied.
 *
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, NON_FINITE
 */
export const checkCheckpoint: Check<Checkpoint> = (value, name) => {
  const expected = 'the file of a saved field, a checkpoint or a solution';
  if (typeof value !== 'object' || value === null || !(checkRecord(value, name).problem instanceof Problem))
    throw wrong(name, expected, value);
  return checkParts<Checkpoint>(value, name, {
    problem: (one) => one as Problem,
    device: checkText,
    dtype: (one, place) => checkChoice(one, place, DTYPES),
    seed: (one, place) => checkInteger(one, place, 0),
    folded: checkFlag,
    blocks: (list, place) => checkList(list, place, checkBlock),
    parameters: checkNumbers,
    uniforms: checkNumbers,
    standing: checkStanding,
    version: checkText,
    origin: checkText,
  });
};

const checkBlock: Check<ParameterBlock> = (value, name) =>
  checkParts<ParameterBlock>(value, name, {
    name: checkText,
    shape: (shape, place) => checkList(shape, place, (extent, at) => checkInteger(extent, at, 0)),
  });

/** A number of a solve that may have diverged. */
const checkReal: Check<number> = (value, name) => {
  if (typeof value === 'number') return value;
  throw wrong(name, 'a number', value);
};

const checkStanding: Check<Standing> = (value, name) =>
  checkParts<Standing>(value, name, {
    schedule: (list, place) => checkList(list, place, checkOptimizer),
    position: checkPosition,
    stopReason: (one, place) => checkChoice(one, place, STOP_REASONS),
    message: checkText,
    iterations: (one, place) => checkInteger(one, place, 0),
    seconds: checkReal,
    loss: checkReal,
    unknowns: (one, place) => checkInteger(one, place, 0),
    losses: checkCurve,
    optimizer: (one, place) => (one === null ? null : checkState(one, place)),
  });

const checkPosition: Check<Position> = (value, name) => {
  const {parts, ...rest} = checkRecord(value, name);
  return {
    ...checkParts<Omit<Position, 'parts'>>(rest, name, {
      stage: (one, place) => checkInteger(one, place, 0),
      iterations: (one, place) => checkInteger(one, place, 0),
      complete: checkFlag,
    }),
    ...(parts !== undefined && {parts: checkList(parts, `${name}: parts`, checkPartPosition)}),
  };
};

const checkPartPosition: Check<PartPosition> = (value, name) =>
  checkParts<PartPosition>(value, name, {
    iterations: (one, place) => checkInteger(one, place, 0),
    complete: checkFlag,
    loss: checkReal,
  });

/** Losses may be anything: those of a solve that diverged are. */
const checkCurve: Check<LossCurve> = (value, name) => {
  const {iteration, loss} = checkRecord(value, name);
  const ok = isVector(iteration) && isVector(loss) && iteration.length === loss.length;
  if (!ok) throw wrong(name, 'two arrays of one length, iteration and loss', value);
  return {iteration, loss};
};

const checkState: Check<NonNullable<Standing['optimizer']>> = (value, name) =>
  checkParts<NonNullable<Standing['optimizer']>>(value, name, {
    iteration: (one, place) => checkInteger(one, place, 1),
    bestMean: (one, place) => (one === null ? null : checkReal(one, place)),
    windowSum: checkReal,
    windowCount: (one, place) => checkInteger(one, place, 0),
    first: checkVector,
    second: checkVector,
    best: checkVector,
    current: (one, place) => (one === null ? null : checkVector(one, place)),
  });

const checkVector: Check<Float64Array> = (value, name) => {
  if (isVector(value)) return value;
  throw wrong(name, 'a Float64Array', value);
};

/** Of whatever realm. */
const isVector = (value: unknown): value is Float64Array => Object.prototype.toString.call(value) === '[object Float64Array]';
