import { describe, expect, it } from 'vitest';
import { createPrng, splitmix64, xoshiro128 } from '../../../workers/prng.ts';

function take<T>(count: number, next: () => T): T[] {
  return Array.from({ length: count }, () => next());
}

describe('random numbers', () => {
  it('splitmix64 gives the published sequence of seed 1234567', () => {
    expect(take(5, splitmix64(1234567n))).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });

  it('xoshiro128** gives the published sequence of state 1, 2, 3, 4', () => {
    expect(take(10, xoshiro128([1, 2, 3, 4]))).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
      4258142804,
    ]);
  });

  it('makes doubles as an independent implementation of both makes them', () => {
    const { uniform } = createPrng(42);
    expect(take(4, uniform)).toEqual([
      0.4137016681565887, 0.003983993377814743, 0.6500837027638867, 0.6846020186141416,
    ]);
  });

  it('stays in [0, 1) at the ends of the seeds, and tells seeds apart', () => {
    const first = [0, 1, 2 ** 32 - 1].map((seed) => take(1000, createPrng(seed).uniform));
    expect(first.flat().every((value) => value >= 0 && value < 1)).toBe(true);
    expect(new Set(first.map(([value]) => value)).size).toBe(3);
  });
});
