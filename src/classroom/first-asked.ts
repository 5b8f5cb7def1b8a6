import { rowsOf } from '../run/experiment.ts';
import { filledIn } from '../run/plan.ts';
import type { ClassDraft } from './compose.ts';
import type { Golden } from './pack.ts';

const GOLDEN_TOKENS = 12;
const GOLDEN_CHARS = 1000;

/** A golden prompt without its answer. */
export type Asked = Omit<Golden, 'variant' | 'expected'>;

/** The first prompt that each voice is asked, fit to be tried on any machine; the long ones are left out. */
export function firstAsked({ steps }: ClassDraft): Asked[] {
  const found = new Map<string, Asked>();
  for (const { experiment } of steps) {
    const [row] = rowsOf(experiment);
    if (!row || row.prompt.history.length > 0) continue;
    const { prompt, fields } = filledIn(row);
    if (prompt.trim() === '' || prompt.length > GOLDEN_CHARS) continue;
    const asked = { task: experiment.task, prompt, fields, maxTokens: GOLDEN_TOKENS };
    for (const { voice } of experiment.columns) {
      const key = JSON.stringify([voice.model, voice.adapter]);
      if (!found.has(key)) found.set(key, { ...asked, voice });
    }
  }
  return [...found.values()];
}
