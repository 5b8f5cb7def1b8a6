import type { TaskId } from './model.ts';

const ENTAILMENT = /entail|implica/iu;

/**
 * What a model with this head can be asked, the task that it is for first.
 * @param head kind of head, such as `causal-lm`
 * @param chat whether there is a chat template to ask through
 */
export function tasksOfHead(head: string, labels: readonly string[], chat: boolean): TaskId[] {
  switch (head) {
    case 'causal-lm':
      return chat ? ['chat', 'text-generation'] : ['text-generation'];
    case 'seq2seq-lm':
      return ['text2text-generation'];
    case 'masked-lm':
      return ['fill-mask'];
    case 'sequence-classification':
      // A model of inference between two texts says whether any label fits.
      return labels.some((label) => ENTAILMENT.test(label))
        ? ['zero-shot-classification', 'text-classification']
        : ['text-classification'];
    case 'token-classification':
      return ['token-classification'];
    case 'question-answering':
      return ['question-answering'];
    case 'embedding':
      return ['sentence-similarity'];
    default:
      return [];
  }
}
