import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { guarded } from './guarded';
import { PARSERS } from './parsers';

const { signal } = new AbortController();
/** The same files every time; `FUZZ_FILES` and `FUZZ_SEED` ask for more, and for others. */
const FILES = Number(process.env['FUZZ_FILES'] ?? 10_500);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_123);
const RUNS = Math.ceil(FILES / PARSERS.length);
/** Beyond what the test runner itself holds. */
const MAX_BYTES = 1_000_000_000;

const before = process.memoryUsage().rss;
let files = 0;

describe.each(PARSERS)('$name', ({ seeds, mutation, parse, forgives }) => {
  test('reads its own files', async () => {
    expect(seeds.length).toBeGreaterThan(0);
    for (const seed of seeds) expect(await guarded(() => parse(seed, signal))).toBe('read');
  });

  test('ends in a refusal or a reading, and nothing else', async () => {
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(seeds.length - 1), mutation, async (index, mutate) => {
        const seed = seeds[index] as Uint8Array;
        files += 1;
        outcomes[await guarded(() => parse(mutate(seed), signal))] += 1;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    // Changes that never reach the reader would say nothing; some formats take most of them well.
    expect(outcomes.refused > 0).toBe(forgives !== true);
  });
});

afterAll(() => {
  expect(files).toBeGreaterThanOrEqual(10_000);
  expect(process.resourceUsage().maxRSS * 1_024 - before).toBeLessThan(MAX_BYTES);
});
