import {DinfError} from '../base/errors';
import {checkList, checkText} from '../base/options';
import {Arena} from './arena';
import type {Operand} from './builders';
import {toExpression} from './builders';
import {totalDerivative} from './differentiate';
import {crossOf, laplacianOf} from './functions';
import type {Expression} from './node';
import {operation} from './node';

function requireCoordinates(coordinates: readonly string[]): void {
  const given = checkList(coordinates, 'the coordinates', checkText);
  if (given.length === 0) throw new DinfError('INVALID_ARGUMENT', 'give the names of the coordinates, such as ["x", "y"]');
}

const checkOperand = (value: unknown): Expression => toExpression(value as Operand);

const sum = (terms: readonly Expression[]): Expression => terms.reduce((a, b) => operation('add', a, b));

/**
 * The total derivative of an expression with respect to a coordinate.
 *
 * @param order 1 by default.
 */
export function d(expression: Operand, coordinate: string, order = 1): Expression {
  return totalDerivative(toExpression(expression), coordinate, order);
}

/** The gradient of an expression: its derivative with respect to each of the coordinates. */
export function grad(expression: Operand, coordinates: readonly string[]): Expression[] {
  requireCoordinates(coordinates);
  const arena = new Arena();
  return coordinates.map((name) => totalDerivative(toExpression(expression), name, 1, arena));
}

/**
 * The divergence of a vector, one component for each coordinate. (A quotient is `divide`.)
 *
 * @throws INVALID_ARGUMENT when there are not as many components as coordinates.
 */
export function div(vector: readonly Operand[], coordinates: readonly string[]): Expression {
  requireCoordinates(coordinates);
  checkList(vector, 'a vector', checkOperand);
  if (vector.length !== coordinates.length) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `a divergence takes a component for each coordinate: ${vector.length} components, ${coordinates.length} coordinates`,
    );
  }
  const arena = new Arena();
  return sum(vector.map((component, i) => totalDerivative(toExpression(component), coordinates[i], 1, arena)));
}

/**
 * The Jacobian matrix of a vector: one row a component, one column a coordinate.
 *
 * @throws INVALID_ARGUMENT without components or coordinates.
 */
export function jacobian(vector: readonly Operand[], coordinates: readonly string[]): Expression[][] {
  checkList(vector, 'a vector', checkOperand);
  if (vector.length === 0) throw new DinfError('INVALID_ARGUMENT', 'a Jacobian takes at least one component');
  return vector.map((component) => grad(component, coordinates));
}

/** The sum of the second derivatives of an expression with respect to the coordinates. */
export function laplacian(expression: Operand, coordinates: readonly string[]): Expression {
  requireCoordinates(coordinates);
  return laplacianOf(toExpression(expression), coordinates, new Arena());
}

/** The Laplacian of the Laplacian. */
export function biharmonic(expression: Operand, coordinates: readonly string[]): Expression {
  return laplacian(laplacian(expression, coordinates), coordinates);
}

/**
 * The inner product of two vectors.
 *
 * @throws INVALID_ARGUMENT when they differ in length, or are empty.
 */
export function dot(a: readonly Operand[], b: readonly Operand[]): Expression {
  for (const vector of [a, b]) checkList(vector, 'a vector', checkOperand);
  if (a.length !== b.length || a.length === 0) {
    throw new DinfError('INVALID_ARGUMENT', `an inner product takes two vectors of one length, not ${a.length} and ${b.length}`);
  }
  return sum(a.map((component, i) => operation('mul', toExpression(component), toExpression(b[i]))));
}

/**
 * The vector product of two vectors in space.
 *
 * @throws INVALID_ARGUMENT unless both have three components.
 */
export function cross(a: readonly Operand[], b: readonly Operand[]): Expression[] {
  for (const vector of [a, b]) checkList(vector, 'a vector', checkOperand);
  if (a.length !== 3 || b.length !== 3) {
    throw new DinfError(
      'INVALID_ARGUMENT',
      `a vector product takes two vectors of 3 components, not ${a.length} and ${b.length}`,
    );
  }
  return crossOf(a.map(toExpression), b.map(toExpression));
}
