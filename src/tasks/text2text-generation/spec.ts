import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';
import { field } from '../field.ts';
import { WRITING_PARAMS } from '../text-generation/spec.ts';

/** Rewriting and translating have one best answer: chance is off until it is asked for. */
export const text2text: TaskSpec = {
  id: 'text2text-generation',
  params: ['beams', ...WRITING_PARAMS],
  generates: true,
  fields: [field('prefix', 'line')],
  initial: { ...DEFAULT_PARAMS, temperature: 0, repetitionPenalty: 1, maxTokens: 200 },
};
