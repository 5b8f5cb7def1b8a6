import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';

export const textClassification: TaskSpec = {
  id: 'text-classification',
  params: ['threshold'],
  generates: false,
  fields: [],
  initial: DEFAULT_PARAMS,
};
