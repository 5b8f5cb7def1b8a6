/** The way of a job that is answered at once, not token by token: ready, answer, done. */
import type { Failure } from '../src/domain/failure.ts';
import type { TaskOutput } from '../src/domain/output.ts';
import type { CellEvent } from '../src/engine/engine.ts';
import type { Batch, Job } from '../src/run/plan.ts';
import type { Controls } from './controls.ts';
import type { EncoderVoice } from './encoder.ts';

/** A job that can be answered. */
export interface Pass {
  /** Tokens of everything that will be read. */
  readonly promptTokens: number;
  /** null where `proceed` said no on the way. */
  answer(proceed: () => Promise<boolean>): Promise<TaskOutput | null>;
}

/** @param prepare says how a job is answered, or why it cannot be */
export async function answerInOnePass(
  { jobs }: Batch,
  { conditions }: EncoderVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
  prepare: (job: Job) => Pass | Failure,
): Promise<void> {
  for (const job of jobs) {
    const { cell, seed } = job;
    const proceed = async () => {
      await controls.breathe();
      return !controls.isStopped(cell);
    };
    if (!(await proceed())) {
      emit({ cell, event: { type: 'cancelled' } });
      continue;
    }
    const startedAt = controls.now();
    const pass = prepare(job);
    if ('code' in pass) {
      emit({ cell, event: { type: 'failed', failure: pass } });
      continue;
    }
    const { promptTokens } = pass;
    emit({ cell, event: { type: 'ready', conditions: { ...conditions, seed }, promptTokens } });
    const output = await pass.answer(proceed);
    if (output === null) {
      emit({ cell, event: { type: 'cancelled' } });
      continue;
    }
    const firstTokenMs = controls.now() - startedAt;
    const timing = { firstTokenMs, decodeMs: 0, promptTokens, generatedTokens: 0 };
    emit({ cell, event: { type: 'done', finish: 'end', timing, text: '', output } });
  }
}
