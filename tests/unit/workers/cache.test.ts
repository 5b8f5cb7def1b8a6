import { describe, expect, it } from 'vitest';
import { PrefixCache, usableLength, type Prefix } from '../../../workers/cache.ts';
import type { Feeds } from '../../../workers/session.ts';

const BARE: Feeds = {};
const ADAPTED: Feeds = {};
/** Of one token: two float32 states of two values. */
const TOKEN_BYTES = 2 * 2 * 4;

let released: string[] = [];

function prefix(ids: readonly number[], adapter = BARE): Prefix {
  const dims = [1, 2, ids.length, 1];
  const dispose = () => void released.push(ids.join(' '));
  const key = { data: null, dims, dispose };
  return { ids, adapter, states: { key, value: { data: null, dims, dispose: () => undefined } } };
}

function filled(entries: readonly Prefix[], { canCut = true, tokens = 100 } = {}): PrefixCache {
  released = [];
  const cache = new PrefixCache(tokens * TOKEN_BYTES);
  for (const entry of entries) cache.keep(entry, canCut);
  return cache;
}

describe('how much is reused', () => {
  it.each([
    [[1, 2, 3], [1, 2, 3, 4], 3, 3],
    [[1, 2, 3], [1, 2, 9, 4], 2, 0],
    [[1, 2, 3, 4], [1, 2, 3], 2, 0],
    [[1, 2, 3], [1, 2, 3], 2, 0],
    [[9, 2, 3], [1, 2, 3], 0, 0],
    [[], [1], 0, 0],
    [[1], [1], 0, 0],
  ])('of %j for %j: %i where states can be cut, %i where not', (read, ids, cut, whole) => {
    expect(usableLength(read, ids, true)).toBe(cut);
    expect(usableLength(read, ids, false)).toBe(whole);
  });
});

describe('the cache', () => {
  it('finds the longest common beginning', () => {
    const cache = filled([prefix([1, 2, 8, 8, 8]), prefix([1, 2, 3, 4]), prefix([7])]);
    const found = cache.find([1, 2, 3, 5, 6], BARE, true);
    expect(found?.prefix.ids).toEqual([1, 2, 3, 4]);
    expect(found?.length).toBe(3);
    expect(cache.find([5, 5], BARE, true)).toBeNull();
  });

  it('gives nothing that another adapter has read', () => {
    const cache = filled([prefix([1, 2, 3])]);
    expect(cache.find([1, 2, 3, 4], ADAPTED, true)).toBeNull();
    cache.keep(prefix([1, 2, 3, 4, 5], ADAPTED), true);
    expect(cache.find([1, 2, 3, 4], BARE, true)?.length).toBe(3);
    expect(released).toEqual([]);
  });

  it('keeps one entry of a text that grows, and no part of what it has', () => {
    const cache = filled([prefix([1, 2]), prefix([1, 2, 3, 4]), prefix([1, 2, 3])]);
    expect(cache.bytes).toBe(4 * TOKEN_BYTES);
    expect(released).toEqual(['1 2', '1 2 3']);
  });

  it('keeps every length where states cannot be cut', () => {
    const cache = filled([prefix([1, 2]), prefix([1, 2, 3, 4]), prefix([1, 2])], { canCut: false });
    expect(released).toEqual(['1 2']);
    expect(cache.find([1, 2, 3, 9], BARE, false)?.length).toBe(2);
    expect(cache.find([1, 2, 3, 4, 9], BARE, false)?.length).toBe(4);
  });

  it('holds no more texts than a few runs make', () => {
    const entries = Array.from({ length: 40 }, (_, at) => prefix([at, 1]));
    const cache = filled(entries);
    expect(cache.bytes).toBe(24 * 2 * TOKEN_BYTES);
    expect(released[0]).toBe('0 1');
    expect(cache.find([39, 1, 5], BARE, true)?.length).toBe(2);
  });

  it('lets go of what was used longest ago when memory is short', () => {
    const cache = filled([prefix([1, 1, 1]), prefix([2, 2, 2]), prefix([3, 3, 3])], { tokens: 9 });
    cache.find([1, 1, 1, 1], BARE, true);
    cache.keep(prefix([4, 4, 4]), true);
    expect(released).toEqual(['2 2 2']);
    cache.keep(prefix(Array<number>(10).fill(5)), true);
    expect(cache.bytes).toBe(0);
  });
});
