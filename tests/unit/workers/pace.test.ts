import { describe, expect, it } from 'vitest';
import { keyValueStates } from '../../../src/graph/architecture.ts';
import type { StatePort } from '../../../src/graph/architecture.ts';
import { Pace, ReadingPace, rowsThatFit, withinOneTensor } from '../../../workers/pace.ts';

describe('rows that fit in memory', () => {
  it('are eight of a small model, and fewer of long texts', () => {
    const small = keyValueStates({ layers: 4, kvHeads: 2, headDim: 64 });
    const large = keyValueStates({ layers: 28, kvHeads: 8, headDim: 128 });
    expect(rowsThatFit(small, 512)).toBe(8);
    // 224 KiB of float32 for each token.
    expect(rowsThatFit(large, 200)).toBe(5);
    expect(rowsThatFit(large, 1024)).toBe(1);
    expect(rowsThatFit(large, 32_768)).toBe(1);
  });

  it('are no more than one tensor holds', () => {
    const small = keyValueStates({ layers: 4, kvHeads: 2, headDim: 64 });
    // 512 bytes for each token in each tensor.
    expect(rowsThatFit(small, 512, 3 * 512 * 512)).toBe(3);
    expect(rowsThatFit(small, 512, 3 * 512 * 512 - 1)).toBe(2);
    expect(rowsThatFit(small, 512, 100)).toBe(1);
  });

  it('are of no more tokens than one tensor holds', () => {
    const growing = keyValueStates({ layers: 4, kvHeads: 2, headDim: 64 });
    const fixed = { past: 'conv', present: 'conv', dims: [64, 3] };
    const ends = { bos: null, eos: [], pad: null, decoderStart: null };
    const contextWith = (states: readonly StatePort[], largestTensorBytes?: number) => {
      const model = { vocab: 8, context: 4096, ...ends, states };
      const placed = withinOneTensor(model, largestTensorBytes ? { largestTensorBytes } : {});
      return [placed.context, placed.trainedContext];
    };
    expect(contextWith([...growing, fixed], 128 * 2 ** 20)).toEqual([4096, undefined]);
    expect(contextWith([...growing, fixed], 512 * 4096)).toEqual([4096, undefined]);
    expect(contextWith([...growing, fixed], 512 * 10 + 511)).toEqual([10, 4096]);
    expect(contextWith([fixed], 1)).toEqual([4096, undefined]);
    expect(contextWith(growing)).toEqual([4096, undefined]);
  });
});

describe('the pace', () => {
  const paceOf = (steps: readonly (readonly [rows: number, ms: number, times: number])[]) => {
    const pace = new Pace();
    for (const [rows, ms, times] of steps) {
      for (let time = 0; time < times; time += 1) pace.measured(rows, ms);
    }
    return pace;
  };

  it('takes a few steps alone first', () => {
    expect(paceOf([]).rows(8)).toBe(1);
    expect(paceOf([[1, 5, 2]]).rows(8)).toBe(1);
    expect(paceOf([[1, 5, 3]]).rows(8)).toBe(8);
  });

  it('stays together where that is faster than one after another', () => {
    expect(
      paceOf([
        [1, 5, 3],
        [4, 12, 9],
      ]).rows(4),
    ).toBe(4);
  });

  it('goes one by one where it is not', () => {
    expect(
      paceOf([
        [1, 5, 3],
        [4, 21, 9],
      ]).rows(4),
    ).toBe(1);
  });

  it('judges by the shortest step, not by a disturbed one', () => {
    expect(
      paceOf([
        [1, 5, 3],
        [4, 90, 9],
        [4, 12, 1],
      ]).rows(4),
    ).toBe(4);
  });
});

describe('the reading pace', () => {
  const tokensAfter = (
    most: number,
    ...reads: readonly (readonly [tokens: number, ms: number])[]
  ) => {
    const pace = new ReadingPace();
    for (const read of reads) pace.measured(...read);
    return pace.tokens(most);
  };

  it.each([
    ['begins with few', 64, [], 16],
    ['takes no more than the runtime may be given', 5, [], 5],
    ['reads by as much as the runtime takes where that is fast', 64, [[16, 8]], 64],
    ['keeps a run of a slow model short', 64, [[16, 160]], 15],
    ['does not fall below what a run costs anyway', 64, [[16, 3200]], 8],
    [
      'follows a text that grows slower',
      64,
      [
        [16, 32],
        [64, 384],
      ],
      37,
    ],
  ] as const)('%s', (_, most, reads, tokens) => {
    expect(tokensAfter(most, ...reads)).toBe(tokens);
  });
});
