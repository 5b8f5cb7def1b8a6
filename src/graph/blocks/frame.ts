/** What every decoder graph takes in, and what its layers share. */
import type { StatePort } from '../architecture';
import type { GraphBuilder, Value } from '../graph-builder';

export interface Frame {
  /** Token ids, flat: `[batch · sequence]`. */
  readonly tokens: Value;
  /** int64 `[batch · sequence]`: the place of each token in its row, cache included. */
  readonly positions: () => Value;
  /**
   * float32 `[batch, 1, 1, sequence, total]`: zero where a token sees another, so low elsewhere that
   * a softmax gives nothing. A window counts the tokens that one sees, itself included.
   */
  readonly sight: (window: number | null) => Value;
  /** `[batch, sequence, −1]`, to give rows their batch back. */
  readonly batchShape: Value;
  /** int32 `[batch]`: count of real tokens of each row, minus one. */
  readonly lastPosition: Value;
  /** int32 `[1]`: length of the longest row, cache included. */
  readonly totalLength: Value;
  /** int64 `[batch, 1]`: index in `input_ids` of each row's last real token. */
  readonly lastIndex: Value;
  /** What earlier tokens left, by the name of the graph's input. */
  readonly past: ReadonlyMap<string, Value>;
}

/**
 * Inputs `input_ids` `[batch, seq]`, `attention_mask` `[batch, total]` (1 for a real token; rows
 * shorter than the longest are padded on the right) and the states of the architecture.
 */
export function decoderFrame(
  g: GraphBuilder,
  { states }: { readonly states: readonly StatePort[] },
): Frame {
  const ids = g.input('input_ids', 'int64', ['batch_size', 'sequence']);
  const mask = g.input('attention_mask', 'int64', ['batch_size', 'total']);
  const past = new Map(states.map((state) => [state.past, pastInput(g, state)] as const));
  const tokens = g.node('Reshape', 'tokens', [ids, g.int64([-1])]);
  const idsShape = g.node('Shape', 'ids.shape', [ids]);
  const batchShape = g.node('Concat', 'batch.shape', [idsShape, g.int64([-1])], {
    attributes: { axis: { int: 0 } },
  });
  const last = lastPositions(g, mask);
  const sequence = sizeOf(g, 'sequence.size', ids, 1);
  const first = firstPositions(g, last, sequence);
  const total = sizeOf(g, 'total.size', mask, 1);
  const positions = once(() => tokenPositions(g, first, sequence));
  const laid = new Map<number | null, Value>();
  return {
    tokens,
    positions,
    sight: (window) => {
      const sight = laid.get(window) ?? laySight(g, positions(), batchShape, total, window);
      laid.set(window, sight);
      return sight;
    },
    batchShape,
    lastPosition: toInt32(g, 'last.position', last),
    totalLength: toInt32(g, 'total.length', total),
    lastIndex: lastIndices(g, last, first),
    past,
  };
}

function pastInput(g: GraphBuilder, { past, dims }: StatePort): Value {
  return g.input(past, 'float32', ['batch_size', ...dims.map((size) => size ?? 'past')]);
}

function lastPositions(g: GraphBuilder, mask: Value): Value {
  const lengths = g.node('ReduceSum', 'lengths', [mask, g.int64([1])], {
    attributes: { keepdims: { int: 0 } },
  });
  return g.node('Sub', 'last.position.int64', [lengths, g.int64([1])]);
}

/**
 * Of each row, the place of the first token fed now. A prompt fed alone over a cache, or a step of
 * one token, ends at the row's last real token; in a first prompt the shorter rows, which end
 * before the padding does, would begin below zero.
 */
function firstPositions(g: GraphBuilder, last: Value, sequence: Value): Value {
  const end = g.node('Sub', 'sequence.end', [sequence, g.int64([1])]);
  const first = g.node('Sub', 'first.position.raw', [last, end]);
  return g.node('Max', 'first.position', [first, g.int64([0])]);
}

/** A value that only some families want, laid at the first call. */
function once(lay: () => Value): () => Value {
  let laid: Value | undefined;
  return () => (laid ??= lay());
}

function tokenPositions(g: GraphBuilder, first: Value, sequence: Value): Value {
  const zero = g.int64([0], []);
  const end = g.node('Squeeze', 'sequence.scalar', [sequence]);
  const steps = g.node('Range', 'sequence.steps', [zero, end, g.int64([1], [])]);
  const column = g.node('Unsqueeze', 'first.position.column', [first, g.int64([1])]);
  const places = g.node('Add', 'positions.rows', [column, steps]);
  return g.node('Reshape', 'positions', [places, g.int64([-1])]);
}

/** Far below any score, and far above where sums of float32 end. */
const UNSEEN = -1e30;

function laySight(
  g: GraphBuilder,
  positions: Value,
  batchShape: Value,
  total: Value,
  window: number | null,
): Value {
  const name = `sight.${window ?? 'all'}`;
  const rows = g.node('Reshape', `${name}.rows`, [positions, batchShape]);
  const own = g.node('Unsqueeze', `${name}.own`, [rows, g.int64([1, 2])]);
  const end = g.node('Squeeze', `${name}.end`, [total]);
  const keys = g.node('Range', `${name}.keys`, [g.int64([0], []), end, g.int64([1], [])]);
  const [seen, unseen] = [g.float32([0], []), g.float32([UNSEEN], [])];
  const isPast = g.node('LessOrEqual', `${name}.past`, [keys, own]);
  const past = g.node('Where', `${name}.causal`, [isPast, seen, unseen]);
  if (window === null) return past;
  const start = g.node('Sub', `${name}.start`, [own, g.int64([window], [])]);
  const isNear = g.node('Greater', `${name}.near`, [keys, start]);
  return g.node('Where', name, [isNear, past, unseen]);
}

function lastIndices(g: GraphBuilder, last: Value, first: Value): Value {
  const index = g.node('Sub', 'last.index.flat', [last, first]);
  return g.node('Unsqueeze', 'last.index', [index, g.int64([1])]);
}

function sizeOf(g: GraphBuilder, name: string, value: Value, axis: number): Value {
  return g.node('Shape', name, [value], {
    attributes: { start: { int: axis }, end: { int: axis + 1 } },
  });
}

function toInt32(g: GraphBuilder, name: string, value: Value): Value {
  return g.node('Cast', name, [value], { attributes: { to: { int: 6 } } });
}
