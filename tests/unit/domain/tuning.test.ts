import { describe, expect, it } from 'vitest';
import { choose, threadCandidates, type Measurement } from '../../../src/domain/tuning.ts';

const TOKENS = [5, 6, 7, 8, 9, 10].map((id) => ({ id, logprob: -id / 10 }));
const MB = 1_000_000;

function cpu(threads: number, tokensPerSecond: number): Measurement {
  return { backend: 'cpu', variant: 'cpu8', threads, tokensPerSecond, tokens: TOKENS };
}
function gpu(tokensPerSecond: number, tokens: Measurement['tokens'] = TOKENS): Measurement {
  return { backend: 'gpu', variant: 'gpu4', threads: 1, tokensPerSecond, tokens };
}
const SAME: Measurement = { ...cpu(2, 0), variant: 'gpu4', tokensPerSecond: null };
/** The tokens with one of them changed. */
const changed = (at: number, change: Partial<Measurement['tokens'][number]>) =>
  TOKENS.map((token, index) => (index === at ? { ...token, ...change } : token));

describe('threads', () => {
  it.each<[string, Measurement[], number, number | null]>([
    ['the fastest', [cpu(1, 100), cpu(2, 180), cpu(4, 300)], 4, 3],
    ['in whatever order', [cpu(4, 300), cpu(1, 100), cpu(2, 180)], 4, 3],
    ['fewer where more are not worth it', [cpu(1, 100), cpu(2, 105)], 1, 1],
    ['fewer where more are slower', [cpu(1, 100), cpu(2, 150), cpu(4, 80)], 2, 1.5],
    [
      'more, though the step before was not worth it',
      [cpu(1, 100), cpu(2, 105), cpu(4, 200)],
      4,
      2,
    ],
    ['one, compared with nothing', [cpu(1, 100)], 1, null],
  ])('%s', (_, measurements, threads, threadGain) => {
    expect(choose(measurements, MB)).toEqual({ threads, threadGain, gpu: null });
  });

  it('cannot be chosen without a measurement', () => {
    expect(choose([], MB)).toBeNull();
    expect(choose([SAME], MB)).toBeNull();
  });

  it.each([
    [1, [1]],
    [2, [1, 2]],
    [4, [1, 2, 4]],
    [6, [1, 2, 3, 4]],
    [8, [1, 2, 4]],
    [64, [1, 2, 4]],
  ])('candidates of %i cores', (cores, counts) => {
    expect(threadCandidates(cores)).toEqual(counts);
  });
});

describe('the GPU', () => {
  const verdict = (...others: Measurement[]) => choose([cpu(1, 100), ...others], MB)?.gpu;

  it('is preferred where it is faster', () => {
    expect(verdict(gpu(200), SAME)).toEqual({ status: 'right', cpuGain: 0.5, cpuUpToBytes: 0 });
  });

  it('is left to models so much larger as the CPU is faster', () => {
    expect(verdict(gpu(25), SAME)).toEqual({ status: 'right', cpuGain: 4, cpuUpToBytes: 4 * MB });
  });

  it('has no verdict where nothing was compared', () => {
    expect(verdict(gpu(200))).toBeNull();
    expect(verdict()).toBeNull();
  });

  it.each<[string, Measurement['tokens'], string]>([
    ['rounding', changed(2, { logprob: -0.5 }), 'right'],
    ['another token early on', changed(1, { id: 99 }), 'wrong'],
    ['another token as good, later on', changed(5, { id: 99 }), 'right'],
    ['another token far worse, later on', changed(5, { id: 99, logprob: -4 }), 'wrong'],
    ['the same tokens with other probabilities', changed(3, { logprob: -2 }), 'wrong'],
    ['no number', changed(3, { logprob: NaN }), 'wrong'],
    ['nothing at all', [], 'wrong'],
  ])('%s', (_, tokens, status) => {
    expect(verdict(gpu(200, tokens), SAME)).toMatchObject({ status });
  });
});
