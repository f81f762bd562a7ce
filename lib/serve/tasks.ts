/** What the threads that pose and solve are told, and what they tell: plain values that are copied from thread to thread. */
import type {Progress} from '../solve/solve';
import type {PosedStructure, StructureBody} from './structure-task';

/** What is to be solved: equations, or one of the built-in problems by name. */
export interface Subject {
  /** The keys of a problem file. */
  readonly problem?: Readonly<Record<string, unknown>> | undefined;
  readonly system?: {readonly name: string; readonly options?: Readonly<Record<string, unknown>> | undefined} | undefined;
}

/** Sizes above which a problem is not begun. */
export interface SizeLimits {
  /** Unknowns of the first grid. */
  readonly unknowns: number;
  /** Samples of all terms. */
  readonly samples: number;
  /** Values of an answer: points of the grid, for each expression. */
  readonly values: number;
}

export interface DescribeTask extends Subject {
  readonly kind: 'describe';
}

export interface SolveTask extends Subject {
  readonly kind: 'solve';
  readonly grid?: readonly number[] | undefined;
  readonly expressions?: readonly string[] | undefined;
  readonly dtype?: 'float32' | 'float64' | undefined;
  readonly seed?: number | undefined;
  readonly maxSeconds: number;
  readonly threads: number;
  /** Bytes that it may hold. */
  readonly bytes: number;
  readonly limits: SizeLimits;
  readonly format: 'json' | 'npy';
  /** Whether whoever asked wants to see the field on the way. */
  readonly previews: boolean;
  /** Folder of the states that the end of the service leaves. */
  readonly states?: string | undefined;
}

/** How far a solve has come, and the latest relative error that is known of a field of it. */
export interface Told extends Progress {
  readonly errorEstimate: number | null;
}

/** A structure that is to be posed and compiled. */
export interface StructureTask {
  readonly kind: 'structure';
  readonly body: StructureBody;
  readonly limits: SizeLimits;
}

export type Task = DescribeTask | SolveTask | StructureTask;

/** What a task is answered with. */
export type AnswerTo<T extends Task> = T extends StructureTask ? PosedStructure : Answer;

/** What was found: bytes that go out as they are. */
export interface Answer {
  readonly body: Uint8Array;
  /** What is to be known of an array: JSON without its values. */
  readonly head?: string | undefined;
  /** Whether something of the task still runs: its thread is of no more use. */
  readonly spent?: boolean | undefined;
}

/** To the thread. */
export type Order = {readonly task: Task} | {readonly abort: {readonly note: string | undefined; readonly keep: boolean}};

/** From the thread. `posed`: the texts are read and compiled, and the solve begins. */
export type News =
  | {readonly posed: true}
  | {readonly progress: Told}
  | {readonly field: Uint8Array<ArrayBuffer>}
  | {readonly answer: Answer | PosedStructure}
  | {readonly error: {readonly code: string | undefined; readonly message: string}};
