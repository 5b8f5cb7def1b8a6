/** An encoder compared with itself: twice the same, and alone as beside a longer text. */
import type { HeadKind } from '../src/graph/head.ts';
import { agree, allFinite, SAMPLE, type CheckName } from './checks.ts';
import { Encoder, type EncoderVoice } from './encoder.ts';
import { floatsOf } from './session.ts';

/** What each head answers. */
export const OUTPUTS: Readonly<Record<HeadKind, readonly string[]>> = {
  'masked-lm': ['logits'],
  'sequence-classification': ['logits'],
  'token-classification': ['logits'],
  'question-answering': ['start_logits', 'end_logits'],
  embedding: ['sentence_embedding'],
  'causal-lm': ['logits'],
  'seq2seq-lm': ['logits'],
};

/** Heads that answer for every token. */
const PER_TOKEN: readonly HeadKind[] = ['masked-lm', 'token-classification', 'question-answering'];

export async function checkEncoder(voice: EncoderVoice, signal: AbortSignal): Promise<CheckName[]> {
  const first = await sampleEncoder(voice);
  if (!first.every(allFinite)) return ['finite'];
  signal.throwIfAborted();
  const second = await sampleEncoder(voice);
  const failed: CheckName[] = [];
  const same = first.every((output, index) => isSame(output, second[index]));
  if (!same) failed.push('repeat');
  signal.throwIfAborted();
  const padded = await readPadded(voice);
  if (!first.every((output, index) => agree(output, padded[index] ?? new Float32Array()))) {
    failed.push('batch');
  }
  return failed;
}

/** What it answers for a text of ours. */
export async function sampleEncoder(voice: EncoderVoice): Promise<Float32Array[]> {
  const encoder = new Encoder(voice);
  return encoder.run(sampleRow(encoder), OUTPUTS[voice.head.kind]);
}

function sampleRow(encoder: Encoder) {
  return encoder.row(encoder.read(SAMPLE).ids.slice(0, encoder.room(1)));
}

/** The same text beside a longer one, so that its row is padded; only its own answers are given. */
async function readPadded(voice: EncoderVoice): Promise<Float32Array[]> {
  const { session, model, head, inputs } = voice;
  const encoder = new Encoder(voice);
  const { ids, types } = sampleRow(encoder);
  const length = Math.min(ids.length + 3, model.context);
  const longer = Array.from({ length }, (_, at) => ids[at] ?? ids.at(-1) ?? 0);
  const fill = (row: readonly number[], value: number) =>
    Array.from({ length }, (_, at) => row[at] ?? value);
  const int64 = (rows: readonly (readonly number[])[]) =>
    session.int64(BigInt64Array.from(rows.flat(), BigInt), [rows.length, length]);
  const answer = await session.run(
    {
      input_ids: int64([fill(ids, model.pad ?? 0), longer]),
      attention_mask: int64([
        fill(
          ids.map(() => 1),
          0,
        ),
        longer.map(() => 1),
      ]),
      ...(inputs.includes('token_type_ids')
        ? { token_type_ids: int64([fill(types, 0), longer.map(() => 0)]) }
        : {}),
    },
    OUTPUTS[head.kind],
  );
  return OUTPUTS[head.kind].map((name) => {
    const all = floatsOf(answer[name]);
    const row = all.subarray(0, all.length / 2);
    return PER_TOKEN.includes(head.kind)
      ? row.slice(0, (row.length / length) * ids.length)
      : row.slice();
  });
}

function isSame(a: Float32Array, b: Float32Array | undefined): boolean {
  return b?.length === a.length && a.every((value, index) => value === b[index]);
}
