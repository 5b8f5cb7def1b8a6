import type { TaskId } from './model.ts';

/** How authors name the class of a text that follows from another. */
export const ENTAILMENT = /^(?:entail|implica|implied|consecuencia|deduc)/iu;
/** Names that the library gives where the authors gave none. */
const UNNAMED = /^LABEL_\d$/u;

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
        : nameless(labels)
          ? ['text-classification', 'zero-shot-classification']
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

/** Three classes without names may be those of inference; the person says which one affirms. */
function nameless(labels: readonly string[]): boolean {
  return labels.length === 3 && labels.every((label) => UNNAMED.test(label));
}
