/** What attention adds to a score for the distance between a query and a key. */
import { requireShape } from '../../checkpoint/tensor-source';
import type { Workbench } from '../arithmetic/arithmetic';
import { bytesOf } from '../elements';
import type { GraphBuilder, Value } from '../graph-builder';
import { HIDDEN } from './seq2seq-frame';

/**
 * One row of `[heads]` for each distance, key's position less query's, from `lowest` to `highest`;
 * what lies beyond is as what lies at the edge.
 */
export interface DistanceTable {
  readonly rows: Value;
  readonly lowest: number;
  readonly highest: number;
}

/** T5's buckets (Raffel et al., 2020): exact for near keys, ever wider up to `farthest`. */
export interface Buckets {
  /** Tensor of shape `[count, heads]`. */
  readonly tensor: string;
  readonly count: number;
  readonly farthest: number;
  readonly heads: number;
  /** Whether later keys are seen, and told from earlier ones. */
  readonly isTwoWay: boolean;
}

/** In a one-way table the last row hides the keys that come after the query. */
export function bucketTable({ g, tensors }: Workbench, buckets: Buckets): DistanceTable {
  const { tensor, count, farthest, heads, isTwoWay } = buckets;
  requireShape(tensors, tensor, [count, heads]);
  const lowest = -farthest;
  const highest = isTwoWay ? farthest : 1;
  const dims = [highest - lowest + 1, heads];
  const rows = g.weight({ name: 'distance.bias', element: 'float32', dims }, async (signal) => {
    const weights = await tensors.read(tensor, signal);
    const values = Array.from({ length: highest - lowest + 1 }, (_, row) => {
      const distance = lowest + row;
      if (!isTwoWay && distance > 0) return new Array<number>(heads).fill(HIDDEN);
      const bucket = bucketOf(distance, buckets);
      return Array.from(weights.subarray(bucket * heads, (bucket + 1) * heads));
    });
    return bytesOf(Float32Array.from(values.flat()));
  });
  return { rows, lowest, highest };
}

/** No bias, but keys that come after the query are hidden. */
export function causalTable(g: GraphBuilder): DistanceTable {
  return { rows: g.float32([0, HIDDEN], [2, 1]), lowest: 0, highest: 1 };
}

/** `[1, heads, queries, keys]`; positions are int64 vectors. */
export function distanceBias(
  g: GraphBuilder,
  { rows, lowest, highest }: DistanceTable,
  queries: Value,
  keys: Value,
): Value {
  const column = g.node('Unsqueeze', 'distance.queries', [queries, g.int64([1])]);
  const row = g.node('Unsqueeze', 'distance.keys', [keys, g.int64([0])]);
  const distance = g.node('Sub', 'distance', [row, column]);
  const near = g.node('Clip', 'distance.near', [
    distance,
    g.int64([lowest], []),
    g.int64([highest], []),
  ]);
  const index = g.node('Sub', 'distance.index', [near, g.int64([lowest])]);
  const bias = g.node('Gather', 'distance.rows', [rows, index]);
  const byHead = g.node('Transpose', 'distance.heads', [bias], {
    attributes: { perm: { ints: [2, 0, 1] } },
  });
  return g.node('Unsqueeze', 'distance.batch', [byHead, g.int64([0])]);
}

/** Rounded to float32 at the steps where the reference rounds: a bucket begins at a power of two. */
export function bucketOf(distance: number, { count, farthest, isTwoWay }: Buckets): number {
  const sided = isTwoWay ? Math.floor(count / 2) : count;
  const start = isTwoWay && distance > 0 ? sided : 0;
  const away = isTwoWay ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(sided / 2);
  if (away < exact) return start + away;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(away / exact))) / fround(log(farthest / exact)));
  const far = exact + Math.trunc(fround(share * (sided - exact)));
  return start + Math.min(far, sided - 1);
}
