/** Multi-head attention (Vaswani et al., 2017) with whatever is to be added to its scores. */
import { MICROSOFT, ABSENT } from '../graph-builder';
import type { GraphBuilder, Value } from '../graph-builder';
import type { KeyValue } from './seq2seq-frame';

export interface MultiHead {
  /** Of the layer; it begins the names of the nodes. */
  readonly name: string;
  readonly heads: number;
  readonly headDim: number;
  /** Scores are multiplied by it. */
  readonly scale: number;
}

/** The cache of a layer that attends to its own sequence. */
export interface Growing {
  readonly past: KeyValue;
  /** Names of the outputs. */
  readonly key: string;
  readonly value: string;
}

/**
 * Queries, keys and values side by side, `[rows, 3 · heads · headDim]` → `[rows, heads · headDim]`.
 * `bias` is `[batch or 1, heads or 1, sequence, keys]`. With `growing`, keys and values are put
 * after those of the cache and leave the graph.
 */
export function selfAttention(
  g: GraphBuilder,
  qkv: Value,
  shape: MultiHead,
  batchShape: Value,
  bias: Value,
  growing: Growing | null,
): Value {
  const { name, heads, headDim } = shape;
  const packed = g.node('Reshape', `${name}.qkv.batch`, [qkv, batchShape]);
  const [query, key, value] = g.nodes('Split', [`${name}.q`, `${name}.k`, `${name}.v`], [packed], {
    attributes: { axis: { int: -1 }, num_outputs: { int: 3 } },
  });
  if (growing === null) return attend(g, shape, [query, key, value, ABSENT, ABSENT, bias], []);
  const { past } = growing;
  const inputs = [query, key, value, ABSENT, ABSENT, bias, past.key, past.value];
  const attended = attend(g, shape, inputs, [growing.key, growing.value]);
  const dims = ['batch_size', heads, 'total', headDim];
  g.output(growing.key, { name: growing.key }, 'float32', dims);
  g.output(growing.value, { name: growing.value }, 'float32', dims);
  return attended;
}

/** Queries `[rows, heads · headDim]`; keys and values `[batch, heads, keys, headDim]`. */
export function attendTo(
  g: GraphBuilder,
  queries: Value,
  { key, value }: KeyValue,
  shape: MultiHead,
  batchShape: Value,
  bias: Value,
): Value {
  const query = g.node('Reshape', `${shape.name}.q.batch`, [queries, batchShape]);
  return attend(g, shape, [query, key, value, ABSENT, ABSENT, bias], []);
}

function attend(
  g: GraphBuilder,
  { name, heads, headDim, scale }: MultiHead,
  inputs: readonly Value[],
  presents: readonly string[],
): Value {
  const outputs = [`${name}.attended`, ...presents];
  const [attended] = g.nodes('MultiHeadAttention', outputs, inputs, {
    domain: MICROSOFT,
    attributes: { num_heads: { int: heads }, scale: { float: scale } },
  });
  if (attended === undefined) throw new RangeError('attention has an output');
  return g.node('Reshape', `${name}.rows`, [attended, g.int64([-1, heads * headDim])]);
}
