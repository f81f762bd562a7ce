/** The expression language: building, reading, differentiating and printing scalar expressions. */
export type {
  ConstantNode,
  CoordinateNode,
  DataNode,
  DerivativeNode,
  Expression,
  InputNode,
  LeafNode,
  OperationNode,
  ScalarNode,
  UniformNode,
} from './node';
export {constant, coordinate, data, derivative, isExpression, scalar, uniform} from './node';
export type {Binary, Operand, Unary} from './builders';
export {
  abs,
  acos,
  add,
  asin,
  atan,
  atan2,
  cos,
  cosh,
  divide,
  equal,
  exp,
  greater,
  greaterOrEqual,
  hypot,
  less,
  lessOrEqual,
  log,
  max,
  min,
  mul,
  neg,
  norm,
  pow,
  sign,
  sin,
  sinh,
  sqrt,
  sub,
  tan,
  tanh,
  toExpression,
  where,
} from './builders';
export * as complex from './complex';
export {biharmonic, cross, d, div, dot, grad, jacobian, laplacian} from './vector';
export type {Scope, SymbolTable} from './scope';
export {symbols} from './scope';
export type {Arena} from './arena';
export type {BinaryFunction, Comparison, Operator, UnaryFunction} from './operators';
export type {ParseInput, Value} from './parse';
export {parse} from './parse';
export type {Equation, EquationSides, EquationSource, EquationValue} from './equation';
export {eq, equationText, isEquation, resolve, resolveSides} from './equation';
export {totalDerivative} from './differentiate';
export {checkOrder, substitute} from './substitute';
export type {TextOptions} from './print';
export {toText} from './print';
export {equationLatex, toLatex} from './latex';
export {evaluateExpression} from './interpret';
