/** Worker side of the task: an encoder–decoder rewrites each prompt. */
import type { Failure } from '../../domain/failure.ts';
import { TEXT_OUTPUT } from '../../domain/output.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { Conditions, RunEvent } from '../../run/cell.ts';
import type { Batch, Job } from '../../run/plan.ts';
import type { Controls } from '../../../workers/controls.ts';
import { write, type Writer } from '../../../workers/writing.ts';

/** A model that reads a text and writes another, loaded and ready. */
export interface Seq2SeqVoice extends Writer {
  readonly kind: 'encoder-decoder';
  encode(text: string): readonly number[];
  readonly conditions: Omit<Conditions, 'seed'>;
}

export async function runText2Text(
  batch: Batch,
  voice: Seq2SeqVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  for (const job of batch.jobs) {
    const last = await rewrite(batch, job, voice, controls, (event) =>
      emit({ cell: job.cell, event }),
    );
    emit({ cell: job.cell, event: last });
  }
}

/** @returns the cell's last event */
async function rewrite(
  { params }: Batch,
  job: Job,
  voice: Seq2SeqVoice,
  { isStopped, breathe, now }: Controls,
  say: (event: RunEvent) => void,
): Promise<RunEvent> {
  const { cell, seed } = job;
  if (isStopped(cell)) return { type: 'cancelled' };
  const source = voice.encode(instructed(job));
  const failure = misfit(job.prompt, source, voice.model.context);
  if (failure !== null) return { type: 'failed', failure };
  const conditions = { ...voice.conditions, seed };
  say({ type: 'ready', conditions, promptTokens: source.length });
  const written = await write(
    voice,
    { source, params, seed },
    {
      isStopped: () => isStopped(cell),
      breathe,
      now,
      onTokens: (text, tokens) => say({ type: 'tokens', text, tokens }),
    },
  );
  if (written === null) return { type: 'cancelled' };
  const { finish, timing, text } = written;
  return { type: 'done', finish, timing, text, output: TEXT_OUTPUT };
}

/** Models of several tasks are told by a few words before the text which one is meant. */
function instructed({ prompt, fields }: Job): string {
  const prefix = (fields['prefix'] ?? '').trim();
  return prefix === '' ? prompt : `${prefix} ${prompt}`;
}

/** A source needs room of its own only: the answer is read by the other graph. */
function misfit(prompt: string, source: readonly number[], contextTokens: number): Failure | null {
  if (prompt.trim() === '' || source.length === 0) return { code: 'prompt-empty' };
  if (source.length <= contextTokens) return null;
  return { code: 'context-exceeded', promptTokens: source.length, contextTokens };
}
