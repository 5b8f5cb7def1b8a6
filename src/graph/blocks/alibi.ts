/** Attention with linear biases (Press et al., 2022): distance costs, and no position is added. */
import { bytesOf } from '../elements';
import type { GraphBuilder, Value } from '../graph-builder';
import type { Frame } from './frame';

export interface Alibi {
  readonly heads: number;
  readonly context: number;
  /** Slope times position, unless a model rounds it in its own way. */
  readonly cost?: (slope: number, position: number) => number;
}

/**
 * What each head adds to its score of each key, `[1, heads, sequence, total]`; laid once, for every
 * layer. It grows with the key's position instead of falling with its distance, which is the same
 * to a softmax.
 */
export function alibi(
  g: GraphBuilder,
  frame: Frame,
  { heads, context, cost = (slope, position) => slope * position }: Alibi,
): Value {
  const [first, one] = [g.int64([0]), g.int64([1])];
  const total = g.node('Cast', 'alibi.total', [frame.totalLength], {
    attributes: { to: { int: 7 } },
  });
  const bySlope = g.node('Slice', 'alibi.keys', [
    table(g, heads, context, cost),
    first,
    total,
    one,
  ]);
  const rows = g.node('Unsqueeze', 'alibi.rows', [bySlope, g.int64([0, 2])]);
  const sequence = g.node('Slice', 'alibi.sequence', [frame.batchShape, one, g.int64([2]), first]);
  const shape = g.node('Concat', 'alibi.shape', [g.int64([1, heads]), sequence, total], {
    attributes: { axis: { int: 0 } },
  });
  return g.node('Expand', 'alibi.bias', [rows, shape]);
}

/** float32 `[heads, context]`. */
function table(
  g: GraphBuilder,
  heads: number,
  context: number,
  cost: (slope: number, position: number) => number,
): Value {
  return g.weight({ name: 'alibi.table', element: 'float32', dims: [heads, context] }, () => {
    const slopes = alibiSlopes(heads);
    const values = Float32Array.from({ length: heads * context }, (_, index) => {
      return cost(slopes[Math.floor(index / context)] as number, index % context);
    });
    return Promise.resolve(bytesOf(values));
  });
}

/**
 * A geometric series from `2^(−8/n)` down to `2^−8`. Where the number of heads is no power of two,
 * the next smaller power has its series, and the heads left over take every second value of the
 * series of twice as many heads.
 */
export function alibiSlopes(heads: number): Float32Array {
  const power = 2 ** Math.floor(Math.log2(heads));
  const series = (count: number, at: number) => 2 ** ((-8 * at) / count);
  return Float32Array.from({ length: heads }, (_, head) =>
    head < power ? series(power, head + 1) : series(2 * power, 2 * (head - power) + 1),
  );
}
