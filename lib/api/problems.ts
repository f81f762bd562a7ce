/**
 * The built-in problems with their assessment, and ablations of them.
 *
 * @packageDocumentation
 * @module dinf-grid/problems
 */
export type {Ablation, AblationOptions, AblationRun, Row, Trial} from '../ablations/ablation';
export {runAblation} from '../ablations/ablation';
export {ablate, ABLATIONS} from '../ablations';
export {columnsOf, tableCsv, tableText} from '../ablations/table';
export {contactSheet} from '../ablations/pictures';
export type {Case} from '../cases/case';
export type {CaseOptions} from '../cases/case-options';
export type {Assessment, FieldName, OptimizerName, Prepared, PreparedStage} from '../cases/definition';
export {FIELD_NAMES, OPTIMIZER_NAMES} from '../cases/definition';
export type {
  ClothProblemOptions,
  FitProblemOptions,
  HelmholtzProblemOptions,
  PlateProblemOptions,
  PoissonProblemOptions,
  ProblemEntry,
  SdfProblemOptions,
  ZalesakProblemOptions,
} from '../problems/gallery';
export {
  advection,
  advection2d,
  cloth,
  fit,
  heat,
  helmholtz,
  listProblems,
  plate,
  poisson,
  sdf,
  zalesak,
} from '../problems/gallery';
export type {Curve, Series} from '../report/curves';
export type {ReportTable} from '../report/tables';
export type {Figure, Report, ReportEquation, ReportPicture} from '../report/html';
export {renderReport, writeReport} from '../report/html';
export type {AssessedArray, AssessedOutputs, AssessedPicture, OutputSink, SolveReport} from '../report/write-outputs';
export {writeOutputs} from '../report/write-outputs';
