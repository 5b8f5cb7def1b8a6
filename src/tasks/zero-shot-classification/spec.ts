import { DEFAULT_PARAMS } from '../../domain/params.ts';
import type { TaskSpec } from '../../domain/task.ts';
import { field } from '../field.ts';

/** Values of the field `several`. */
export const ONE_LABEL = 'one';
export const SEVERAL_LABELS = 'several';

/** Value of the field `entailment` that leaves it to the names of the model's classes. */
export const BY_NAME = 'name';

export const zeroShot: TaskSpec = {
  id: 'zero-shot-classification',
  params: ['threshold'],
  generates: false,
  fields: [
    field('labels', 'list', { required: true }),
    field('several', 'choice', { initial: ONE_LABEL, options: [ONE_LABEL, SEVERAL_LABELS] }),
    field('hypothesis', 'line', { initial: 'Este texto trata de {}.', advanced: true }),
    field('entailment', 'choice', {
      initial: BY_NAME,
      options: [BY_NAME, '0', '1', '2'],
      advanced: true,
    }),
  ],
  initial: DEFAULT_PARAMS,
};
