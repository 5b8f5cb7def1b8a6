/** How a model was meant to write: what `generation_config.json` says beyond a person's parameters. */
import type { Json, JsonObject } from '../src/checkpoint/json-file.ts';
import type { ModelNumbers } from '../src/graph/manifest.ts';

export interface GenerationSettings {
  /** First token of an answer, which is not part of its text. */
  readonly start: number;
  readonly ends: readonly number[];
  /** Beams that the model's authors chose; 1 means none. */
  readonly beams: number;
  /** Above 0 favours long answers among those of a beam search, below 0 short ones. */
  readonly lengthPenalty: number;
  /** Whether a beam search ends with its first full set of answers; `never` looks on while any may win. */
  readonly earlyStopping: boolean | 'never';
  /** No run of so many tokens comes twice; 0 allows all. */
  readonly noRepeatNgram: number;
  /** The same for runs that stand in the source. */
  readonly noSourceNgram: number;
  /** Tokens before the model may end, the first one counted; 0 allows all. */
  readonly minLength: number;
  /** The same without the first one. */
  readonly minNewTokens: number;
  /** Sequences that may not come. */
  readonly badWords: readonly (readonly number[])[];
  /** Second token of every answer. */
  readonly forcedFirst: number | null;
  /** Last tokens of an answer that reaches its limit. */
  readonly forcedLast: readonly number[];
}

/**
 * The reference reads these from `generation_config.json`, and from `config.json` where there is no
 * such file. What is missing or of another type is as the reference has it by default.
 * @param generation null where the model has no such file
 */
export function readGeneration(
  generation: JsonObject | null,
  config: JsonObject,
  model: ModelNumbers,
): GenerationSettings {
  const from = generation ?? config;
  const number = (key: string, fallback: number): number => {
    const value = from[key];
    return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
  };
  const ends = idsOf(from['eos_token_id']);
  return {
    start: idsOf(from['decoder_start_token_id'])[0] ?? model.decoderStart ?? model.bos ?? 0,
    ends: ends.length > 0 ? ends : model.eos,
    beams: number('num_beams', 1),
    lengthPenalty: number('length_penalty', 1),
    earlyStopping: readEarly(from['early_stopping']),
    noRepeatNgram: number('no_repeat_ngram_size', 0),
    noSourceNgram: number('encoder_no_repeat_ngram_size', 0),
    minLength: number('min_length', 0),
    minNewTokens: number('min_new_tokens', 0),
    badWords: listOf(from['bad_words_ids']).map(idsOf),
    forcedFirst: idsOf(from['forced_bos_token_id'])[0] ?? null,
    forcedLast: idsOf(from['forced_eos_token_id']),
  };
}

function readEarly(value: Json | undefined): boolean | 'never' {
  return value === 'never' ? value : value === true;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** Ids are written alone or as a list. */
function idsOf(value: Json | undefined): number[] {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return list.filter((id): id is number => Number.isSafeInteger(id));
}
