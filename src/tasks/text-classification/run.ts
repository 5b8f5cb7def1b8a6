/** Worker side: the classes of a text, and how sure the model is of each. */
import type { Labelled, LabelProblem, TaskOutput } from '../../domain/output.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { Batch, Job } from '../../run/plan.ts';
import type { Controls } from '../../../workers/controls.ts';
import { Encoder, type EncoderVoice } from '../../../workers/encoder.ts';
import { answerInOnePass, type Pass } from '../../../workers/one-pass.ts';
import { sigmoid, softmax } from '../../../workers/scores.ts';

export async function runTextClassification(
  batch: Batch,
  voice: EncoderVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const encoder = new Encoder(voice);
  const { head } = voice;
  if (head.kind !== 'sequence-classification') throw new TypeError(`classifying with ${head.kind}`);
  const { labels, problem } = head;
  const prepare = ({ prompt }: Job): Pass => {
    const { ids } = encoder.read(prompt);
    const read = ids.slice(0, encoder.room(1));
    const row = encoder.row(read);
    const answer = async (): Promise<TaskOutput> => {
      const [logits = new Float32Array()] = await encoder.run(row, ['logits']);
      const scored = scoreLabels(labels, logits, problem);
      return { kind: 'labels', problem, labels: scored, unread: ids.length - read.length };
    };
    return { promptTokens: row.ids.length, answer };
  };
  await answerInOnePass(batch, voice, controls, emit, prepare);
}

/** One class excludes the others, or each stands for itself; a measure is what it is. */
export function scoreLabels(
  labels: readonly string[],
  logits: ArrayLike<number>,
  problem: LabelProblem,
): Labelled[] {
  const scores = {
    'single-label': () => softmax(logits),
    'multi-label': () => Array.from(logits, sigmoid),
    regression: () => Array.from(logits),
  }[problem]();
  return labels.map((label, index) => ({ label, score: scores[index] ?? 0 }));
}
