import { countWords } from '../domain/metrics.ts';
import type { CellState } from '../run/cell.ts';
import { failureText, type Messages } from '../i18n/index.ts';
import type { MarkdownWords } from '../run/export.ts';

/** The state of a cell in words. */
export function cellWords(state: CellState, voice: string, t: Messages, generates = true): string {
  switch (state.status) {
    case 'queued':
      return t.cell.queued;
    case 'loading': {
      const { loadedBytes, totalBytes } = state;
      return t.cell.loading(voice, totalBytes > 0 ? loadedBytes / totalBytes : null);
    }
    case 'running':
      if (!generates) return t.cell.computing;
      return state.partial.text === '' ? t.cell.reading(shareRead(state)) : t.cell.running;
    case 'done':
      return t.cell.done;
    case 'failed':
      return t.cell.failed;
    case 'cancelled':
      return t.cell.cancelled;
  }
}

/** Null where the prompt is too short for its reading to be told of. */
function shareRead({ reading }: Extract<CellState, { status: 'running' }>): number | null {
  return reading === undefined ? null : reading.readTokens / reading.totalTokens;
}

/** What the page's one status region says when a run has come to its end. */
export function endWords(states: readonly CellState[], t: Messages, generates = true): string {
  const done = states.filter((state) => state.status === 'done');
  const failed = states.filter((state) => state.status === 'failed').length;
  const words = done.reduce((sum, state) => sum + countWords(state.partial.text), 0);
  const parts: string[] = [];
  if (!generates && done.length > 0) parts.push(t.run.doneAnswers(done.length));
  if (generates && done.length === 1) parts.push(t.run.doneOne(words));
  if (generates && done.length > 1) parts.push(t.run.doneMany(done.length, words));
  if (states.some((state) => state.status === 'cancelled')) parts.push(t.run.stopped);
  if (failed > 0) parts.push(`${t.run.failed(failed)}.`);
  return parts.join(' ');
}

export function markdownWords(t: Messages): MarkdownWords {
  return {
    prompt: t.rows.text,
    seed: t.details.seed,
    tokensPerSecond: t.details.tokensPerSecond,
    state(state) {
      const words = cellWords(state, '', t);
      if (state.status !== 'failed') return words;
      const { what, todo } = failureText(t.failures, state.failure);
      return `${words}. ${what} ${todo}`;
    },
  };
}
