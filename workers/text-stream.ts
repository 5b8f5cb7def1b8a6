const BROKEN = '\uFFFD';

/**
 * Text of tokens as they come. A character may be spread over several tokens, and what a token adds
 * may depend on its neighbour: each step decodes the last tokens that made text together with the
 * new ones, and gives out the difference.
 */
export class TextStream {
  readonly #decode: (ids: readonly number[]) => string;
  #context: readonly number[];
  #fresh: number[] = [];

  constructor(decode: (ids: readonly number[]) => string, context: readonly number[]) {
    this.#decode = decode;
    this.#context = context;
  }

  /** The text that is complete now; empty in the middle of a character. */
  push(id: number): string {
    this.#fresh.push(id);
    const text = this.#decode([...this.#context, ...this.#fresh]);
    if (text.endsWith(BROKEN)) return '';
    const before = this.#decode(this.#context);
    this.#context = this.#fresh;
    this.#fresh = [];
    return text.slice(before.length);
  }
}
