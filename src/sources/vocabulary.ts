/** How many ids a tokenizer gives, to be held against the rows of the model's table. */
import { isObject, type Json, type JsonObject } from '../checkpoint/json-file.ts';

export interface TokenizerSize {
  /** One more than the largest id of a piece. */
  readonly pieces: number;
  /** The same with the tokens that were added. */
  readonly all: number;
}

/** @param tokenizer `tokenizer.json`; null where its model is of no known form */
export function tokenizerSize(tokenizer: JsonObject): TokenizerSize | null {
  const model = tokenizer['model'];
  const vocab = isObject(model) ? model['vocab'] : undefined;
  const pieces = vocabSize(vocab);
  if (pieces === null) return null;
  const added = tokenizer['added_tokens'];
  const ids = (Array.isArray(added) ? (added as readonly Json[]) : []).map((token) =>
    isObject(token) && typeof token['id'] === 'number' ? token['id'] : -1,
  );
  return { pieces, all: ids.reduce((most, id) => Math.max(most, id + 1), pieces) };
}

/** Unigram lists its pieces by id, the others give the id of each. */
function vocabSize(vocab: Json | undefined): number | null {
  if (Array.isArray(vocab)) return vocab.length;
  if (!isObject(vocab)) return null;
  let most = -1;
  for (const id of Object.values(vocab)) if (typeof id === 'number') most = Math.max(most, id);
  return most + 1;
}
