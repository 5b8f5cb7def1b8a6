/** Worker side of every task: the one place that knows which of them a loaded model can be asked. */
import type { TaskId } from '../domain/model.ts';
import type { CellEvent } from '../engine/engine.ts';
import type { Batch } from '../run/plan.ts';
import type { Controls } from '../../workers/controls.ts';
import type { EncoderVoice } from '../../workers/encoder.ts';
import { runFillMask } from './fill-mask/run.ts';
import { runQuestionAnswering } from './question-answering/run.ts';
import { runSentenceSimilarity } from './sentence-similarity/run.ts';
import { runTextClassification } from './text-classification/run.ts';
import { runText2Text, type Seq2SeqVoice } from './text2text-generation/run.ts';
import { runTextGeneration, type Voice } from './text-generation/run.ts';
import { runTokenClassification } from './token-classification/run.ts';
import { runZeroShot } from './zero-shot-classification/run.ts';

/** A model that is loaded and ready for one batch. */
export type LoadedVoice = Voice | EncoderVoice | Seq2SeqVoice;

type Emit = (event: CellEvent) => void;

interface EncoderTask {
  readonly head: EncoderVoice['head']['kind'];
  run(batch: Batch, voice: EncoderVoice, controls: Controls, emit: Emit): Promise<void>;
}

const ENCODER_TASKS: { readonly [T in TaskId]?: EncoderTask } = {
  'fill-mask': { head: 'masked-lm', run: runFillMask },
  'text-classification': { head: 'sequence-classification', run: runTextClassification },
  'zero-shot-classification': { head: 'sequence-classification', run: runZeroShot },
  'token-classification': { head: 'token-classification', run: runTokenClassification },
  'question-answering': { head: 'question-answering', run: runQuestionAnswering },
  'sentence-similarity': { head: 'embedding', run: runSentenceSimilarity },
};

const DECODER_TASKS: readonly TaskId[] = ['text-generation', 'chat'];

/** Each cell of the batch gets its last event, unless this throws. */
export async function runTask(
  batch: Batch,
  voice: LoadedVoice,
  controls: Controls,
  emit: Emit,
): Promise<void> {
  if (voice.kind === 'decoder' && DECODER_TASKS.includes(batch.task)) {
    return runTextGeneration(batch, voice, controls, emit);
  }
  if (voice.kind === 'encoder-decoder' && batch.task === 'text2text-generation') {
    return runText2Text(batch, voice, controls, emit);
  }
  const task = ENCODER_TASKS[batch.task];
  if (voice.kind === 'encoder' && task?.head === voice.head.kind) {
    return task.run(batch, voice, controls, emit);
  }
  const failure = { code: 'task-unsupported' } as const;
  for (const { cell } of batch.jobs) emit({ cell, event: { type: 'failed', failure } });
}
