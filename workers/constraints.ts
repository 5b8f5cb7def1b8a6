/** What an answer may not say next, in the order and to the effect of Hugging Face transformers. */
import type { GenerationSettings } from './generation-settings.ts';

/** The settings that forbid or force tokens. */
export type Rules = Pick<
  GenerationSettings,
  | 'ends'
  | 'noRepeatNgram'
  | 'noSourceNgram'
  | 'minLength'
  | 'minNewTokens'
  | 'badWords'
  | 'forcedFirst'
  | 'forcedLast'
>;

export class Constraints {
  readonly #rules: Rules;
  readonly #source: readonly number[];
  readonly #maxLength: number;

  /**
   * @param source the tokens that the encoder read
   * @param maxLength of an answer, its first token counted
   */
  constructor(rules: Rules, source: readonly number[], maxLength: number) {
    this.#rules = rules;
    this.#source = source;
    this.#maxLength = maxLength;
  }

  /** Whether no score is ever changed, so that the best of them are enough. */
  get isIdle(): boolean {
    const { noRepeatNgram, noSourceNgram, minLength, minNewTokens, badWords } = this.#rules;
    const { forcedFirst, forcedLast } = this.#rules;
    const isFree = noRepeatNgram === 0 && noSourceNgram === 0 && badWords.length === 0;
    const isShort = minLength === 0 && minNewTokens === 0;
    return isFree && isShort && forcedFirst === null && forcedLast.length === 0;
  }

  /** A copy of the scores with −∞ for what may not come after `ids`, and 0 for what must. */
  apply(scores: Float32Array, ids: readonly number[]): Float32Array {
    const { ends, minLength, minNewTokens, forcedFirst, forcedLast } = this.#rules;
    const result = scores.slice();
    for (const id of this.#forbidden(ids)) result[id] = -Infinity;
    if (ids.length < minLength || ids.length - 1 < minNewTokens) {
      for (const id of ends) result[id] = -Infinity;
    }
    if (ids.length === 1 && forcedFirst !== null) force(result, [forcedFirst]);
    if (ids.length === this.#maxLength - 1 && forcedLast.length > 0) force(result, forcedLast);
    return result;
  }

  #forbidden(ids: readonly number[]): number[] {
    const { noRepeatNgram, noSourceNgram, badWords, ends } = this.#rules;
    const words = badWords.filter((word) => !(word.length === 1 && ends.includes(word[0] ?? -1)));
    return [
      ...followers(ids, ids, noRepeatNgram),
      ...followers(this.#source, ids, noSourceNgram),
      ...words.flatMap((word) => completion(word, ids)),
    ];
  }
}

/** The tokens that in `text` follow the last `size − 1` of `ids`. */
function followers(text: readonly number[], ids: readonly number[], size: number): number[] {
  if (size === 0 || ids.length + 1 < size) return [];
  const tail = ids.slice(ids.length - size + 1);
  const found: number[] = [];
  for (let at = 0; at + size <= text.length; at += 1) {
    if (tail.every((id, offset) => text[at + offset] === id)) {
      found.push(text[at + size - 1] as number);
    }
  }
  return found;
}

/** The last token of a word whose others have just come. */
function completion(word: readonly number[], ids: readonly number[]): number[] {
  const last = word.at(-1);
  const start = word.slice(0, -1);
  const from = ids.length - start.length;
  if (last === undefined || from < 0) return [];
  return start.every((id, offset) => ids[from + offset] === id) ? [last] : [];
}

function force(scores: Float32Array, ids: readonly number[]): void {
  scores.fill(-Infinity);
  for (const id of ids) scores[id] = 0;
}
