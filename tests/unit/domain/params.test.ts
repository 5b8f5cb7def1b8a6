import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clampParam,
  DEFAULT_PARAMS,
  effectiveOverrides,
  NUMERIC_PARAM_IDS,
  NUMERIC_PARAMS,
  sameBatchParams,
  withOverrides,
  type NumericParam,
} from '../../../src/domain/params.ts';

describe('clampParam', () => {
  it.each<[NumericParam, number, number]>([
    ['temperature', -1, 0],
    ['temperature', 9, 2],
    ['temperature', 0.73, 0.73],
    ['temperature', Number.NaN, 0.8],
    ['temperature', Number.POSITIVE_INFINITY, 0.8],
    ['topK', 39.6, 40],
    ['topP', 0, 0.05],
    ['maxTokens', 0, 1],
    ['maxTokens', 1e9, 1024],
    ['seed', -3, 0],
    ['seed', 2 ** 40, 4294967295],
    ['repetitionPenalty', 0.5, 1],
  ])('%s: %d becomes %d', (id, value, legal) => {
    expect(clampParam(id, value)).toBe(legal);
  });

  it('is within the limits and settled, whatever it is given', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NUMERIC_PARAM_IDS), fc.double(), (id, value) => {
        const legal = clampParam(id, value);
        expect(legal).toBeGreaterThanOrEqual(NUMERIC_PARAMS[id].min);
        expect(legal).toBeLessThanOrEqual(NUMERIC_PARAMS[id].max);
        expect(clampParam(id, legal)).toBe(legal);
      }),
    );
  });
});

it('starts from values that are legal', () => {
  for (const id of NUMERIC_PARAM_IDS) {
    expect(clampParam(id, DEFAULT_PARAMS[id])).toBe(DEFAULT_PARAMS[id]);
  }
});

describe('overrides', () => {
  it('win over the experiment', () => {
    expect(withOverrides(DEFAULT_PARAMS, { topK: 5 })).toEqual({ ...DEFAULT_PARAMS, topK: 5 });
  });

  it('count only where they differ', () => {
    const overrides = { topK: DEFAULT_PARAMS.topK, temperature: 0, stop: [] };
    expect(effectiveOverrides(DEFAULT_PARAMS, overrides)).toEqual({ temperature: 0 });
  });

  it.each([
    [{ seed: 7 }, true],
    [{ topK: 7 }, false],
    [{ stop: ['\n'] }, false],
  ])('%j may share a batch: %s', (overrides, same) => {
    expect(sameBatchParams(DEFAULT_PARAMS, withOverrides(DEFAULT_PARAMS, overrides))).toBe(same);
  });
});
