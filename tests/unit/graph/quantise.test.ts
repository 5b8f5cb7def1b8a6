import { describe, expect, test } from 'vitest';
import {
  BLOCK,
  blockBytes,
  blocksOf,
  quantiseBlocks,
  quantiseInt8,
} from '../../../src/graph/quantise';
import type { BlockBits } from '../../../src/graph/quantise';

/** Weights that look like a model's: mostly small, a few large. */
function weights(count: number, seed = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin((i + seed) * 12.9898) ** 5 * 0.3);
}

function relativeError(found: ArrayLike<number>, expected: Float32Array): number {
  let error = 0;
  let total = 0;
  for (const [i, value] of expected.entries()) {
    error += ((found[i] as number) - value) ** 2;
    total += value ** 2;
  }
  return Math.sqrt(error / total);
}

describe('8 bits a row', () => {
  const IN = 37;
  const OUT = 5;

  test('no weight is off by more than half a step', () => {
    const source = weights(IN * OUT);
    const target = { values: new Int8Array(IN * OUT), scales: new Float32Array(OUT) };
    quantiseInt8(source, IN, 'out-in', target, 0);
    for (const [i, weight] of source.entries()) {
      const scale = target.scales[Math.floor(i / IN)] as number;
      const error = Math.abs((target.values[i] as number) * scale - weight);
      expect(error).toBeLessThanOrEqual(scale * 0.5001);
    }
    expect(Math.max(...target.values.map(Math.abs))).toBe(127);
  });

  test('transposed holds the same values', () => {
    const source = weights(IN * OUT);
    const rows = { values: new Int8Array(IN * OUT), scales: new Float32Array(OUT) };
    const columns = { values: new Int8Array(IN * OUT), scales: new Float32Array(OUT) };
    quantiseInt8(source, IN, 'out-in', rows, 0);
    quantiseInt8(source, IN, 'in-out', columns, 0);
    expect(columns.scales).toEqual(rows.scales);
    for (const i of rows.values.keys()) {
      expect(columns.values[(i % IN) * OUT + Math.floor(i / IN)]).toBe(rows.values[i]);
    }
  });

  test.each(['out-in', 'in-out'] as const)('pieces fill their own place, %s', (layout) => {
    const whole = { values: new Int8Array(IN * OUT), scales: new Float32Array(OUT) };
    const pieces = { values: new Int8Array(IN * OUT), scales: new Float32Array(OUT) };
    const source = weights(IN * OUT);
    quantiseInt8(source, IN, layout, whole, 0);
    quantiseInt8(source.subarray(0, 2 * IN), IN, layout, pieces, 0);
    quantiseInt8(source.subarray(2 * IN), IN, layout, pieces, 2);
    expect(pieces).toEqual(whole);
  });

  test('a row of zeros stays zero', () => {
    const target = { values: new Int8Array(3).fill(9), scales: new Float32Array(1) };
    quantiseInt8(new Float32Array(3), 3, 'out-in', target, 0);
    expect([...target.values]).toEqual([0, 0, 0]);
    expect(target.scales[0]).toBeGreaterThan(0);
  });
});

describe.each([
  [4, 0.12],
  [8, 0.01],
] as const)('%d bits a block', (bits, tolerance) => {
  test.each([32, 64, 42])('%d inputs come back within their error', (inSize) => {
    const source = weights(3 * inSize);
    expect(relativeError(roundTrip(source, inSize, bits), source)).toBeLessThan(tolerance);
  });

  test('a block of zeros stays zero, and its neighbour does not', () => {
    const source = weights(2 * BLOCK);
    source.fill(0, 0, BLOCK);
    const found = roundTrip(source, 2 * BLOCK, bits);
    expect(found.slice(0, BLOCK).every((value) => value === 0)).toBe(true);
    expect(found.slice(BLOCK).some((value) => value !== 0)).toBe(true);
  });

  test('one large weight harms its own block only', () => {
    const source = weights(2 * BLOCK);
    source[3] = 50;
    const found = roundTrip(source, 2 * BLOCK, bits);
    expect(relativeError(found.slice(BLOCK), source.slice(BLOCK))).toBeLessThan(tolerance);
  });
});

/** Quantises and reads back as the runtime's operator is documented to. */
function roundTrip(source: Float32Array, inSize: number, bits: BlockBits): Float32Array {
  const out = source.length / inSize;
  const blocks = blocksOf(inSize);
  const target = {
    values: new Uint8Array(out * blocks * blockBytes(bits)),
    scales: new Float32Array(out * blocks),
  };
  quantiseBlocks(source, inSize, bits, target, 0);
  return source.map((_, i) => {
    const row = Math.floor(i / inSize);
    const within = i % inSize;
    const block = row * blocks + Math.floor(within / BLOCK);
    const place = within % BLOCK;
    const byte = (at: number): number => target.values[block * blockBytes(bits) + at] as number;
    const q = bits === 8 ? byte(place) : (byte(place >> 1) >> (4 * (place % 2))) & 15;
    return (q - (bits === 8 ? 128 : 8)) * (target.scales[block] as number);
  });
}
