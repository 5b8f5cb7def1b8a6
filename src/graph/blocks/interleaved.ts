/** Projections that keep together the queries of one head, or of a group, with their key and value. */
import type { GraphBuilder, Value } from '../graph-builder';
import type { HeadShape, QueryKeyValue } from './attention';

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

/**
 * The same for groups of queries with one key and one value each: `[rows, kvHeads · (group + 2) ·
 * headDim]`, the group's queries first.
 */
export function apartByGroup(
  g: GraphBuilder,
  qkv: Value,
  { heads, kvHeads, headDim }: HeadShape,
  name: string,
): QueryKeyValue {
  const group = heads / kvHeads;
  const shape = g.int64([-1, kvHeads, group + 2, headDim]);
  const [queries, keys, values] = g.nodes(
    'Split',
    [`${name}.queries`, `${name}.keys`, `${name}.values`],
    [g.node('Reshape', `${name}.groups`, [qkv, shape]), g.int64([group, 1, 1])],
    { attributes: { axis: { int: 2 } } },
  );
  const rows = (value: Value, count: number): Value =>
    g.node('Reshape', `${value.name}.rows`, [value, g.int64([-1, count * headDim])]);
  return { q: rows(queries, heads), k: rows(keys, kvHeads), v: rows(values, kvHeads) };
}
