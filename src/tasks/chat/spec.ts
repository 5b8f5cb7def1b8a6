import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';
import { field } from '../field.ts';
import { WRITING_PARAMS } from '../text-generation/spec.ts';

export const chat: TaskSpec = {
  id: 'chat',
  params: WRITING_PARAMS,
  generates: true,
  fields: [field('system', 'text', { advanced: true })],
  initial: DEFAULT_PARAMS,
};
