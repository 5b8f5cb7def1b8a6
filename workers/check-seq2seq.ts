/** An encoder–decoder compared with itself: twice the same, with a cache and without, alone and doubled. */
import { agree, allFinite, type CheckName } from './checks.ts';
import { emptyState } from './decoder.ts';
import { Seq2Seq, type Seq2SeqGraphs } from './seq2seq.ts';
import { floatsOf, type GraphTensor } from './session.ts';
import type { Writer } from './writing.ts';

const STEPS = 6;

interface Walk {
  readonly ids: readonly number[];
  /** Scores of the whole vocabulary, before each token. */
  readonly logits: readonly Float32Array[];
  /** The scores before the last token, of two branches in one run. */
  readonly doubled: readonly Float32Array[];
}

export async function checkSeq2Seq(
  writer: Writer,
  source: readonly number[],
  signal: AbortSignal,
): Promise<CheckName[]> {
  const failed: CheckName[] = [];
  const walk = await walkGreedily(writer, source, STEPS, signal);
  if (![...walk.logits, ...walk.doubled].every(allFinite)) return ['finite'];
  const again = await walkGreedily(writer, source, STEPS, signal);
  if (walk.ids.join() !== again.ids.join()) failed.push('repeat');
  const last = walk.logits.at(-1) ?? new Float32Array();
  const whole = await readWhole(writer, source, walk.ids.slice(0, -1), signal);
  if (!agree(last, whole)) failed.push('cache');
  if (!walk.doubled.every((logits) => agree(last, logits))) failed.push('batch');
  return failed;
}

/** What it scores on the way, for a comparison with the same weights elsewhere. */
export async function sampleSeq2Seq(
  writer: Writer,
  source: readonly number[],
  signal: AbortSignal,
): Promise<readonly Float32Array[]> {
  return (await walkGreedily(writer, source, 3, signal)).logits;
}

async function walkGreedily(
  writer: Writer,
  source: readonly number[],
  steps: number,
  signal: AbortSignal,
): Promise<Walk> {
  const graphs = new Seq2Seq(writer, true);
  const branches = await graphs.open(source);
  const ids = [writer.settings.start];
  const logits: Float32Array[] = [];
  let doubled: readonly Float32Array[] = [];
  try {
    for (let step = 0; step < steps; step += 1) {
      signal.throwIfAborted();
      const isLast = step + 1 === steps;
      if (isLast) graphs.keep(branches, [0, 0]);
      const scores = await graphs.step(
        branches,
        Array.from({ length: branches.count }, () => ids.at(-1) ?? 0),
      );
      const all = scores.map((each) => each.logits?.slice() ?? new Float32Array());
      if (isLast) doubled = all;
      logits.push(all[0] ?? new Float32Array());
      ids.push(Number(scores[0]?.topIds[0] ?? 0));
    }
    return { ids, logits, doubled };
  } finally {
    graphs.close(branches);
  }
}

/** The scores after several tokens that are read in one run. */
async function readWhole(
  { encoder, decoder, model, adapter }: Seq2SeqGraphs,
  source: readonly number[],
  ids: readonly number[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const row = (values: readonly number[]): GraphTensor =>
    encoder.int64(BigInt64Array.from(values, BigInt), [1, values.length]);
  const mask = row(source.map(() => 1));
  const read = { ...adapter.encoder, input_ids: row(source), attention_mask: mask };
  const results = await encoder.run(read, ['last_hidden_state']);
  signal.throwIfAborted();
  const empty = model.states.map((state) => [state.past, emptyState(decoder, state)] as const);
  const feeds = {
    ...adapter.decoder,
    ...Object.fromEntries(empty),
    input_ids: row(ids),
    encoder_hidden_states: results['last_hidden_state'] as GraphTensor,
    encoder_attention_mask: mask,
  };
  const { logits } = await decoder.run(feeds, ['logits']);
  return floatsOf(logits).slice(-model.vocab);
}
