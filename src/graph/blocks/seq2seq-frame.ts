/** What the two graphs of an encoder–decoder take in, and what their layers share. */
import type { StatePort } from '../architecture';
import type { GraphBuilder, Value } from '../graph-builder';

/** Added to the score of a key that may not be seen: its weight is then zero exactly. */
export const HIDDEN = -1e9;

/** Token ids in rows of one length. */
export interface TokenGrid {
  /** Flat: `[batch · sequence]`. */
  readonly tokens: Value;
  /** `[batch, sequence, −1]`, to give rows their batch back. */
  readonly batchShape: Value;
  /** int64 `[1]`. */
  readonly batch: Value;
  readonly length: Value;
}

export interface EncoderFrame extends TokenGrid {
  /** int64 `[sequence]`. */
  readonly positions: Value;
  /** `[batch, 1, 1, sequence]`: zero for a real token, `HIDDEN` for padding. */
  readonly padding: Value;
}

/** `[batch, heads, tokens, headDim]` each. */
export interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

export interface LayerPast {
  readonly own: KeyValue;
  readonly cross: KeyValue;
}

export interface TargetFrame extends TokenGrid {
  /** int64 `[sequence]`: positions of the tokens fed now. */
  readonly positions: Value;
  /** int64 `[past + sequence]`: positions of every token of the answer so far. */
  readonly seen: Value;
  /** int64 `[batch, 1]`: index of the last token among those fed now. */
  readonly lastIndex: Value;
  /**
   * The encoder's states `[batch · source, width]` while no keys are made of them yet; no rows once
   * the cache holds those keys. So one graph serves the first step and the later ones.
   */
  readonly fresh: Value;
  /** `[batch, 1, sequence, source]`: zero for a real token of the source, `HIDDEN` for padding. */
  readonly sourceBias: Value;
  readonly past: readonly LayerPast[];
}

/** Inputs `input_ids` and `attention_mask`, both int64 `[batch, sequence]`. */
export function encoderFrame(g: GraphBuilder): EncoderFrame {
  const grid = tokenGrid(g);
  const mask = g.input('attention_mask', 'int64', ['batch_size', 'sequence']);
  const positions = range(g, 'positions', g.int64([0]), grid.length);
  return { ...grid, positions, padding: paddingBias(g, mask) };
}

export interface TargetShape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
}

/**
 * Inputs `input_ids` `[batch, seq]`; `encoder_hidden_states` `[batch, source, width]` and
 * `encoder_attention_mask` `[batch, source]`; `past_key_values.{layer}.{decoder|encoder}.{key|value}`
 * `[batch, heads, past or source, headDim]`, both empty at first.
 */
export function targetFrame(g: GraphBuilder, shape: TargetShape): TargetFrame {
  const grid = tokenGrid(g);
  const source = ['batch_size', 'source'] as const;
  const states = g.input('encoder_hidden_states', 'float32', [...source, shape.hidden]);
  const mask = g.input('encoder_attention_mask', 'int64', source);
  const past = Array.from({ length: shape.layers }, (_, layer) => layerPast(g, shape, layer));
  const [first] = past;
  if (first === undefined) throw new RangeError('a decoder has at least one layer');
  const cached = sizeOf(g, 'past.size', first.own.key, 2);
  const total = g.node('Add', 'total.size', [cached, grid.length]);
  return {
    ...grid,
    positions: range(g, 'positions', cached, total),
    seen: range(g, 'positions.seen', g.int64([0]), total),
    lastIndex: lastIndex(g, grid),
    fresh: freshStates(g, states, first.cross.key, shape.hidden),
    sourceBias: spread(g, 'source.bias', paddingBias(g, mask), grid),
    past,
  };
}

/** Of every layer: keys and values of the answer, which grow, then those of the source, which stay. */
export function targetStates({ layers, heads, headDim }: Omit<TargetShape, 'hidden'>): StatePort[] {
  const parts = ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value'];
  return Array.from({ length: layers }, (_, layer) =>
    parts.map((part) => ({
      past: `past_key_values.${layer}.${part}`,
      present: `present.${layer}.${part}`,
      dims: [heads, null, headDim],
    })),
  ).flat();
}

/** `[batch, 1, 1, keys]` for every query: `[batch, 1, sequence, keys]`. */
export function spread(g: GraphBuilder, name: string, bias: Value, { length }: TokenGrid): Value {
  const shape = g.node('Concat', `${name}.shape`, [g.int64([1, 1]), length, g.int64([1])], {
    attributes: { axis: { int: 0 } },
  });
  return g.node('Expand', name, [bias, shape]);
}

function tokenGrid(g: GraphBuilder): TokenGrid {
  const ids = g.input('input_ids', 'int64', ['batch_size', 'sequence']);
  const shape = g.node('Shape', 'ids.shape', [ids]);
  const batchShape = g.node('Concat', 'batch.shape', [shape, g.int64([-1])], {
    attributes: { axis: { int: 0 } },
  });
  const tokens = g.node('Reshape', 'tokens', [ids, g.int64([-1])]);
  const batch = sizeOf(g, 'batch.size', ids, 0);
  return { tokens, batchShape, batch, length: sizeOf(g, 'sequence.size', ids, 1) };
}

function layerPast(g: GraphBuilder, { heads, headDim }: TargetShape, layer: number): LayerPast {
  const input = (part: string, length: string) =>
    g.input(`past_key_values.${layer}.${part}`, 'float32', ['batch_size', heads, length, headDim]);
  const pair = (side: string, length: string) => ({
    key: input(`${side}.key`, length),
    value: input(`${side}.value`, length),
  });
  return { own: pair('decoder', 'past'), cross: pair('encoder', 'past_source') };
}

function paddingBias(g: GraphBuilder, mask: Value): Value {
  const real = g.node('Cast', 'mask.float', [mask], { attributes: { to: { int: 1 } } });
  const hidden = g.node('Sub', 'mask.hidden', [g.float32([1]), real]);
  const bias = g.node('Mul', 'mask.bias', [hidden, g.float32([HIDDEN])]);
  return g.node('Unsqueeze', 'mask.bias.keys', [bias, g.int64([1, 2])]);
}

function freshStates(g: GraphBuilder, states: Value, pastKey: Value, width: number): Value {
  const cached = sizeOf(g, 'past.source.size', pastKey, 2);
  const isNew = g.node('Equal', 'source.is.new', [cached, g.int64([0])]);
  const factor = g.node('Cast', 'source.factor', [isNew], { attributes: { to: { int: 7 } } });
  const end = g.node('Mul', 'source.end', [sizeOf(g, 'source.size', states, 1), factor]);
  const fresh = g.node('Slice', 'source.fresh', [states, g.int64([0]), end, g.int64([1])]);
  return g.node('Reshape', 'source.fresh.rows', [fresh, g.int64([-1, width])]);
}

function lastIndex(g: GraphBuilder, { batch, length }: TokenGrid): Value {
  const last = g.node('Sub', 'last.position', [length, g.int64([1])]);
  const shape = g.node('Concat', 'last.shape', [batch, g.int64([1])], {
    attributes: { axis: { int: 0 } },
  });
  return g.node('Expand', 'last.index', [last, shape]);
}

/** `start … end − 1` of two sizes of shape `[1]`. */
function range(g: GraphBuilder, name: string, start: Value, end: Value): Value {
  const scalar = (value: Value, part: string) =>
    g.node('Squeeze', `${name}.${part}`, [value, g.int64([0])]);
  return g.node('Range', name, [scalar(start, 'start'), scalar(end, 'end'), g.int64([1], [])]);
}

function sizeOf(g: GraphBuilder, name: string, value: Value, axis: number): Value {
  return g.node('Shape', name, [value], {
    attributes: { start: { int: axis }, end: { int: axis + 1 } },
  });
}
