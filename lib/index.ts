/**
 * dinf-grid: differential equations with neural fields on differentiable feature grids.
 *
 * @packageDocumentation
 */
export {DinfError} from './errors';
export type {DinfErrorCode} from './errors';
export * from './expression';
export type {Kernel} from './kernel';
export {bspline, gaussian, hat, inverseMultiquadric, inverseQuadratic, parseKernel} from './kernel';
export type {ActivationName, Decoder, Edge, Field, Grid, GridOptions, Network, PinnOptions, SirenOptions} from './field';
export {linearDecoder, mlpDecoder, pinn, rbfGrid, siren} from './field';
export type {Samples} from './sampling';
export {gauss, lattice, linspace, points, stratified} from './sampling';
export type {Adam, GaussNewton, Lbfgs, Optimizer, StageValues} from './optimizers';
export {adam, gaussNewton, lbfgs, leastSquares} from './optimizers';
export type {ProblemOptions, ProblemSymbols, Term, TermOptions} from './problem';
export type {FieldSpec, GridField, Loss, NetworkField, ProblemSpec, TermSpec} from './problem-spec';
export {interior, Problem, problem, term} from './problem';
export type {Checkpoint} from './checkpoint/checkpoint';
export {readCheckpoint} from './checkpoint/checkpoint';
export {loadSolution} from './checkpoint/load';
export type {Device} from './device';
export type {Progress, Repeat, SolveOptions} from './solve';
export {Solve, solve} from './solve';
export type {StopReason} from './solution';
export type {LossCurve, Outcome, Position, Standing} from './schedule';
export type {OptimizerState, ParameterBlock} from './native';
export {Solution} from './solution';
