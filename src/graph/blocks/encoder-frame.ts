/** What every encoder graph takes in, and what its layers share. */
import type { GraphBuilder, Value } from '../graph-builder';

/** Added to a score, it leaves the softmax nothing; finite, so that a row of pads alone is too. */
const NOTHING = -1e9;

/**
 * Longest row in tokens, whatever a model was made for: attention holds the square of it for every
 * head, which at 2,048 tokens and twelve heads is 200 MB, and at 8,192 more than a page may have.
 */
export const ROW_CAP = 2_048;

export interface EncoderFrame {
  /** int64 `[batch, sequence]`. */
  readonly ids: Value;
  /** int64 `[batch, sequence]`: 1 for a real token, 0 for one that pads its row. */
  readonly mask: Value;
  /** `ids`, flat: `[batch · sequence]`. */
  readonly tokens: Value;
  /** int64 `[batch · sequence]`, which of the texts a token is of; null where a model has no types. */
  readonly types: Value | null;
  /** int64 `[2]`: batch and sequence. */
  readonly shape: Value;
  /** `[batch, sequence, −1]`, to give rows their batch back. */
  readonly batchShape: Value;
  /** float32 `[batch, 1, sequence, sequence]`: added to attention's scores, it hides the pads. */
  readonly bias: Value;
}

/**
 * Inputs `input_ids`, `attention_mask` and, for models that tell the texts of a pair apart,
 * `token_type_ids`, all int64 `[batch_size, sequence]`.
 */
export function encoderFrame(g: GraphBuilder, { types }: { types: boolean }): EncoderFrame {
  const dims = ['batch_size', 'sequence'];
  const ids = g.input('input_ids', 'int64', dims);
  const mask = g.input('attention_mask', 'int64', dims);
  const typeIds = types ? g.input('token_type_ids', 'int64', dims) : null;
  const shape = g.node('Shape', 'ids.shape', [ids]);
  return {
    ids,
    mask,
    tokens: flat(g, 'tokens', ids),
    types: typeIds === null ? null : flat(g, 'types', typeIds),
    shape,
    batchShape: g.node('Concat', 'batch.shape', [shape, g.int64([-1])], axis(0)),
    bias: paddingBias(g, mask, shape),
  };
}

function paddingBias(g: GraphBuilder, mask: Value, shape: Value): Value {
  const pads = g.node('Sub', 'mask.pads', [g.int64([1]), mask]);
  const hidden = hide(g, 'mask.hidden', pads);
  const keys = g.node('Unsqueeze', 'mask.keys', [hidden, g.int64([1, 2])]);
  const batch = g.node('Gather', 'mask.batch', [shape, g.int64([0])]);
  const sequence = g.node('Gather', 'mask.sequence', [shape, g.int64([1])]);
  const square = [batch, g.int64([1]), sequence, sequence];
  const whole = g.node('Concat', 'mask.shape', square, axis(0));
  return g.node('Expand', 'mask.bias', [keys, whole]);
}

/** Ones become a bias that hides, zeros one that does nothing: float32 of the same shape. */
export function hide(g: GraphBuilder, name: string, ones: Value): Value {
  const float = g.node('Cast', `${name}.float`, [ones], { attributes: { to: { int: 1 } } });
  return g.node('Mul', name, [float, g.float32([NOTHING])]);
}

/** The frame's bias, that also hides tokens farther than `reach` on either side. */
export function windowBias(g: GraphBuilder, frame: EncoderFrame, reach: number): Value {
  const distance = g.node('Abs', 'window.distance', [relativePlaces(g, frame, 'window')]);
  const far = g.node('Greater', 'window.far', [distance, g.int64([reach])]);
  return g.node('Add', 'window.bias', [frame.bias, hide(g, 'window.hidden', far)]);
}

/** int64 `[sequence, sequence]`: the place of a row's token less that of a column's. */
export function relativePlaces(g: GraphBuilder, frame: EncoderFrame, name: string): Value {
  const places = sequencePositions(g, frame, name);
  const queries = g.node('Unsqueeze', `${name}.queries`, [places, g.int64([1])]);
  return g.node('Sub', `${name}.relative`, [queries, places]);
}

/** int64 `[sequence]`: 0, 1, 2, … */
function sequencePositions(g: GraphBuilder, { shape }: EncoderFrame, name: string): Value {
  const length = g.node('Gather', `${name}.length`, [shape, g.int64([1], [])]);
  return g.node('Range', `${name}.places`, [g.int64([0], []), length, g.int64([1], [])]);
}

/** int64 `[batch · sequence]`: each token's place in its row, from 0. */
export function positionsFromZero(g: GraphBuilder, frame: EncoderFrame): Value {
  const rows = g.node('Expand', 'positions.rows', [
    sequencePositions(g, frame, 'positions'),
    frame.shape,
  ]);
  return flat(g, 'positions.flat', rows);
}

/**
 * int64 `[batch · sequence]`: RoBERTa counts the tokens that are not `pad`, from the place after
 * the one with that number, which is the place of every pad.
 */
export function positionsAfterPad(g: GraphBuilder, { ids }: EncoderFrame, pad: number): Value {
  const same = g.node('Equal', 'positions.pads', [ids, g.int64([pad])]);
  const real = g.node('Not', 'positions.real', [same]);
  const ones = g.node('Cast', 'positions.ones', [real], { attributes: { to: { int: 7 } } });
  const counted = g.node('CumSum', 'positions.counted', [ones, g.int64([1], [])]);
  const places = g.node('Mul', 'positions.places', [counted, ones]);
  const shifted = g.node('Add', 'positions.shifted', [places, g.int64([pad])]);
  return flat(g, 'positions.flat', shifted);
}

function flat(g: GraphBuilder, name: string, value: Value): Value {
  return g.node('Reshape', name, [value, g.int64([-1])]);
}

function axis(int: number) {
  return { attributes: { axis: { int } } };
}
