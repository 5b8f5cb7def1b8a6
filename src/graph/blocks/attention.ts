/** Causal attention with grouped heads and a cache. */
import { ABSENT, MICROSOFT } from '../graph-builder';
import type { Attribute, GraphBuilder, Value } from '../graph-builder';
import { cappedAttention } from './capped-attention';
import type { Frame } from './frame';
import { turn } from './rotary';
import type { RotaryTables } from './rotary';

export interface HeadShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

export interface AttentionLayer extends HeadShape {
  readonly layer: number;
  /** Null where positions come in another way. */
  readonly rotary: RotaryTables | null;
  /** Of the scores; 1 / √headDim by default. */
  readonly scale?: number;
  /** Scores become `softcap · tanh(score / softcap)`; the tables then are made with `isCapped`. */
  readonly softcap?: number | null;
  /** How many tokens one sees, itself included; null for all before it. */
  readonly window?: number | null;
  /** Added to the scores: `[batch or 1, heads or 1, sequence, total]`. */
  readonly bias?: Value;
}

/** Each `[rows, heads · headDim]` of its own count of heads. */
export interface QueryKeyValue {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

/** The runtime's attention takes heads of eights: a cache's last axis is the next multiple. */
export function cachedHeadDim(headDim: number): number {
  return Math.ceil(headDim / 8) * 8;
}

/** Queries, keys and values side by side, `[rows, (heads + 2 · kvHeads) · headDim]`, taken apart. */
export function separate(
  g: GraphBuilder,
  packed: Value,
  { heads, kvHeads, headDim }: HeadShape,
  layer: number,
): QueryKeyValue {
  const sizes = [heads * headDim, kvHeads * headDim, kvHeads * headDim];
  const names = [`${layer}.q`, `${layer}.k`, `${layer}.v`] as const;
  const [q, k, v] = g.nodes('Split', names, [packed, g.int64(sizes)], {
    attributes: { axis: { int: -1 } },
  });
  return { q, k, v };
}

/**
 * → the attended values `[rows, heads · headDim]`. Packed queries, keys and values are the fastest
 * way in. The longer cache leaves as `present.{layer}.{key|value}`, its last axis
 * `cachedHeadDim(headDim)`.
 */
export function attention(
  g: GraphBuilder,
  given: Value | QueryKeyValue,
  layer: AttentionLayer,
  frame: Frame,
): Value {
  const prepared = prepare(g, given, layer);
  if (typeof layer.softcap === 'number') {
    const { q, k, v } = 'q' in prepared ? prepared : separate(g, prepared, layer, layer.layer);
    // Asked by the keys themselves, the runtime's attention only keeps the cache.
    const kept = runtimeAttention(g, { q: k, k, v }, { ...layer, heads: layer.kvHeads }, frame);
    const capped = { ...layer, softcap: layer.softcap, width: cachedHeadDim(layer.headDim) };
    return narrowed(g, cappedAttention(g, q, kept, capped, frame), layer);
  }
  return narrowed(g, runtimeAttention(g, prepared, layer, frame).attended, layer);
}

interface Attended {
  /** `[batch, sequence, heads · cachedHeadDim(headDim)]`. */
  readonly attended: Value;
  /** The longer cache, each `[batch, kvHeads, total, cachedHeadDim(headDim)]`. */
  readonly key: Value;
  readonly value: Value;
}

function runtimeAttention(
  g: GraphBuilder,
  given: Value | QueryKeyValue,
  layer: AttentionLayer,
  frame: Frame,
): Attended {
  const [attended, key, value] = g.nodes(
    'GroupQueryAttention',
    [`${layer.layer}.attention`, `present.${layer.layer}.key`, `present.${layer.layer}.value`],
    inputs(g, given, layer, frame),
    { domain: MICROSOFT, attributes: attributes(layer) },
  );
  const { kvHeads, headDim } = layer;
  const dims = ['batch_size', kvHeads, 'total', cachedHeadDim(headDim)];
  g.output(key.name, key, 'float32', dims);
  g.output(value.name, value, 'float32', dims);
  return { attended, key, value };
}

function inputs(
  g: GraphBuilder,
  given: Value | QueryKeyValue,
  { layer, rotary, bias }: AttentionLayer,
  frame: Frame,
): Value[] {
  const batched = (rows: Value, part: string): Value =>
    g.node('Reshape', `${layer}.attention.${part}`, [rows, frame.batchShape]);
  const { q, k, v } = 'q' in given ? given : { q: given, k: undefined, v: undefined };
  const table = rotary?.place === 'attention' ? rotary : { cos: ABSENT, sin: ABSENT };
  return [
    batched(q, 'q'),
    k === undefined ? ABSENT : batched(k, 'k'),
    v === undefined ? ABSENT : batched(v, 'v'),
    frame.past.get(`past_key_values.${layer}.key`) ?? ABSENT,
    frame.past.get(`past_key_values.${layer}.value`) ?? ABSENT,
    frame.lastPosition,
    frame.totalLength,
    table.cos,
    table.sin,
    ...(bias === undefined ? [] : [ABSENT, bias]),
  ];
}

function attributes(layer: AttentionLayer): Record<string, Attribute> {
  const { heads, kvHeads, headDim, rotary, window } = layer;
  return {
    num_heads: { int: heads },
    kv_num_heads: { int: kvHeads },
    do_rotary: { int: rotary?.place === 'attention' ? 1 : 0 },
    scale: { float: layer.scale ?? 1 / Math.sqrt(headDim) },
    ...(typeof window === 'number' ? { local_window_size: { int: window } } : {}),
  };
}

/** What the runtime's attention would not do itself: odd rotations, and heads of odd sizes. */
function prepare(
  g: GraphBuilder,
  given: Value | QueryKeyValue,
  layer: AttentionLayer,
): Value | QueryKeyValue {
  const { heads, kvHeads, headDim, rotary } = layer;
  const before = rotary?.place === 'before' ? rotary : null;
  const missing = cachedHeadDim(headDim) - headDim;
  if (before === null && missing === 0) return given;
  const { q, k, v } = 'q' in given ? given : separate(g, given, layer, layer.layer);
  const reshaped = (x: Value, count: number, turns: boolean): Value => {
    const split = g.node('Reshape', `${x.name}.heads`, [x, g.int64([-1, count, headDim])]);
    const turned = turns && before ? turn(g, split, headDim, before, x.name) : split;
    // Zeros change no product of queries and keys, and no sum of values.
    const pads = g.int64([0, 0, 0, 0, 0, missing]);
    const wide = missing === 0 ? turned : g.node('Pad', `${x.name}.wide`, [turned, pads]);
    const width = count * (headDim + missing);
    return g.node('Reshape', `${x.name}.rows`, [wide, g.int64([-1, width])]);
  };
  return {
    q: reshaped(q, heads, true),
    k: reshaped(k, kvHeads, true),
    v: reshaped(v, kvHeads, false),
  };
}

/** Back to rows, without the padding of odd heads. */
function narrowed(
  g: GraphBuilder,
  attended: Value,
  { heads, headDim, layer }: AttentionLayer,
): Value {
  const name = `${layer}.attention`;
  const rows = g.int64([-1, heads * headDim]);
  const wide = cachedHeadDim(headDim);
  if (wide === headDim) return g.node('Reshape', `${name}.rows`, [attended, rows]);
  const split = g.node('Reshape', `${name}.wide`, [attended, g.int64([-1, heads, wide])]);
  const ends = [g.int64([0]), g.int64([headDim]), g.int64([2])];
  const narrow = g.node('Slice', `${name}.narrow`, [split, ...ends]);
  return g.node('Reshape', `${name}.rows`, [narrow, rows]);
}
