/**
 * From logits to one token. Stages in the order of Hugging Face transformers: repetition penalty,
 * temperature, top-k, top-p, min-p; then one draw from what is left.
 */
import type { Params } from '../src/domain/params.ts';
import { createPrng } from './prng.ts';
import { rankedAlready, rankLazily, type Ranking } from './ranking.ts';

/** What the graph says about the next token of one row. */
export interface Scores {
  /** The best logits, best first, and their ids. */
  readonly topLogits: Float32Array;
  readonly topIds: ArrayLike<number | bigint>;
  /** Natural logarithm of the sum of all exponentiated logits. */
  readonly logNormalizer: number;
  /** Every logit; null where `needsAllLogits` said that the best are enough. */
  readonly logits: Float32Array | null;
}

export interface Sampler {
  /** The id of the next token, which from then on counts as seen. */
  pick(scores: Scores): number;
}

/** The parameters that choose; the rest of `Params` says when to end. */
export type Choice = Pick<
  Params,
  'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty' | 'seed'
>;

/**
 * Whether the graph's own `topCount` best logits determine the choice exactly. A penalty may lift a
 * token from below them, and a draw without top-k may end anywhere in the vocabulary.
 */
export function needsAllLogits(choice: Choice, topCount: number): boolean {
  if (choice.repetitionPenalty !== 1) return true;
  return choice.temperature > 0 && (choice.topK === 0 || choice.topK > topCount);
}

/** @param prompt its tokens count as seen for the repetition penalty */
export function createSampler(choice: Choice, prompt: readonly number[]): Sampler {
  const prng = createPrng(choice.seed);
  const seen = new Set(prompt);
  return {
    pick(scores) {
      const ranking = rankingOf(scores, seen, choice.repetitionPenalty);
      const rank = choice.temperature === 0 ? 0 : draw(narrow(ranking, choice), prng.uniform());
      const id = ranking.id(rank);
      seen.add(id);
      return id;
    },
  };
}

function rankingOf(scores: Scores, seen: ReadonlySet<number>, penalty: number): Ranking {
  const { logits, topIds, topLogits } = scores;
  if (logits === null) return rankedAlready(topIds, topLogits);
  return rankLazily(penalty === 1 ? logits : penalize(logits, seen, penalty));
}

/** Makes tokens that were seen less likely, each once (CTRL, Keskar et al. 2019). */
export function penalize(
  logits: Float32Array,
  seen: ReadonlySet<number>,
  penalty: number,
): Float32Array {
  const penalized = logits.slice();
  for (const id of seen) {
    const logit = penalized[id] as number;
    penalized[id] = logit < 0 ? logit * penalty : logit / penalty;
  }
  return penalized;
}

/** The tokens still in play: the first `size` of a ranking, with weights that sum to `mass`. */
export interface Field {
  readonly size: number;
  readonly mass: number;
  /** Relative to the best token, whose weight is 1. */
  weight(rank: number): number;
}

export function narrow(ranking: Ranking, choice: Choice): Field {
  let field = heat(ranking, choice.temperature, choice.topK);
  if (choice.topP < 1) field = topP(field, choice.topP);
  if (choice.minP > 0) field = minP(field, choice.minP);
  return field;
}

/** Temperature and top-k; `k` 0 keeps the whole vocabulary. */
export function heat(ranking: Ranking, temperature: number, k: number): Field {
  const best = ranking.logit(0);
  const weight = (rank: number) => Math.exp((ranking.logit(rank) - best) / temperature);
  return cut(weight, k === 0 ? ranking.size : Math.min(k, ranking.size));
}

/** The smallest head of the field that holds a share `p` of its mass (nucleus sampling). */
export function topP(field: Field, p: number): Field {
  let held = 0;
  let size = 0;
  while (size < field.size && held < p * field.mass) {
    held += field.weight(size);
    size += 1;
  }
  return cut(field.weight, Math.max(1, size));
}

/** Tokens at least `share` times as probable as the best one. */
export function minP(field: Field, share: number): Field {
  let size = 1;
  while (size < field.size && field.weight(size) >= share) size += 1;
  return cut(field.weight, size);
}

/** The rank at which the running sum of probabilities passes `uniform`, a number in [0, 1). */
export function draw(field: Field, uniform: number): number {
  let left = uniform * field.mass;
  for (let rank = 0; rank < field.size - 1; rank += 1) {
    left -= field.weight(rank);
    if (left < 0) return rank;
  }
  return field.size - 1;
}

function cut(weight: (rank: number) => number, size: number): Field {
  let mass = 0;
  for (let rank = 0; rank < size; rank += 1) mass += weight(rank);
  return { size, mass, weight };
}
