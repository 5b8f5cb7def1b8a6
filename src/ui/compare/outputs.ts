import type { Component } from 'svelte';
import type { TaskId } from '../../domain/model.ts';
import Chat from '../../tasks/chat/Output.svelte';
import FillMask from '../../tasks/fill-mask/Output.svelte';
import QuestionAnswering from '../../tasks/question-answering/Output.svelte';
import SentenceSimilarity from '../../tasks/sentence-similarity/Output.svelte';
import Text2Text from '../../tasks/text2text-generation/Output.svelte';
import TextClassification from '../../tasks/text-classification/Output.svelte';
import TextGeneration from '../../tasks/text-generation/Output.svelte';
import TokenClassification from '../../tasks/token-classification/Output.svelte';
import ZeroShot from '../../tasks/zero-shot-classification/Output.svelte';
import type { AnswerProps } from './answer-props.ts';

/** How each task shows what was asked and what was answered. */
export const OUTPUTS: { readonly [T in TaskId]: Component<AnswerProps> } = {
  'text-generation': TextGeneration,
  chat: Chat,
  'text2text-generation': Text2Text,
  'fill-mask': FillMask,
  'text-classification': TextClassification,
  'zero-shot-classification': ZeroShot,
  'token-classification': TokenClassification,
  'question-answering': QuestionAnswering,
  'sentence-similarity': SentenceSimilarity,
};
