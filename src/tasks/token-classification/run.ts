/**
 * Worker side: names of people, places and whatever else the model marks. Tokens become entities as
 * in Hugging Face transformers, `pipelines/token_classification.py` (`aggregation_strategy`). A text
 * longer than the model is read in stretches that overlap, and each token is judged in the stretch
 * where it has most text around it.
 */
import type { Entity, TaskOutput } from '../../domain/output.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { Batch, Job } from '../../run/plan.ts';
import type { Controls } from '../../../workers/controls.ts';
import { Encoder, windows, type EncoderVoice } from '../../../workers/encoder.ts';
import { answerInOnePass, type Pass } from '../../../workers/one-pass.ts';
import { softmax } from '../../../workers/scores.ts';
import { entitiesOf, tagsOf, type Strategy } from '../../../workers/entities.ts';

/** How much two stretches share: a quarter of one. */
const OVERLAP = 4;

export async function runTokenClassification(
  batch: Batch,
  voice: EncoderVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const encoder = new Encoder(voice);
  const labels = voice.head.kind === 'token-classification' ? voice.head.labels : [];
  const prepare = ({ prompt, fields }: Job): Pass => {
    const pieces = encoder.read(prompt);
    const strategy = strategyOf(fields['aggregation']);
    const answer: Pass['answer'] = async (proceed): Promise<TaskOutput | null> => {
      const chances = await judge(encoder, pieces.ids, labels.length, proceed);
      if (chances === null) return null;
      const entities: readonly Entity[] = entitiesOf(tagsOf(pieces, chances, labels), strategy);
      return { kind: 'entities', entities };
    };
    return { promptTokens: encoder.row(pieces.ids).ids.length, answer };
  };
  await answerInOnePass(batch, voice, controls, emit, prepare);
}

function strategyOf(name: string | undefined): Strategy {
  return name === 'first' || name === 'max' ? name : 'simple';
}

/** Probabilities of the classes, token by token; null where somebody asked to end. */
async function judge(
  encoder: Encoder,
  ids: readonly number[],
  width: number,
  proceed: () => Promise<boolean>,
): Promise<number[][] | null> {
  const size = encoder.room(1);
  const chances: number[][] = [];
  const depths: number[] = [];
  for (const { from, to } of windows(ids.length, size, Math.floor(size / OVERLAP))) {
    if (!(await proceed())) return null;
    const row = encoder.row(ids.slice(from, to));
    const [logits = new Float32Array()] = await encoder.run(row, ['logits']);
    for (let at = from; at < to; at += 1) {
      const depth = depthOf(at, from, to, ids.length);
      if (depth <= (depths[at] ?? -1)) continue;
      const start = (row.firstAt + at - from) * width;
      depths[at] = depth;
      chances[at] = softmax(logits.subarray(start, start + width));
    }
  }
  return chances;
}

/** How far a token is from where its stretch was cut; the ends of the text are no cuts. */
function depthOf(at: number, from: number, to: number, length: number): number {
  const left = from === 0 ? Number.POSITIVE_INFINITY : at - from;
  const right = to === length ? Number.POSITIVE_INFINITY : to - 1 - at;
  return Math.min(left, right);
}
