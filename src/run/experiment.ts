import type { BackendChoice } from '../domain/device.ts';
import type { TaskId, Voice } from '../domain/model.ts';
import type { ParamOverrides, Params } from '../domain/params.ts';
import { variableNames, type Values } from '../domain/prompt.ts';

/** What a person asks. Plain, immutable data: passing it is the snapshot. */
export interface Experiment {
  readonly task: TaskId;
  readonly prompts: readonly Prompt[];
  readonly columns: readonly Column[];
  readonly params: Params;
  readonly backend: BackendChoice;
}

export interface Prompt {
  readonly id: string;
  /** May hold `{{variables}}`. */
  readonly text: string;
  /** One set of values per row of the table under the prompt; unused without variables. */
  readonly table: readonly Values[];
  /** What the task asks beside the text, by field; may hold `{{variables}}` too. */
  readonly fields: Values;
  /** Turns before this one, the oldest first; empty outside a conversation. */
  readonly history: readonly Turn[];
}

/** What was said and what each column answered, by column id; a column without an answer has none. */
export interface Turn {
  readonly text: string;
  readonly answers: Values;
}

export interface Column {
  readonly id: string;
  readonly voice: Voice;
  readonly overrides: ParamOverrides;
}

/** One row of the grid: a prompt with one set of values. */
export interface Row {
  readonly id: string;
  readonly prompt: Prompt;
  readonly values: Values;
}

/** Variables of a prompt's text and fields, in order of first appearance. */
export function variablesOf({ text, fields }: Pick<Prompt, 'text' | 'fields'>): string[] {
  return [...new Set([text, ...Object.values(fields)].flatMap(variableNames))];
}

/** Rows of an experiment: one per prompt, or one per line of its table when it has variables. */
export function rowsOf(experiment: Experiment): Row[] {
  return experiment.prompts.flatMap((prompt) => {
    if (variablesOf(prompt).length === 0) return [{ id: prompt.id, prompt, values: {} }];
    const table = prompt.table.length > 0 ? prompt.table : [{}];
    return table.map((values, index) => ({ id: `${prompt.id}.${index}`, prompt, values }));
  });
}
