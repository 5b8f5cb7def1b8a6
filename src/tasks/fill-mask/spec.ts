import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';

export const fillMask: TaskSpec = {
  id: 'fill-mask',
  params: ['proposals'],
  generates: false,
  fields: [],
  initial: DEFAULT_PARAMS,
};
