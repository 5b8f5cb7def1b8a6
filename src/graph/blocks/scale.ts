/** Factors and bounds that some models put on their hidden states and scores. */
import type { GraphBuilder, Value } from '../graph-builder';

/** `x · factor`; `x` itself where the factor is one. */
export function scaled(g: GraphBuilder, x: Value, factor: number, name: string): Value {
  return factor === 1 ? x : g.node('Mul', name, [x, g.float32([factor], [])]);
}

/** `cap · tanh(x / cap)`. */
export function softcapped(g: GraphBuilder, x: Value, cap: number, name: string): Value {
  const low = g.node('Tanh', `${name}.tanh`, [scaled(g, x, 1 / cap, `${name}.divided`)]);
  return scaled(g, low, cap, name);
}
