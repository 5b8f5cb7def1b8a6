import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';

export const tokenClassification: TaskSpec = {
  id: 'token-classification',
  params: [],
  generates: false,
  fields: [],
  initial: DEFAULT_PARAMS,
};
