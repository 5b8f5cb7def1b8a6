import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';
import { field } from '../field.ts';

export const questionAnswering: TaskSpec = {
  id: 'question-answering',
  params: [],
  generates: false,
  fields: [field('context', 'text', { required: true })],
  initial: DEFAULT_PARAMS,
};
