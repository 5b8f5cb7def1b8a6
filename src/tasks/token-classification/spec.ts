import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';
import { field } from '../field.ts';

export const tokenClassification: TaskSpec = {
  id: 'token-classification',
  params: [],
  generates: false,
  fields: [
    field('aggregation', 'choice', {
      initial: 'simple',
      options: ['simple', 'first', 'max'],
      advanced: true,
    }),
  ],
  initial: DEFAULT_PARAMS,
};
