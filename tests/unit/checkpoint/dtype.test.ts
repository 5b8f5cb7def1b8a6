import { expect, test } from 'vitest';
import { decodeFloat16, decodeFloats } from '../../../src/checkpoint/dtype';
import type { Dtype } from '../../../src/checkpoint/dtype';

const bytes = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const CASES: [Dtype, ArrayBufferView, number[]][] = [
  ['F32', Float32Array.of(1.5, -2), [1.5, -2]],
  ['F64', Float64Array.of(0.1, 1e300), [Math.fround(0.1), Infinity]],
  [
    'BF16',
    Uint16Array.of(0x3f80, 0xc049, 0x0000, 0x7f80, 0x0001),
    [1, -3.140625, 0, Infinity, 2 ** -133],
  ],
  [
    'F16',
    Uint16Array.of(0x3c00, 0xc248, 0x0001, 0x7bff, 0xfc00),
    [1, -3.140625, 2 ** -24, 65504, -Infinity],
  ],
  ['I64', BigInt64Array.of(-3n, 2n ** 40n), [-3, 2 ** 40]],
  ['I32', Int32Array.of(-3, 7), [-3, 7]],
  ['I16', Int16Array.of(-300, 7), [-300, 7]],
  ['I8', Int8Array.of(-3, 127), [-3, 127]],
  ['U8', Uint8Array.of(0, 255), [0, 255]],
  ['BOOL', Uint8Array.of(0, 1), [0, 1]],
];

test.each(CASES)('%s', (dtype, stored, expected) => {
  expect([...decodeFloats(dtype, bytes(stored))]).toEqual(expected);
});

test.each(CASES)('%s from an odd place in a larger buffer', (dtype, stored, expected) => {
  const within = new Uint8Array(stored.byteLength + 3);
  within.set(bytes(stored), 3);
  expect([...decodeFloats(dtype, within.subarray(3))]).toEqual(expected);
});

test('float16 not-a-number and signed zero', () => {
  expect(decodeFloat16(0x7e00)).toBeNaN();
  expect(Object.is(decodeFloat16(0x8000), -0)).toBe(true);
});
