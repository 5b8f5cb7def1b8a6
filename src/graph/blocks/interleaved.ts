/** Projections that keep the query, key and value of one head together, head after head. */
import type { GraphBuilder, Value } from '../graph-builder';

/**
 * `[rows, heads · 3 · headDim]` → `[rows, 3 · heads · headDim]`: all queries, then all keys, then
 * all values. Done to what the projection gives rather than to its weights, so that an adapter
 * trained on them still fits.
 */
export function apart(
  g: GraphBuilder,
  qkv: Value,
  { heads, headDim }: { readonly heads: number; readonly headDim: number },
  name: string,
): Value {
  const byHead = g.node('Reshape', `${name}.heads`, [qkv, g.int64([-1, heads, 3, headDim])]);
  const byKind = g.node('Transpose', `${name}.kinds`, [byHead], {
    attributes: { perm: { ints: [0, 2, 1, 3] } },
  });
  return g.node('Reshape', `${name}.apart`, [byKind, g.int64([-1, 3 * heads * headDim])]);
}
