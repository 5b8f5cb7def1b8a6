/** The gate of a gated feed-forward layer (Shazeer, 2020). */
import type { GraphBuilder, Value } from '../graph-builder';
import { activate } from './activation';
import type { Activation } from './activation';

/** `[rows, 2 · width]`, gate beside value → `activation(gate) · value`, `[rows, width]`. */
export function gated(g: GraphBuilder, gateUp: Value, activation: Activation, name: string): Value {
  const [gate, up] = g.nodes('Split', [`${name}.gate`, `${name}.up`], [gateUp], {
    attributes: { axis: { int: -1 }, num_outputs: { int: 2 } },
  });
  const open = activate(g, gate, activation, `${name}.open`);
  return g.node('Mul', `${name}.gated`, [open, up]);
}
