/** The gate of a gated feed-forward layer (Shazeer, 2020). */
import { MICROSOFT } from '../graph-builder';
import type { GraphBuilder, Value } from '../graph-builder';

/** `[rows, 2 · width]`, gate beside value → `silu(gate) · value`, `[rows, width]`. */
export function siluGate(g: GraphBuilder, gateUp: Value, name: string): Value {
  const [gate, up] = g.nodes('Split', [`${name}.gate`, `${name}.up`], [gateUp], {
    attributes: { axis: { int: -1 }, num_outputs: { int: 2 } },
  });
  // x · sigmoid(α x) in one node; with α = 1 it is the SiLU.
  const open = g.node('QuickGelu', `${name}.silu`, [gate], {
    domain: MICROSOFT,
    attributes: { alpha: { float: 1 } },
  });
  return g.node('Mul', `${name}.gated`, [open, up]);
}
