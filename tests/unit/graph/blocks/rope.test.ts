import { describe, expect, test } from 'vitest';
import { FailureError } from '../../../../src/domain/failure';
import type { JsonObject } from '../../../../src/checkpoint/json-file';
import { readRope, ropeAttention, ropeFrequencies } from '../../../../src/graph/blocks/rope';

const CONFIG = { max_position_embeddings: 64, rope_theta: 100 };

function read(parameters: JsonObject, config: JsonObject = CONFIG) {
  return readRope(parameters, config, 8);
}

test('without a word, each pair turns slower than the one before', () => {
  const { rope, limit } = read({});
  expect(limit).toBeNull();
  expect(ropeAttention(rope)).toBe(1);
  const expected = [1, 100 ** -0.25, 0.1, 100 ** -0.75];
  for (const [i, frequency] of ropeFrequencies(rope).entries()) {
    expect(frequency).toBeCloseTo(expected[i] ?? NaN, 6);
  }
});

test('older files say type, newer rope_type', () => {
  const older = read({ type: 'linear', factor: 4 });
  expect(older).toEqual(read({ rope_type: 'linear', factor: 4 }));
  expect(ropeFrequencies(older.rope)[0]).toBe(0.25);
});

test('a share of the head turns', () => {
  const { rope } = read({ partial_rotary_factor: 0.5 });
  expect(ropeFrequencies(rope)).toHaveLength(2);
});

test('what turns anew past a length ends there', () => {
  expect(read({ type: 'dynamic', factor: 2 })).toEqual({ ...read({}), limit: 64 });
  const factors = { short_factor: [1, 2, 3, 4], long_factor: [9, 9, 9, 9] };
  const long = read({ type: 'longrope', ...factors, original_max_position_embeddings: 16 });
  expect(long.limit).toBe(16);
  expect(ropeAttention(long.rope)).toBeCloseTo(Math.sqrt(1 + Math.log(4) / Math.log(16)), 12);
  expect(ropeFrequencies(long.rope)[2]).toBeCloseTo(0.1 / 3, 7);
});

test('the length of training may stand beside the settings, and then counts', () => {
  const config = { ...CONFIG, original_max_position_embeddings: 32 };
  const settings = { type: 'longrope', short_factor: [1, 1, 1, 1] };
  expect(read({ ...settings, original_max_position_embeddings: 16 }, config).limit).toBe(32);
});

describe('YaRN tempers attention', () => {
  test.each([
    ['by its factor', {}, 0.1 * Math.log(4) + 1],
    ['as the file says', { attention_factor: 0.5 }, 0.5],
    [
      'by two scales',
      { mscale: 2, mscale_all_dim: 1 },
      (0.2 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1),
    ],
    ['not at all for no stretch', { factor: 1 }, 1],
  ])('%s', (_, settings, expected) => {
    const { rope } = read({ rope_type: 'yarn', factor: 4, ...settings });
    expect(ropeAttention(rope)).toBeCloseTo(expected, 12);
  });
});

test.each([
  [{ type: 'linear' }, 'checkpoint-damaged'],
  [{ type: 'linear', factor: -1 }, 'checkpoint-damaged'],
  [{ type: 'llama3', factor: 2 }, 'checkpoint-damaged'],
  [{ type: 'longrope', short_factor: [1, 2] }, 'checkpoint-damaged'],
  [{ type: 'longrope', short_factor: [1, 2, 3, 'x'] }, 'checkpoint-damaged'],
  [{ partial_rotary_factor: 2 }, 'checkpoint-damaged'],
  [{ rope_theta: 0 }, 'checkpoint-damaged'],
  [{ type: 'mrope' }, 'checkpoint-unsupported'],
])('refuses %j', (parameters, code) => {
  let caught: unknown;
  try {
    read(parameters as JsonObject);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(FailureError);
  expect((caught as FailureError).failure.code).toBe(code);
});
