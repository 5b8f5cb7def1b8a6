/** One generated token with what the model thought of it, before any sampling parameter. */
export interface Token {
  readonly id: number;
  /** Its own text; a replacement character where it is a part of a longer character. */
  readonly text: string;
  /** Natural logarithm of its probability under the unmodified model. */
  readonly logprob: number;
  /** The most probable tokens at this position, best first. */
  readonly alternatives: readonly Alternative[];
}

export interface Alternative {
  readonly id: number;
  readonly text: string;
  readonly logprob: number;
}

export const ALTERNATIVES_PER_TOKEN = 5;
