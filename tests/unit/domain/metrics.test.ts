import { expect, it } from 'vitest';
import { countWords, tokensPerSecond, wordsPerSecond } from '../../../src/domain/metrics.ts';

const timing = (generatedTokens: number, decodeMs: number) => ({
  firstTokenMs: 5,
  decodeMs,
  promptTokens: 3,
  generatedTokens,
});

it.each([
  [11, 1000, 10],
  [2, 500, 2],
  [1, 0, null],
  [0, 0, null],
  [5, 0, null],
])('%d tokens in %d ms: %s tokens per second', (tokens, ms, rate) => {
  expect(tokensPerSecond(timing(tokens, ms))).toBe(rate);
});

it('gives words over the same span', () => {
  expect(wordsPerSecond(timing(11, 1000), 'uno dos tres cuatro cinco')).toBeCloseTo(50 / 11, 10);
  expect(wordsPerSecond(timing(1, 0), 'uno')).toBeNull();
});

it.each([
  ['', 0],
  ['¡Qué año!', 2],
  ['an\u0303o', 1],
  ['—Hola —dijo él.', 3],
  ['3,14', 2],
  ['  \n ', 0],
])('%j holds %d words', (text, words) => {
  expect(countWords(text)).toBe(words);
});
