import { describe, expect, test } from 'vitest';
import type { FileSet } from '../../../src/checkpoint/byte-source';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import { openSafetensors, openSafetensorsFile } from '../../../src/checkpoint/safetensors';
import { requireShape } from '../../../src/checkpoint/tensor-source';
import { failureOf } from './failure-of';
import { safetensors } from './safetensors-file';

const { signal } = new AbortController();
const pair = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };

function open(header: unknown, data = new Uint8Array(8)) {
  return openSafetensorsFile(bytesSource('m.safetensors', safetensors(header, data)), signal);
}

test('reads each tensor by its own range', async () => {
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
  const source = await open(
    {
      __metadata__: { format: 'pt' },
      b: { dtype: 'F32', shape: [2, 2], data_offsets: [8, 24] },
      a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
    },
    data,
  );
  expect(source.names()).toEqual(['b', 'a']);
  expect(source.info('b')).toMatchObject({ dtype: 'F32', shape: [2, 2] });
  expect(source.info('c')).toBeUndefined();
  expect([...(await source.read('a', signal))]).toEqual([1, 2]);
  expect([...(await source.read('b', signal))]).toEqual([3, 4, 5, 6]);
});

test('reads the header and nothing else until a tensor is asked for', async () => {
  const bytes = safetensors({ a: pair }, new Uint8Array(8));
  const ranges: [number, number][] = [];
  const source = await openSafetensorsFile(
    {
      ...bytesSource('m', bytes),
      read: (start, end) => {
        ranges.push([start, end]);
        return Promise.resolve(bytes.subarray(start, end));
      },
    },
    signal,
  );
  expect(ranges.every(([, end]) => end <= bytes.length - 8)).toBe(true);
  await source.read('a', signal);
  expect(ranges.at(-1)).toEqual([bytes.length - 8, bytes.length]);
});

const HOSTILE: [string, unknown, string][] = [
  ['a header that is a list', [], 'checkpoint-damaged'],
  ['an entry that is a number', { a: 3 }, 'checkpoint-damaged'],
  ['a dtype that is a number', { a: { ...pair, dtype: 4 } }, 'checkpoint-damaged'],
  ['a dtype nobody knows', { a: { ...pair, dtype: 'F8_E4M3' } }, 'checkpoint-unsupported'],
  ['a dtype named like a method', { a: { ...pair, dtype: 'toString' } }, 'checkpoint-unsupported'],
  ['a negative size', { a: { ...pair, shape: [-2] } }, 'checkpoint-damaged'],
  ['a size that is no integer', { a: { ...pair, shape: [0.5] } }, 'checkpoint-damaged'],
  ['a size beyond counting', { a: { ...pair, shape: [2 ** 53] } }, 'checkpoint-damaged'],
  [
    'sizes whose product overflows',
    { a: { ...pair, shape: Array(40).fill(2 ** 50) } },
    'checkpoint-damaged',
  ],
  ['a shape that is a word', { a: { ...pair, shape: '2' } }, 'checkpoint-damaged'],
  ['fewer bytes than the shape asks', { a: { ...pair, shape: [3] } }, 'checkpoint-damaged'],
  ['offsets the wrong way round', { a: { ...pair, data_offsets: [8, 0] } }, 'checkpoint-damaged'],
  ['one offset', { a: { ...pair, data_offsets: [8] } }, 'checkpoint-damaged'],
  ['data past the end', { a: { ...pair, data_offsets: [4, 12] } }, 'checkpoint-damaged'],
  ['two tensors in one place', { a: pair, b: pair }, 'checkpoint-damaged'],
  [
    'overlapping tensors',
    { a: pair, b: { ...pair, shape: [1], data_offsets: [4, 8] } },
    'checkpoint-damaged',
  ],
];

describe('refuses', () => {
  test.each(HOSTILE)('%s', async (_, header, code) => {
    expect((await failureOf(open(header))).code).toBe(code);
  });

  test.each([
    ['an empty file', new Uint8Array(0)],
    ['a header longer than the file', safetensors({ a: pair }, new Uint8Array(8)).slice(0, 20)],
    ['a header of two gigabytes', new Uint8Array(BigUint64Array.of(2n ** 31n).buffer)],
    ['a header of 2⁶⁴ − 1 bytes', new Uint8Array(BigUint64Array.of(2n ** 64n - 1n).buffer)],
    ['a header that is no JSON', safetensors('{"a": ', new Uint8Array(8), true)],
    ['a header that is no UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe)],
  ])('%s', async (_, bytes) => {
    const failure = await failureOf(openSafetensorsFile(bytesSource('m', bytes), signal));
    expect(failure).toMatchObject({ code: 'checkpoint-damaged', file: 'm' });
  });

  test('a file that ends before its tensor does', async () => {
    const bytes = safetensors({ a: pair }, new Uint8Array(8));
    const short = { ...bytesSource('m', bytes.slice(0, -4)), size: bytes.length };
    const source = await openSafetensorsFile(short, signal);
    expect((await failureOf(source.read('a', signal))).code).toBe('checkpoint-damaged');
  });

  test.each([
    ['a tensor that is missing', 'b', [2], 'checkpoint-missing'],
    ['a tensor of another rank', 'a', [1, 2], 'checkpoint-damaged'],
    ['a tensor of another size', 'a', [3], 'checkpoint-damaged'],
  ])('%s', async (_, name, shape, code) => {
    const source = await open({ a: pair });
    const check = Promise.resolve().then(() => requireShape(source, name, shape));
    expect((await failureOf(check)).code).toBe(code);
  });
});

describe('shards', () => {
  const shard = (value: number, name: string) =>
    bytesSource(
      'shard',
      safetensors(
        { [name]: { ...pair, shape: [1], data_offsets: [0, 4] } },
        new Uint8Array(Float32Array.of(value).buffer),
      ),
    );
  const set = (map: unknown): FileSet =>
    new Map([
      [
        'model.safetensors.index.json',
        bytesSource('i', new TextEncoder().encode(JSON.stringify({ weight_map: map }))),
      ],
      ['1.safetensors', shard(1, 'a')],
      ['2.safetensors', shard(2, 'b')],
    ]);

  test('are read as one', async () => {
    const source = await openSafetensors(
      set({ a: '1.safetensors', b: '2.safetensors' }),
      'model',
      signal,
    );
    expect([...(await source.read('b', signal))]).toEqual([2]);
  });

  test.each([
    [{ a: '3.safetensors' }, 'checkpoint-missing'],
    [{ b: '1.safetensors' }, 'checkpoint-damaged'],
    [{ a: 1 }, 'checkpoint-damaged'],
    [null, 'checkpoint-damaged'],
  ])('refuses the index %j', async (map, code) => {
    expect((await failureOf(openSafetensors(set(map), 'model', signal))).code).toBe(code);
  });

  test('a checkpoint without weights is missing them', async () => {
    const failure = await failureOf(openSafetensors(new Map(), 'model', signal));
    expect(failure).toEqual({ code: 'checkpoint-missing', file: 'model.safetensors' });
  });
});
