import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';
import { field } from '../field.ts';

export const sentenceSimilarity: TaskSpec = {
  id: 'sentence-similarity',
  params: [],
  generates: false,
  fields: [field('sentences', 'list', { required: true })],
  initial: DEFAULT_PARAMS,
};
