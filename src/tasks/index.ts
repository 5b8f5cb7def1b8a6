/** Every task by its id; the interface loops over them in the order of `TASK_IDS`. */
import type { TaskId } from '../domain/model.ts';
import type { TaskSpec } from '../domain/task.ts';
import type { Values } from '../domain/prompt.ts';
import { chat } from './chat/spec.ts';
import { fillMask } from './fill-mask/spec.ts';
import { questionAnswering } from './question-answering/spec.ts';
import { sentenceSimilarity } from './sentence-similarity/spec.ts';
import { text2text } from './text2text-generation/spec.ts';
import { textClassification } from './text-classification/spec.ts';
import { textGeneration } from './text-generation/spec.ts';
import { tokenClassification } from './token-classification/spec.ts';
import { zeroShot } from './zero-shot-classification/spec.ts';

export const TASKS: { readonly [T in TaskId]: TaskSpec } = {
  'text-generation': textGeneration,
  chat,
  'text2text-generation': text2text,
  'fill-mask': fillMask,
  'text-classification': textClassification,
  'zero-shot-classification': zeroShot,
  'token-classification': tokenClassification,
  'question-answering': questionAnswering,
  'sentence-similarity': sentenceSimilarity,
};

/** What the fields of a new prompt hold. */
export function initialFields(task: TaskId): Values {
  return Object.fromEntries(TASKS[task].fields.map(({ id, initial }) => [id, initial]));
}
