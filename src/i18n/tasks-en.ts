import type { fieldsEs, tasksEs } from './tasks-es.ts';

export const tasksEn = {
  'text-generation': {
    name: 'Text',
    summary: 'Goes on with whatever is written.',
    label: 'Prompt',
    placeholder: 'The beginning of a story, a question…',
    run: 'Run',
    lead: 'Choose a beginning and see how each voice goes on.',
  },
  chat: {
    name: 'Conversation',
    summary: 'Answers in turns and remembers what came before.',
    label: 'Message',
    placeholder: 'A greeting, a question…',
    run: 'Send',
    lead: 'Choose a message and see what each voice answers.',
  },
  'text2text-generation': {
    name: 'Rewriting and translation',
    summary: 'Turns one text into another: translates, summarises, corrects.',
    label: 'Text',
    placeholder: 'The text to be translated or rewritten…',
    run: 'Rewrite',
    lead: 'Choose a text and see how each voice rewrites it.',
  },
  'fill-mask': {
    name: 'Hidden word',
    summary: 'Guesses the word that is missing from a sentence.',
    label: 'Sentence with a gap',
    placeholder: 'La capital de Perú es ___.',
    run: 'Guess',
    lead: 'Choose a sentence and see which word each voice puts in.',
  },
  'text-classification': {
    name: 'Classification',
    summary: 'Says which class a text is, among those the model learned.',
    label: 'Text',
    placeholder: 'A review, a piece of news, a paragraph…',
    run: 'Classify',
    lead: 'Choose a text and see how each voice classifies it.',
  },
  'zero-shot-classification': {
    name: 'Free labels',
    summary: 'Classifies with labels of one’s own, without any training.',
    label: 'Text',
    placeholder: 'The text to be labelled…',
    run: 'Label',
    lead: 'Choose a text and see which label each voice gives it.',
  },
  'token-classification': {
    name: 'Entities',
    summary: 'Marks people, places and other names in a text.',
    label: 'Text',
    placeholder: 'A piece of news, a letter, a report…',
    run: 'Mark',
    lead: 'Choose a text and see what each voice marks.',
  },
  'question-answering': {
    name: 'Questions',
    summary: 'Finds the answer inside a text.',
    label: 'Question',
    placeholder: 'Who, when, where…?',
    run: 'Search',
    lead: 'Choose a question and see where each voice finds the answer.',
  },
  'sentence-similarity': {
    name: 'Similarity',
    summary: 'Ranks sentences by how close their meaning is.',
    label: 'Sentence',
    placeholder: 'The sentence that the others are compared with…',
    run: 'Compare',
    lead: 'Choose a sentence and see what each voice finds closest to it.',
  },
} satisfies typeof tasksEs;

export const fieldsEn = {
  system: {
    label: 'Role of the voice',
    placeholder: 'For instance: a librarian who recommends books.',
    hint: 'Given to the voice before the conversation. Not every template takes one.',
    options: {},
  },
  prefix: {
    label: 'Instruction',
    placeholder: 'For instance: translate English to Spanish: ',
    hint: 'Goes before the text. Some models need it as their card says; others need none.',
    options: {},
  },
  labels: {
    label: 'Labels',
    placeholder: 'deporte\npolítica\ncultura',
    hint: 'One per line.',
    options: {},
  },
  several: {
    label: 'How many may be true',
    hint: 'If only one, the labels share the 100%; if several, each is judged on its own.',
    options: { one: 'Only one', several: 'Several at once' },
  },
  hypothesis: {
    label: 'Sentence to be judged',
    placeholder: 'Este texto trata de {}.',
    hint: 'Each label takes the place of {}. The model says whether the sentence follows from the text.',
    options: {},
  },
  entailment: {
    label: 'Class that means yes',
    hint: 'Which of the model’s classes means that the sentence follows. Its name nearly always says so.',
    options: {
      name: 'The one that its name says',
      '0': 'The first (LABEL_0)',
      '1': 'The second (LABEL_1)',
      '2': 'The third (LABEL_2)',
    },
  },
  aggregation: {
    label: 'How pieces are joined',
    hint: 'The model reads pieces of words. Neighbouring pieces of one class are joined, or each whole word takes the class of one of its own.',
    options: {
      simple: 'Neighbouring pieces',
      first: 'By words: the first piece',
      max: 'By words: the surest piece',
    },
  },
  context: {
    label: 'Text to search',
    placeholder: 'The text that holds the answer…',
    hint: 'If it is longer than the model can read, it is read in parts.',
    options: {},
  },
  sentences: {
    label: 'Sentences to compare',
    placeholder: 'One sentence\nAnother sentence',
    hint: 'One per line.',
    options: {},
  },
} satisfies typeof fieldsEs;
