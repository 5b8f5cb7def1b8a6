/** How far one person is with one exercise: small, kept by this browser alone. */
import * as v from 'valibot';
import { CLASS_LIMITS } from './limits.ts';

export interface Progress {
  /** Id of the step that was last on screen; null before the first. */
  readonly step: string | null;
  /** By `step/question`. */
  readonly answers: Readonly<Record<string, string>>;
  readonly notes: string;
  /** Ids of the runs made in each step, the oldest first. */
  readonly runs: Readonly<Record<string, readonly string[]>>;
  /** Of each step whose experiment was changed: the experiment as text. */
  readonly drafts: Readonly<Record<string, string>>;
}

export const NO_PROGRESS: Progress = { step: null, answers: {}, notes: '', runs: {}, drafts: {} };
/** Of one step: what came before is still in the history. */
export const KEPT_RUNS = 3;

const text = v.pipe(v.string(), v.maxLength(CLASS_LIMITS.answerChars));
const key = v.pipe(v.string(), v.maxLength(200));
const schema: v.GenericSchema<unknown, Progress> = v.object({
  step: v.nullable(key),
  answers: v.record(key, text),
  notes: text,
  runs: v.record(key, v.array(key)),
  drafts: v.record(key, v.string()),
});

/** Begins anew where what was kept cannot be read. */
export function readProgress(kept: string | null): Progress {
  if (kept === null) return NO_PROGRESS;
  try {
    const parsed = v.safeParse(schema, JSON.parse(kept));
    return parsed.success ? parsed.output : NO_PROGRESS;
  } catch {
    return NO_PROGRESS;
  }
}

export function withRun(progress: Progress, step: string, run: string): Progress {
  const before = (progress.runs[step] ?? []).filter((id) => id !== run);
  return { ...progress, runs: { ...progress.runs, [step]: [...before, run].slice(-KEPT_RUNS) } };
}

export function answerKey(step: string, question: string): string {
  return `${step}/${question}`;
}
