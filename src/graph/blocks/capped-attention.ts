/**
 * Attention whose scores are bent towards a bound (Gemma 2, 2024). The runtime's own does so on the
 * CPU but, without a word, not on the GPU, so these are nodes that do it everywhere.
 */
import type { GraphBuilder, Value } from '../graph-builder';
import type { Frame } from './frame';
import { scaled, softcapped } from './scale';

export interface CappedLayer {
  readonly layer: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Of each head as it comes: its own size, and zeros. */
  readonly width: number;
  readonly scale?: number;
  readonly softcap: number;
  readonly window?: number | null;
}

/** Keys and values of all tokens so far, each `[batch, kvHeads, total, width]`. */
export interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

/** Queries `[rows, heads · width]` → the attended values `[batch, sequence, kvHeads, heads / kvHeads, width]`. */
export function cappedAttention(
  g: GraphBuilder,
  q: Value,
  { key, value }: KeyValue,
  layer: CappedLayer,
  frame: Frame,
): Value {
  const { heads, kvHeads, width, softcap } = layer;
  const { scale = 1 / Math.sqrt(layer.headDim), window = null } = layer;
  const name = `${layer.layer}.capped`;
  const shares = heads / kvHeads;
  const reshaped = (part: string, x: Value, shape: Value): Value =>
    g.node('Reshape', `${name}.${part}`, [x, shape]);

  // The heads that share a key stand under each other, so that no key is copied.
  const batched = reshaped('batch', q, frame.batchShape);
  const split = reshaped('split', batched, g.int64([0, 0, kvHeads, shares, width]));
  const grouped = transposed(g, split, [0, 2, 3, 1, 4]);
  const queries = reshaped('queries', grouped, g.int64([0, kvHeads, -1, width]));
  const products = g.node('MatMul', `${name}.products`, [
    queries,
    transposed(g, key, [0, 1, 3, 2]),
  ]);
  const sized = scaled(g, products, scale, `${name}.sized`);
  const bent = softcapped(g, sized, softcap, `${name}.bent`);

  const sight = frame.sight(window);
  const scores = reshaped('scores', bent, scoreShape(g, sight, kvHeads, shares, name));
  const seen = g.node('Add', `${name}.seen`, [scores, sight]);
  const weights = g.node('Softmax', `${name}.weights`, [seen], {
    attributes: { axis: { int: -1 } },
  });
  const flat = reshaped('flat', weights, g.node('Shape', `${name}.flat.shape`, [bent]));
  const mixed = g.node('MatMul', `${name}.mixed`, [flat, value]);
  const apart = reshaped('apart', mixed, g.int64([0, kvHeads, shares, -1, width]));
  return transposed(g, apart, [0, 3, 1, 2, 4]);
}

/** `[batch, kvHeads, shares, sequence, total]`, the last two from what is seen. */
function scoreShape(
  g: GraphBuilder,
  sight: Value,
  kvHeads: number,
  shares: number,
  name: string,
): Value {
  const ends = g.node('Shape', `${name}.ends`, [sight], { attributes: { start: { int: 3 } } });
  return g.node('Concat', `${name}.shape`, [g.int64([0, kvHeads, shares]), ends], {
    attributes: { axis: { int: 0 } },
  });
}

function transposed(g: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return g.node('Transpose', `${x.name}.transposed`, [x], { attributes: { perm: { ints: axes } } });
}
