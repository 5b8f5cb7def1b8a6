import type { Prompting } from '../../domain/model.ts';
import type { TaskOutput } from '../../domain/output.ts';
import type { Params } from '../../domain/params.ts';
import type { Message, Values } from '../../domain/prompt.ts';

/** What a task's `Output.svelte` is given of a cell. */
export interface AnswerProps extends Record<string, unknown> {
  /** What was asked, or is being asked, with its variables filled in. */
  readonly prompt: string;
  readonly fields: Values;
  /** Earlier turns of this column's conversation. */
  readonly history: readonly Message[];
  readonly prompting: Prompting;
  /** What was written so far. */
  readonly text: string;
  readonly writing: boolean;
  /** null until the cell is done. */
  readonly output: TaskOutput | null;
  /** As they stand now: what is only a way of looking follows them at once. */
  readonly params: Params;
}
