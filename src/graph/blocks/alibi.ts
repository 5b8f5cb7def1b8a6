/** Attention with linear biases (Press et al., 2022): distance costs, and no position is added. */
import { bytesOf } from '../elements';
import type { GraphBuilder, Value } from '../graph-builder';

/**
 * Laid once, for every layer: float32 `[heads, context]`, what each head adds to its score of a key
 * at each position. It grows with the position instead of falling with the distance, which is the
 * same to a softmax.
 */
export function alibiTable(g: GraphBuilder, heads: number, context: number): Value {
  return g.weight({ name: 'alibi', element: 'float32', dims: [heads, context] }, () => {
    const slopes = alibiSlopes(heads);
    const values = Float32Array.from({ length: heads * context }, (_, index) => {
      return (slopes[Math.floor(index / context)] as number) * (index % context);
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
