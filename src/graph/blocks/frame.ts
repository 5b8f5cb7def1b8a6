/** What every decoder graph takes in, and what its layers share. */
import type { CacheShape } from '../architecture';
import type { GraphBuilder, Value } from '../graph-builder';

export interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

export interface Frame {
  /** Token ids, flat: `[batch · sequence]`. */
  readonly tokens: Value;
  /** `[batch, sequence, −1]`, to give rows their batch back. */
  readonly batchShape: Value;
  /** int32 `[batch]`: count of real tokens of each row, minus one. */
  readonly lastPosition: Value;
  /** int32 `[1]`: length of the longest row, cache included. */
  readonly totalLength: Value;
  /** int64 `[batch, 1]`: index in `input_ids` of each row's last real token. */
  readonly lastIndex: Value;
  /** Keys and values of earlier tokens, by layer. */
  readonly past: readonly KeyValue[];
}

/**
 * Inputs `input_ids` `[batch, seq]`, `attention_mask` `[batch, total]` (1 for a real token; rows
 * shorter than the longest are padded on the right) and `past_key_values.{layer}.{key|value}`
 * `[batch, kvHeads, past, headDim]`.
 */
export function decoderFrame(g: GraphBuilder, shape: CacheShape): Frame {
  const ids = g.input('input_ids', 'int64', ['batch_size', 'sequence']);
  const mask = g.input('attention_mask', 'int64', ['batch_size', 'total']);
  const past = Array.from({ length: shape.layers }, (_, layer) => pastInputs(g, shape, layer));
  const tokens = g.node('Reshape', 'tokens', [ids, g.int64([-1])]);
  const idsShape = g.node('Shape', 'ids.shape', [ids]);
  const batchShape = g.node('Concat', 'batch.shape', [idsShape, g.int64([-1])], {
    attributes: { axis: { int: 0 } },
  });
  const last = lastPositions(g, mask);
  return {
    tokens,
    batchShape,
    lastPosition: toInt32(g, 'last.position', last),
    totalLength: toInt32(g, 'total.length', sizeOf(g, 'total.size', mask, 1)),
    lastIndex: lastIndices(g, last, ids, past),
    past,
  };
}

function pastInputs(g: GraphBuilder, { kvHeads, headDim }: CacheShape, layer: number): KeyValue {
  const dims = ['batch_size', kvHeads, 'past', headDim];
  return {
    key: g.input(`past_key_values.${layer}.key`, 'float32', dims),
    value: g.input(`past_key_values.${layer}.value`, 'float32', dims),
  };
}

function lastPositions(g: GraphBuilder, mask: Value): Value {
  const lengths = g.node('ReduceSum', 'lengths', [mask, g.int64([1])], {
    attributes: { keepdims: { int: 0 } },
  });
  return g.node('Sub', 'last.position.int64', [lengths, g.int64([1])]);
}

/**
 * A row's last real token among those fed now: its position less what the cache holds. In a step
 * of one token the cache of a shorter row has padding too, so the index is held inside `0…seq−1`.
 */
function lastIndices(g: GraphBuilder, last: Value, ids: Value, past: readonly KeyValue[]): Value {
  const [first] = past;
  if (first === undefined) throw new RangeError('a decoder has at least one layer');
  const cached = sizeOf(g, 'past.size', first.key, 2);
  const index = g.node('Sub', 'last.index.raw', [last, cached]);
  const end = g.node('Sub', 'sequence.end', [sizeOf(g, 'sequence.size', ids, 1), g.int64([1])]);
  const positive = g.node('Max', 'last.index.positive', [index, g.int64([0])]);
  const inside = g.node('Min', 'last.index.inside', [positive, end]);
  return g.node('Unsqueeze', 'last.index', [inside, g.int64([1])]);
}

function sizeOf(g: GraphBuilder, name: string, value: Value, axis: number): Value {
  return g.node('Shape', name, [value], {
    attributes: { start: { int: axis }, end: { int: axis + 1 } },
  });
}

function toInt32(g: GraphBuilder, name: string, value: Value): Value {
  return g.node('Cast', name, [value], { attributes: { to: { int: 6 } } });
}
