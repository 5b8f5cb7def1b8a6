import type { Labelled, TaskOutput } from '../domain/output.ts';
import type { Values } from '../domain/prompt.ts';

/** One thing of an answer that is not running text, as a table has it; null where it has no such column. */
export interface Item {
  readonly label: string | null;
  readonly text: string | null;
  /** UTF-16 units of the prompt, or of the context of a question. */
  readonly start: number | null;
  readonly end: number | null;
  readonly score: number;
}

/** The items of an answer, the best first where they compete; none for running text. */
export function itemsOf(output: TaskOutput, prompt: string, fields: Values): Item[] {
  switch (output.kind) {
    case 'text':
      return [];
    case 'labels':
      return byScore(output.labels).map(({ label, score }) => ({ ...NOWHERE, label, score }));
    case 'fill':
      // Blanks are numbered from 1.
      return output.blanks.flatMap(({ options }, index) =>
        options.map(({ text, score }) => {
          return { ...NOWHERE, label: String(index + 1), text: text.trim(), score };
        }),
      );
    case 'entities':
      return output.entities.map((entity) => ({
        ...entity,
        text: prompt.slice(entity.start, entity.end),
      }));
    case 'spans': {
      const context = fields['context'] ?? '';
      return output.answers.map(({ start, end, score }) => {
        return { label: null, text: context.slice(start, end), start, end, score };
      });
    }
    case 'similarity':
      return byScore(output.items).map(({ text, score }) => ({ ...NOWHERE, text, score }));
  }
}

const NOWHERE = { label: null, text: null, start: null, end: null } as const;

/** The highest first; equals stay in their order. */
export function byScore<T extends Pick<Labelled, 'score'>>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => b.score - a.score);
}

/** Three decimals are more than any of these models means. */
export function scoreText(score: number): string {
  return score.toFixed(3);
}

/** An answer as plain lines, for the clipboard and for pages of text. */
export function itemLines(output: TaskOutput, prompt: string, fields: Values): string[] {
  return itemsOf(output, prompt, fields).map(({ label, text, score }) => {
    const words = [label, text].filter((part) => part !== null).join(' · ');
    return `${words} · ${scoreText(score)}`;
  });
}
