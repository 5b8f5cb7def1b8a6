/** Causal attention with grouped heads, rotary positions and a cache. */
import { MICROSOFT } from '../graph-builder';
import type { GraphBuilder, Value } from '../graph-builder';
import { ABSENT } from '../graph-builder';
import type { Frame } from './frame';
import type { RotaryTables } from './rotary';

export interface AttentionShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/**
 * Queries, keys and values side by side, `[rows, (heads + 2 · kvHeads) · headDim]` → the attended
 * values `[rows, heads · headDim]`. The longer cache leaves as `present.{layer}.{key|value}`.
 */
export function attention(
  g: GraphBuilder,
  qkv: Value,
  shape: AttentionShape,
  frame: Frame,
  rotary: RotaryTables,
  layer: number,
): Value {
  const past = frame.past[layer] ?? { key: ABSENT, value: ABSENT };
  const packed = g.node('Reshape', `${layer}.qkv.batch`, [qkv, frame.batchShape]);
  const [attended, key, value] = g.nodes(
    'GroupQueryAttention',
    [`${layer}.attention`, `present.${layer}.key`, `present.${layer}.value`],
    [
      packed,
      ABSENT,
      ABSENT,
      past.key,
      past.value,
      frame.lastPosition,
      frame.totalLength,
      rotary.cos,
      rotary.sin,
    ],
    {
      domain: MICROSOFT,
      attributes: {
        num_heads: { int: shape.heads },
        kv_num_heads: { int: shape.kvHeads },
        do_rotary: { int: 1 },
      },
    },
  );
  const dims = ['batch_size', shape.kvHeads, 'total', shape.headDim];
  g.output(key.name, key, 'float32', dims);
  g.output(value.name, value, 'float32', dims);
  const width = shape.heads * shape.headDim;
  return g.node('Reshape', `${layer}.attention.rows`, [attended, g.int64([-1, width])]);
}
