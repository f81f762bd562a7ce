/**
 * Equations of a user's own, without code: conditions on faces, automatic lifts, problem files.
 *
 * @packageDocumentation
 * @module dinf-grid/equation
 */
export type {Case} from '../cases/case';
export type {CaseOptions} from '../cases/case-options';
export type {Assessment, FieldName, OptimizerName} from '../cases/definition';
export type {AssessedArray, AssessedOutputs, AssessedPicture} from '../report/write-outputs';
export {FIELD_NAMES, OPTIMIZER_NAMES} from '../cases/definition';
export {CONSTRAINT_MODES} from '../equation/constraints';
export type {ConstraintMode} from '../equation/constraints';
export type {DomainText} from '../equation/domain-and-names';
export type {EquationProblemOptions} from '../equation/equation';
export type {EquationOptions} from '../equation/equation-options';
export {equation} from '../equation/equation';
export type {ProblemFile} from '../equation/problem-file';
export {readProblemFile} from '../equation/problem-file';
