/** Attention of an answer to its source: keys and values are made once and kept. */
import type { GraphBuilder, Value } from '../graph-builder';
import type { MultiHead } from './multi-head';
import type { KeyValue, TargetFrame } from './seq2seq-frame';

/**
 * Keys and values of the source, side by side and of whatever is fresh, `[rows, 2 · width]`, put
 * after those of the cache: one of the two is empty. They leave as `present.{layer}.encoder.*`.
 */
export function sourceKeyValue(
  g: GraphBuilder,
  fresh: Value,
  shape: MultiHead,
  frame: TargetFrame,
  layer: number,
): KeyValue {
  const { name, heads, headDim } = shape;
  const [keys, values] = g.nodes('Split', [`${name}.k`, `${name}.v`], [fresh], {
    attributes: { axis: { int: -1 }, num_outputs: { int: 2 } },
  });
  const grid = g.node(
    'Concat',
    `${name}.kv.shape`,
    [frame.batch, g.int64([-1]), g.int64([heads, headDim])],
    { attributes: { axis: { int: 0 } } },
  );
  const cross = frame.past[layer]?.cross;
  if (cross === undefined) throw new RangeError(`layer ${layer} has no cache`);
  const join = (part: 'key' | 'value', rows: Value): Value => {
    const split = g.node('Reshape', `${name}.${part}.grid`, [rows, grid]);
    const byHead = g.node('Transpose', `${name}.${part}.heads`, [split], {
      attributes: { perm: { ints: [0, 2, 1, 3] } },
    });
    const present = `present.${layer}.encoder.${part}`;
    const all = g.node('Concat', present, [cross[part], byHead], {
      attributes: { axis: { int: 2 } },
    });
    g.output(present, all, 'float32', ['batch_size', heads, 'source', headDim]);
    return all;
  };
  return { key: join('key', keys), value: join('value', values) };
}
