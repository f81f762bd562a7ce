import type {Steps} from '../base/steps';
import type {Arena} from '../expression/arena';
import type {Expression} from '../expression/node';
import {constant, operation} from '../expression/node';
import {bindSteps} from '../expression/substitute';
import type {ProblemSpec} from '../pose/problem-spec';
import type {JetSets} from './jets';
import {jetSetsOf} from './jets';
import type {JetInput} from './program-inputs';
import {inputNode} from './program-inputs';

/** Turns the leaves of a user's expressions into program inputs, and remembers which jets were asked for. */
export class LeafBinder {
  private readonly jets: JetInput[] = [];
  private readonly coordinates: ReadonlyMap<string, number>;
  private readonly uniforms: ReadonlyMap<string, number>;
  private readonly scalars: ReadonlyMap<string, number>;
  private readonly channels: ReadonlyMap<string, number>;
  private readonly unknowns = new Map<string, {readonly field: number; readonly output: number}>();

  /** @param channels names of the per-sample data, in the order of the native channels. */
  constructor(
    private readonly spec: ProblemSpec,
    channels: readonly string[],
  ) {
    const numbered = (names: readonly string[]): Map<string, number> => new Map(names.map((name, i) => [name, i]));
    this.coordinates = numbered(spec.domain.map(({name}) => name));
    this.uniforms = numbered(Object.keys(spec.uniforms));
    this.scalars = numbered(Object.keys(spec.scalars));
    this.channels = numbered(channels);
    spec.fields.forEach(({unknowns}, field) => {
      unknowns.forEach((name, output) => this.unknowns.set(name, {field, output}));
    });
  }

  /** An expression over program inputs, from one whose unknowns are replaced by their lifts. */
  *bind(lifted: Expression, arena: Arena): Steps<Expression> {
    return yield* bindSteps(
      lifted,
      (leaf) => {
        switch (leaf.kind) {
          case 'coordinate':
            return inputNode({kind: 'coordinate', index: this.coordinates.get(leaf.name)!});
          case 'derivative':
            return this.jet(leaf.unknown, leaf.orders);
          case 'data':
            return inputNode({kind: 'channel', index: this.channels.get(leaf.name)!});
          case 'uniform':
            return inputNode({kind: 'uniform', index: this.uniforms.get(leaf.name)!});
          case 'scalar':
            return inputNode({kind: 'scalar', index: this.scalars.get(leaf.name)!});
        }
      },
      arena,
    );
  }

  /** The planes of each field that all expressions bound so far ask for. */
  jetSets(): JetSets {
    return jetSetsOf(this.spec.fields, this.spec.domain.length, this.jets);
  }

  /** Jets are Taylor coefficients in the unit box: ∂^α u = α! · jet / Π (upper − lower)^α, computed here in float64. */
  private jet(unknown: string, orders: Readonly<Record<string, number>>): Expression {
    const {field, output} = this.unknowns.get(unknown)!;
    const alpha = this.spec.domain.map((axis) => (Object.hasOwn(orders, axis.name) ? orders[axis.name] : 0));
    let scale = 1;
    this.spec.domain.forEach((axis, k) => {
      for (let i = 1; i <= alpha[k]; i++) scale *= i / (axis.upper - axis.lower);
    });
    const jet: JetInput = {kind: 'jet', field, output, alpha};
    this.jets.push(jet);
    const leaf = inputNode(jet);
    return scale === 1 ? leaf : operation('mul', constant(scale), leaf);
  }
}
