import {
  DEFAULT_PARAMS,
  NUMERIC_PARAM_IDS,
  type NumericParam,
  type Params,
} from '../../domain/params.ts';
import type { TaskId } from '../../domain/model.ts';

/** What a task asks for and in which order its form shows it. */
export interface TaskSpec {
  readonly id: TaskId;
  readonly params: readonly NumericParam[];
  readonly initial: Params;
}

export const textGeneration: TaskSpec = {
  id: 'text-generation',
  params: NUMERIC_PARAM_IDS,
  initial: DEFAULT_PARAMS,
};
