/**
 * Differential equations with neural fields on differentiable feature grids: posing and solving a problem, its solution, expressions,
 * checkpoints, and what this machine has to solve on.
 *
 * @packageDocumentation
 * @module dinf-grid
 */
export {DinfError} from './base/errors';
export type {DinfErrorCode} from './base/errors';
export * from './expression'; // names there are listed one by one
export type {Kernel} from './pose/kernel';
export {bspline, gaussian, hat, inverseMultiquadric, inverseQuadratic, KERNEL_SYNTAX, parseKernel} from './pose/kernel';
export {EDGES} from './pose/field';
export type {
  ActivationName,
  Decoder,
  Edge,
  Field,
  Grid,
  GridOptions,
  Knots,
  Network,
  PinnOptions,
  SirenOptions,
} from './pose/field';
export {linearDecoder, mlpDecoder, pinn, rbfGrid, siren} from './pose/field';
export type {Samples} from './pose/sampling';
export {gauss, lattice, linspace, points, stratified} from './pose/sampling';
export type {Adam, GaussNewton, HeldNodes, InnerName, Lbfgs, Optimizer, StageValues} from './optimizers';
export type {LeastSquaresOptions} from './optimizers/least-squares';
export type {StageOptions} from './optimizers/stage';
export {adam, gaussNewton, lbfgs, leastSquares} from './optimizers';
export type {ProblemOptions, ProblemSymbols, SymbolName} from './pose/problem';
export type {Term, TermOptions} from './pose/term';
export type {ComputedData, TermData} from './pose/term-data';
export type {
  EquationSpec,
  ExpressionSpec,
  FieldSpec,
  GridField,
  Loss,
  NetworkField,
  ProblemSpec,
  TermSpec,
} from './pose/problem-spec';
export {Problem, problem} from './pose/problem';
export {term} from './pose/term';
export type {Checkpoint} from './solve/checkpoint/checkpoint';
export {readCheckpoint} from './solve/checkpoint/checkpoint';
export {loadSolution} from './solve/load';
export type {Device} from './devices';
export type {Info} from './devices/info';
export {info} from './devices/info';
export type {FieldListener, FieldSoFar, Progress, Repeat, SolveOptions} from './solve/solve';
export {Solve, solve} from './solve/solve';
export type {ManyEvaluation, SolveManyOptions} from './many/solve-many-options';
export {ManySolver} from './many/many-solver';
export {ManySolve} from './many/many-solve';
export {solveMany} from './many/solve-many';
export type {Variation} from './many/variation';
export {VariationSolution} from './many/variation-solution';
export type {ExpressionText, StopReason} from './solve/solution';
export type {LossCurve, Outcome, PartPosition, Position, Standing} from './solve/schedule';
export type {InnerChoice, OptimizerState, ParameterBlock} from './native';
export type {ErrorEstimate} from './solve/error-estimate';
export {Solution} from './solve/solution';
export type {PartView, ProgressView} from './report/progress';
export {partView, progressView} from './report/progress';
