/** What a task answers, as plain data. Offsets are UTF-16 units, `end` exclusive; scores run from 0 to 1. */

export interface Labelled {
  readonly label: string;
  /** A probability; for a regression, the measure itself. */
  readonly score: number;
}

export type LabelProblem = 'single-label' | 'multi-label' | 'regression';

/** `text` begins with a space where it begins a word, and continues the word before it elsewhere. */
export interface Filling {
  readonly text: string;
  readonly score: number;
}

export interface Blank {
  /** The best first. */
  readonly options: readonly Filling[];
}

export interface Entity {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

export interface Likeness {
  readonly text: string;
  /** Cosine, from −1 to 1. */
  readonly score: number;
}

export type TaskOutput =
  /** The answer is the cell's text. */
  | { readonly kind: 'text' }
  | {
      readonly kind: 'labels';
      readonly problem: LabelProblem;
      /** In the model's order, or in that of the question. */
      readonly labels: readonly Labelled[];
      /** Tokens at the end of the text that the model could not read. */
      readonly unread: number;
    }
  /** One blank per mark of the prompt, in order. */
  | { readonly kind: 'fill'; readonly blanks: readonly Blank[] }
  /** Offsets into the prompt, in reading order. */
  | { readonly kind: 'entities'; readonly entities: readonly Entity[] }
  /** Offsets into the context, the best first. */
  | { readonly kind: 'spans'; readonly answers: readonly Span[] }
  /** In the order in which the sentences were given. */
  | {
      readonly kind: 'similarity';
      readonly items: readonly Likeness[];
      readonly unread: number;
    };

export type OutputKind = TaskOutput['kind'];

export const TEXT_OUTPUT: TaskOutput = { kind: 'text' };
