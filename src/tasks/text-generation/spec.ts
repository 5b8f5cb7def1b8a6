import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { NumericParam } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';

/** What shapes any text that is written token by token. */
export const WRITING_PARAMS: readonly NumericParam[] = [
  'temperature',
  'topK',
  'topP',
  'minP',
  'repetitionPenalty',
  'maxTokens',
  'seed',
];

export const textGeneration: TaskSpec = {
  id: 'text-generation',
  params: WRITING_PARAMS,
  generates: true,
  fields: [],
  initial: DEFAULT_PARAMS,
};
