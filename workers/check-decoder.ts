/** A decoder compared with itself: twice the same, with a cache and without, alone and beside another. */
import type { Voice } from '../src/tasks/text-generation/run.ts';
import { Decoder, emptyState } from './decoder.ts';
import { agree, allFinite, type CheckName } from './checks.ts';
import { floatsOf, type Feeds } from './session.ts';

const STEPS = 6;
/** How much shorter the second row of the batch is, so that it is padded. */
const SHORTER = 3;

interface Walk {
  readonly ids: readonly number[];
  /** Scores of the whole vocabulary, before each token. */
  readonly logits: readonly Float32Array[];
}

/** @param ids of a text to go on from */
export async function checkDecoder(
  voice: Voice,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<CheckName[]> {
  const failed: CheckName[] = [];
  const walk = await walkGreedily(voice, ids, signal);
  if (!walk.logits.every(allFinite)) return ['finite'];
  const again = await walkGreedily(voice, ids, signal);
  if (walk.ids.join() !== again.ids.join()) failed.push('repeat');
  const whole = await walkGreedily(voice, walk.ids.slice(0, -1), signal, 1);
  if (!agree(last(walk.logits), last(whole.logits))) failed.push('cache');
  if (ids.length > SHORTER && !(await agreesInBatch(voice, ids, signal))) failed.push('batch');
  return failed;
}

/** What it scores on the way, for a comparison with the same weights elsewhere. */
export async function sampleDecoder(
  voice: Voice,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<readonly Float32Array[]> {
  return (await walkGreedily(voice, ids, signal, 3)).logits;
}

async function walkGreedily(
  voice: Voice,
  prompt: readonly number[],
  signal: AbortSignal,
  steps = STEPS,
): Promise<Walk> {
  const decoder = decoderOf(voice);
  const row = decoder.open(prompt);
  const logits: Float32Array[] = [];
  try {
    let [scores] = await decoder.prefill([row], () => signal.aborted);
    for (let step = 0; scores?.logits; step += 1) {
      signal.throwIfAborted();
      logits.push(scores.logits.slice());
      row.ids.push(Number(scores.topIds[0]));
      if (step + 1 === steps) break;
      [scores] = await decoder.step([row]);
    }
    signal.throwIfAborted();
    return { ids: [...row.ids], logits };
  } finally {
    decoder.close(row);
  }
}

function decoderOf({ session, model, adapter }: Voice): Decoder {
  const breathe = () => Promise.resolve();
  return new Decoder({ session, model, adapter, allLogits: true, breathe });
}

/** Two rows of different lengths in one run, and each by itself. */
async function agreesInBatch(
  voice: Voice,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<boolean> {
  const limit = Math.min(ids.length, voice.session.chunkTokens);
  const rows = [ids.slice(0, limit), ids.slice(0, Math.max(1, limit - SHORTER))];
  const together = await runRows(voice, rows);
  for (const [index, row] of rows.entries()) {
    signal.throwIfAborted();
    const [alone] = await runRows(voice, [row]);
    if (!agree(together[index] ?? new Float32Array(), alone ?? new Float32Array())) return false;
  }
  return true;
}

/** Scores after each row's last token; shorter rows are padded on the right. */
async function runRows(
  { session, model, adapter }: Voice,
  rows: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  const length = Math.max(...rows.map((row) => row.length));
  const pad = (row: readonly number[], fill: (at: number) => number) =>
    Array.from({ length }, (_, at) => (at < row.length ? fill(at) : 0));
  const ids = rows.flatMap((row) => pad(row, (at) => row[at] ?? 0));
  const mask = rows.flatMap((row) => pad(row, () => 1));
  const dims = [rows.length, length];
  const states = model.states.map(
    (state) => [state.past, emptyState(session, state, rows.length)] as const,
  );
  const feeds: Feeds = {
    ...adapter,
    ...Object.fromEntries(states),
    input_ids: session.int64(BigInt64Array.from(ids, BigInt), dims),
    attention_mask: session.int64(BigInt64Array.from(mask, BigInt), dims),
  };
  const results = await session.run(feeds, ['logits']);
  const logits = floatsOf(results['logits']);
  return rows.map((_, row) => logits.slice(row * model.vocab, (row + 1) * model.vocab));
}

function last(logits: readonly Float32Array[]): Float32Array {
  return logits.at(-1) ?? new Float32Array();
}
