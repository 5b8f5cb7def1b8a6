import { describe, expect, it } from 'vitest';
import { rankedAlready, rankLazily, type Ranking } from '../../../workers/ranking.ts';
import {
  createSampler,
  narrow,
  needsAllLogits,
  penalize,
  type Choice,
  type Scores,
} from '../../../workers/sampler.ts';
import { createPrng } from '../../../workers/prng.ts';

const VOCAB = 300;
const TOP = 64;
const PLAIN: Choice = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, seed: 1 };

/** Logits of a language model's shape: a few good ones, a long tail, some ties. */
function someLogits(seed: number): Float32Array {
  const { uniform } = createPrng(seed);
  const logits = Float32Array.from({ length: VOCAB }, () => 3 * Math.log(uniform() + 1e-3) + 8);
  logits[17] = logits[3] as number;
  logits[101] = logits[100] as number;
  return logits;
}

function scoresOf(logits: Float32Array, all: boolean): Scores {
  const ids = sortedIds(logits).slice(0, TOP);
  return {
    topIds: BigInt64Array.from(ids, BigInt),
    topLogits: Float32Array.from(ids, (id) => logits[id] as number),
    logNormalizer: Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)),
    logits: all ? logits : null,
  };
}

function sortedIds(logits: Float32Array): number[] {
  return [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
}

function softmax(logits: readonly number[]): number[] {
  const best = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - best));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The same stages as masks over the whole vocabulary, the way Hugging Face's logits warpers work:
 * a token that falls gets minus infinity, and each stage looks at the softmax of what it was given.
 */
function reference(raw: Float32Array, choice: Choice): number[] {
  let logits = [...raw].map((logit) => logit / choice.temperature);
  const order = sortedIds(raw);
  const keep = (kept: ReadonlySet<number>) => {
    logits = logits.map((logit, id) => (kept.has(id) ? logit : -Infinity));
  };
  if (choice.topK > 0) keep(new Set(order.slice(0, choice.topK)));
  if (choice.topP < 1) {
    const probabilities = softmax(logits);
    const before = order.map((_, rank) =>
      order.slice(0, rank).reduce((sum, id) => sum + (probabilities[id] as number), 0),
    );
    keep(new Set(order.filter((_, rank) => rank === 0 || (before[rank] as number) < choice.topP)));
  }
  if (choice.minP > 0) {
    const probabilities = softmax(logits);
    const floor = choice.minP * Math.max(...probabilities);
    keep(new Set(order.filter((id) => (probabilities[id] as number) >= floor)));
  }
  return softmax(logits);
}

function distributionOf(ranking: Ranking, choice: Choice): number[] {
  const field = narrow(ranking, choice);
  const probabilities = new Array<number>(VOCAB).fill(0);
  for (let rank = 0; rank < field.size; rank += 1) {
    probabilities[ranking.id(rank)] = field.weight(rank) / field.mass;
  }
  return probabilities;
}

function expectSame(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.map((p) => p > 0)).toEqual(expected.map((p) => p > 0));
  const worst = Math.max(...actual.map((p, id) => Math.abs(p - (expected[id] as number))));
  expect(worst).toBeLessThan(1e-12);
}

const STAGES: readonly [string, Partial<Choice>][] = [
  ['nothing but temperature 1', {}],
  ['low temperature', { temperature: 0.3 }],
  ['high temperature', { temperature: 2 }],
  ['top-k 1', { topK: 1 }],
  ['top-k 40', { topK: 40 }],
  ['top-k 64', { topK: 64 }],
  ['top-k beyond the graph', { topK: 200 }],
  ['top-p 0.9', { topP: 0.9 }],
  ['top-p smaller than the best token', { topP: 0.05 }],
  ['min-p 0.1', { minP: 0.1 }],
  ['min-p 0.5 after heat', { minP: 0.5, temperature: 1.7 }],
  ['all of them', { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 }],
  ['top-p inside top-k', { temperature: 1.5, topK: 20, topP: 0.5 }],
];

describe('sampler stages', () => {
  it.each(STAGES)('%s: the distribution is the reference', (_, patch) => {
    const choice = { ...PLAIN, ...patch };
    for (const seed of [1, 2, 3]) {
      const logits = someLogits(seed);
      expectSame(distributionOf(rankLazily(logits), choice), reference(logits, choice));
    }
  });

  it.each(STAGES)('%s: from the best logits alone it is the same, where allowed', (_, patch) => {
    const choice = { ...PLAIN, ...patch };
    const { topIds, topLogits } = scoresOf(someLogits(5), false);
    const expected = distributionOf(rankLazily(someLogits(5)), choice);
    if (needsAllLogits(choice, TOP))
      return expect(choice.topK === 0 || choice.topK > TOP).toBe(true);
    expect(distributionOf(rankedAlready(topIds, topLogits), choice)).toEqual(expected);
  });

  it('penalty: divides what is positive, multiplies what is negative, each token once', () => {
    const logits = Float32Array.from([4, -4, 2, 0]);
    expect([...penalize(logits, new Set([0, 1, 3]), 2)]).toEqual([2, -8, 2, 0]);
    expect([...logits]).toEqual([4, -4, 2, 0]);
  });

  it('ranks lazily as a full sort does', () => {
    const logits = someLogits(9);
    const ranking = rankLazily(logits);
    expect(ranking.id(5)).toBe(sortedIds(logits)[5]);
    expect(Array.from({ length: VOCAB }, (_, rank) => ranking.id(rank))).toEqual(sortedIds(logits));
  });
});

describe('needsAllLogits', () => {
  const cases: readonly [Partial<Choice>, boolean][] = [
    [{ temperature: 0 }, false],
    [{ temperature: 0, repetitionPenalty: 1.1 }, true],
    [{ topK: 1 }, false],
    [{ topK: 64 }, false],
    [{ topK: 65 }, true],
    [{ topK: 0 }, true],
    [{ topK: 40, repetitionPenalty: 1.1 }, true],
    [{ topK: 40, topP: 0.5, minP: 0.2 }, false],
  ];
  it.each(cases)('%o: %s', (patch, expected) => {
    expect(needsAllLogits({ ...PLAIN, ...patch }, TOP)).toBe(expected);
  });
});

describe('picking', () => {
  it('greedy takes the best token, the first of equals, and draws nothing', () => {
    const logits = new Float32Array(VOCAB).fill(-1);
    logits[20] = 5;
    logits[40] = 5;
    for (const all of [true, false]) {
      const sampler = createSampler({ ...PLAIN, temperature: 0 }, []);
      expect(sampler.pick(scoresOf(logits, all))).toBe(20);
    }
  });

  it('greedy under a penalty moves on from what the prompt and the answer hold', () => {
    const logits = Float32Array.from([3, 2.9, 2.8, 0]);
    const sampler = createSampler({ ...PLAIN, temperature: 0, repetitionPenalty: 2 }, [0]);
    const scores = { ...scoresOf(logits, true) };
    expect([1, 2, 3].map(() => sampler.pick(scores))).toEqual([1, 2, 0]);
  });

  it('the same seed gives the same tokens, with all logits or the best alone', () => {
    const choice = { ...PLAIN, temperature: 1.3, topK: 50, topP: 0.9, seed: 7 };
    const run = (all: boolean, seed: number) => {
      const sampler = createSampler({ ...choice, seed }, []);
      return Array.from({ length: 50 }, (_, step) => sampler.pick(scoresOf(someLogits(step), all)));
    };
    expect(run(true, 7)).toEqual(run(true, 7));
    expect(run(false, 7)).toEqual(run(true, 7));
    expect(run(true, 8)).not.toEqual(run(true, 7));
  });

  it('draws each token as often as its probability says (chi-square, p > 0.001)', () => {
    const choice = { ...PLAIN, temperature: 1.2, topK: 12, minP: 0.02, seed: 3 };
    const logits = someLogits(11);
    const scores = scoresOf(logits, false);
    const sampler = createSampler(choice, []);
    const draws = 40_000;
    const counts = new Map<number, number>();
    for (let i = 0; i < draws; i += 1) {
      const id = sampler.pick(scores);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const expected = reference(logits, choice);
    const possible = [...expected.keys()].filter((id) => (expected[id] as number) > 0);
    expect([...counts.keys()].every((id) => possible.includes(id))).toBe(true);
    const chiSquare = possible.reduce((sum, id) => {
      const mean = draws * (expected[id] as number);
      return sum + ((counts.get(id) ?? 0) - mean) ** 2 / mean;
    }, 0);
    // Upper 0.001 quantiles of the distribution, by degrees of freedom.
    const QUANTILES = [
      0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59, 31.26,
    ];
    expect(possible.length).toBeGreaterThan(3);
    expect(chiSquare).toBeLessThan(QUANTILES[possible.length - 1] as number);
  });
});
