/** What a task asks of a person, as data: the interface loops over it and a file is held against it. */
import { findAdapter, findModel, voices } from './model.ts';
import type { Catalogue, TaskId, Voice } from './model.ts';
import type { NumericParam, Params } from './params.ts';

/** `list` holds one item per line; `choice` is one of `options`. */
export type FieldKind = 'line' | 'text' | 'list' | 'choice';

/** Each belongs to one task, so that its words and its value are found by its id alone. */
export const FIELD_IDS = [
  'system',
  'prefix',
  'labels',
  'several',
  'hypothesis',
  'entailment',
  'aggregation',
  'context',
  'sentences',
] as const;

export type FieldId = (typeof FIELD_IDS)[number];

export interface FieldSpec {
  readonly id: FieldId;
  readonly kind: FieldKind;
  /** A cell without it cannot run. */
  readonly required: boolean;
  /** Characters in UTF-16 units. */
  readonly maxChars: number;
  readonly initial: string;
  /** Values of a `choice`; empty for every other kind. */
  readonly options: readonly string[];
  /** Few need it: shown on request. */
  readonly advanced: boolean;
}

export interface TaskSpec {
  readonly id: TaskId;
  /** Parameters that change its answers, in the order of the form. */
  readonly params: readonly NumericParam[];
  /** Whether it writes text, token by token. */
  readonly generates: boolean;
  readonly fields: readonly FieldSpec[];
  readonly initial: Params;
}

/** Whether a voice can be asked this. A conversation needs a voice that answers through a template. */
export function canDo(catalogue: Catalogue, voice: Voice, task: TaskId): boolean {
  const model = findModel(catalogue, voice.model);
  if (!model?.tasks.includes(task)) return false;
  const adapter = findAdapter(catalogue, voice.adapter);
  const prompting = adapter?.prompting ?? model.prompting;
  return task !== 'chat' || prompting === 'chat';
}

export function voicesFor(catalogue: Catalogue, task: TaskId): Voice[] {
  return voices(catalogue).filter((voice) => canDo(catalogue, voice, task));
}

/** The items of a `list` field, one per line, without blank ones. */
export function listItems(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
