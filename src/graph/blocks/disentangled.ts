/** Disentangled attention (He et al., 2021): scores of contents and of the distance between them. */
import { bytesOf } from '../elements';
import type { GraphBuilder, Value } from '../graph-builder';
import type { Projected } from './encoder-attention';
import { relativePlaces } from './encoder-frame';
import type { EncoderFrame } from './encoder-frame';

export interface DistanceShape {
  /** Longest sequence. */
  readonly context: number;
  /** Distances are told apart up to here; the table of distances has twice as many rows. */
  readonly span: number;
  /** Near distances have a row each, far ones share theirs; null where all have their own. */
  readonly buckets: { readonly count: number; readonly farthest: number } | null;
}

/** Rows of the table of distances, int64 `[sequence, sequence]`, by query and key. */
export function distanceRows(g: GraphBuilder, frame: EncoderFrame, shape: DistanceShape): Value {
  const { context } = shape;
  const part = { name: 'distance.rows', element: 'int64', dims: [2 * context - 1] } as const;
  const table = g.weight(part, () => Promise.resolve(bytesOf(rowTable(shape))));
  const relative = relativePlaces(g, frame, 'distance');
  const index = g.node('Add', 'distance.index', [relative, g.int64([context - 1])]);
  return g.node('Gather', 'distance', [table, index]);
}

function rowTable({ context, span, buckets }: DistanceShape): BigInt64Array {
  return BigInt64Array.from({ length: 2 * context - 1 }, (_, index) => {
    const distance = index - (context - 1);
    const row = buckets === null ? distance : bucketOf(distance, buckets.count, buckets.farthest);
    return BigInt(Math.max(0, Math.min(2 * span - 1, row + span)));
  });
}

/**
 * A distance's bucket: itself up to half of `count`, then by its logarithm up to `farthest`.
 * Rounded to float32 at the steps where the reference rounds.
 */
export function bucketOf(distance: number, count: number, farthest: number): number {
  const middle = Math.floor(count / 2);
  const size = Math.abs(distance);
  if (size <= middle) return distance;
  const log = (value: number): number => Math.fround(Math.log(Math.fround(value)));
  const share = Math.fround(log(size / middle) / log((farthest - 1) / middle));
  return Math.sign(distance) * (Math.ceil(Math.fround(share * (middle - 1))) + middle);
}

export interface Distances {
  readonly heads: number;
  readonly headDim: number;
  readonly scale: number;
  /** Of `distanceRows`. */
  readonly rows: Value;
  /** The table of distances as keys, or as queries: `[2 · span, heads · headDim]`; or neither. */
  readonly keys: Value | null;
  readonly queries: Value | null;
}

/** The frame's bias and the scores of distances, float32 `[batch, heads, sequence, sequence]`. */
export function distanceBias(
  g: GraphBuilder,
  { query, key }: Projected,
  distances: Distances,
  frame: EncoderFrame,
  name: string,
): Value {
  const { rows, keys, queries, scale } = distances;
  const scores: Value[] = [];
  if (keys !== null) {
    scores.push(against(g, query, keys, rows, distances, frame, `${name}.c2p`));
  }
  if (queries !== null) {
    const turned = g.node('Transpose', `${name}.distance.turned`, [rows]);
    const byKey = against(g, key, queries, turned, distances, frame, `${name}.p2c`);
    scores.push(
      g.node('Transpose', `${name}.p2c.turned`, [byKey], {
        attributes: { perm: { ints: [0, 1, 3, 2] } },
      }),
    );
  }
  return scores.reduce((bias, score, index) => {
    const scaled = g.node('Mul', `${name}.scaled.${index}`, [score, g.float32([scale])]);
    return g.node('Add', `${name}.bias.${index}`, [bias, scaled]);
  }, frame.bias);
}

/** What each content scores with the row that `rows` names for it and every other. */
function against(
  g: GraphBuilder,
  content: Value,
  table: Value,
  rows: Value,
  { heads, headDim }: Distances,
  frame: EncoderFrame,
  name: string,
): Value {
  const split = g.int64([heads, headDim]);
  const batched = g.node('Concat', `${name}.shape`, [frame.shape, split], axis(0));
  const contents = g.node('Reshape', `${name}.contents`, [content, batched]);
  const byHead = g.node('Transpose', `${name}.heads`, [contents], perm(0, 2, 1, 3));
  const distances = g.node('Reshape', `${name}.distances`, [table, g.int64([-1, heads, headDim])]);
  const columns = g.node('Transpose', `${name}.columns`, [distances], perm(1, 2, 0));
  const all = g.node('MatMul', `${name}.all`, [byHead, columns]);
  // One row for each pair: batch, heads, sequence, sequence.
  const sequence = g.node('Gather', `${name}.sequence`, [frame.shape, g.int64([1])]);
  const batch = g.node('Gather', `${name}.batch`, [frame.shape, g.int64([0])]);
  const parts = [batch, g.int64([heads]), sequence, sequence];
  const whole = g.node('Concat', `${name}.whole`, parts, axis(0));
  const chosen = g.node('Expand', `${name}.chosen`, [rows, whole]);
  return g.node('GatherElements', name, [all, chosen], axis(3));
}

function axis(int: number) {
  return { attributes: { axis: { int } } };
}

function perm(...ints: number[]) {
  return { attributes: { perm: { ints } } };
}
