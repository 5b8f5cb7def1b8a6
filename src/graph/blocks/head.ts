/** From hidden states to scores of the next token. */
import type { GraphBuilder, Value } from '../graph-builder';
import type { PlacedTable } from '../arithmetic/arithmetic';
import type { Frame } from './frame';

/** Which positions have logits: every one, or each row's last real token only. */
export type LogitsAt = 'all' | 'last';

/** What the head needs of a frame. */
export type Rows = Pick<Frame, 'batchShape' | 'lastIndex'>;

export interface HeadShape {
  readonly hidden: number;
  readonly vocab: number;
  readonly topK: number;
  readonly logits: LogitsAt;
}

/**
 * Outputs `logits` `[batch, seq or 1, vocab]`; for each row's last real token `topk_logits` and
 * `topk_ids` `[batch, K]`, best first, and `log_normalizer` `[batch]`, the log-sum-exp of all its
 * logits: a logit less its normaliser is the token's log-probability.
 */
export function nextTokenHead(
  g: GraphBuilder,
  states: Value,
  head: PlacedTable,
  frame: Rows,
  shape: HeadShape,
): void {
  const last =
    shape.logits === 'last'
      ? scoreLast(g, states, head, frame, shape)
      : scoreAll(g, states, head, frame, shape);
  const k = g.int64([shape.topK]);
  const [values, ids] = g.nodes('TopK', ['topk_logits', 'topk_ids'], [last, k], {
    attributes: { axis: { int: -1 }, largest: { int: 1 }, sorted: { int: 1 } },
  });
  const normalizer = g.node('ReduceLogSumExp', 'log_normalizer', [last, g.int64([1])], {
    attributes: { keepdims: { int: 0 } },
  });
  g.output('topk_logits', values, 'float32', ['batch_size', shape.topK]);
  g.output('topk_ids', ids, 'int64', ['batch_size', shape.topK]);
  g.output('log_normalizer', normalizer, 'float32', ['batch_size']);
}

function scoreLast(
  g: GraphBuilder,
  states: Value,
  head: PlacedTable,
  frame: Rows,
  shape: HeadShape,
): Value {
  const scores = head.score(pickLast(g, states, frame, 'state.last'));
  const logits = g.node('Unsqueeze', 'logits', [scores, g.int64([1])]);
  g.output('logits', logits, 'float32', ['batch_size', 1, shape.vocab]);
  return scores;
}

function scoreAll(
  g: GraphBuilder,
  states: Value,
  head: PlacedTable,
  frame: Rows,
  shape: HeadShape,
): Value {
  const scores = head.score(states);
  const logits = g.node('Reshape', 'logits', [scores, frame.batchShape]);
  g.output('logits', logits, 'float32', ['batch_size', 'sequence', shape.vocab]);
  return pickLast(g, scores, frame, 'logits.last');
}

/** Of rows `[batch · seq, width]`, each batch row's last real token: `[batch, width]`. */
function pickLast(g: GraphBuilder, rows: Value, frame: Rows, name: string): Value {
  const batched = g.node('Reshape', `${name}.batch`, [rows, frame.batchShape]);
  return g.node('GatherND', name, [batched, frame.lastIndex], {
    attributes: { batch_dims: { int: 1 } },
  });
}
