export interface Variation {
  readonly uniforms?: Readonly<Record<string, number>> | undefined;
  readonly data?: Readonly<Record<string, Readonly<Record<string, ArrayLike<number>>>>> | undefined;
  readonly seed?: number | undefined;
}
export interface VariationSolution {
  readonly index: number;
}
