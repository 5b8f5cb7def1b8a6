import { expect, test } from 'vitest';
import type { AdaptedModule, Adapter } from '../../../src/checkpoint/adapter';
import { FailureError } from '../../../src/domain/failure';
import type { LoraPort } from '../../../src/graph/manifest';
import { mergeAdapter } from '../../../src/graph/merge-adapter';
import { layAdapter, zeroAdapter } from '../../../src/graph/ports';

const PORT: LoraPort = {
  a: 'lora.0.qkv.A',
  b: 'lora.0.qkv.B',
  in: 3,
  out: 4,
  projections: [
    { module: 'q', offset: 0, out: 2 },
    { module: 'k', offset: 2, out: 1 },
    { module: 'v', offset: 3, out: 1 },
  ],
};

const Q: AdaptedModule = {
  rank: 2,
  in: 3,
  out: 2,
  A: Float32Array.of(1, 2, 3, 4, 5, 6),
  B: Float32Array.of(7, 8, 9, 10),
};
const V: AdaptedModule = {
  rank: 1,
  in: 3,
  out: 1,
  A: Float32Array.of(11, 12, 13),
  B: Float32Array.of(14),
};

function adapter(modules: Record<string, AdaptedModule>): Adapter {
  return { modules: new Map(Object.entries(modules)), saved: new Map() };
}

function refusal(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
  }
  throw new Error('nothing was refused');
}

test('ranks lie side by side and each module writes its own columns', () => {
  const values = layAdapter([PORT], adapter({ v: V, q: Q }));
  expect(values.get(PORT.a)).toEqual({
    dims: [3, 3],
    data: Float32Array.of(1, 4, 11, 2, 5, 12, 3, 6, 13),
  });
  expect(values.get(PORT.b)).toEqual({
    dims: [3, 4],
    data: Float32Array.of(7, 9, 0, 0, 8, 10, 0, 0, 0, 0, 0, 14),
  });
});

test('no adapter is rank one and all zeros', () => {
  expect([...zeroAdapter([PORT])]).toEqual([
    [PORT.a, { dims: [3, 1], data: new Float32Array(3) }],
    [PORT.b, { dims: [1, 4], data: new Float32Array(4) }],
  ]);
});

test('a port that the adapter does not reach gets zeros', () => {
  const other: LoraPort = {
    ...PORT,
    a: 'a',
    b: 'b',
    projections: [{ module: 'o', offset: 0, out: 4 }],
  };
  const values = layAdapter([PORT, other], adapter({ q: Q }));
  expect(values.get('b')?.data.every((value) => value === 0)).toBe(true);
});

test.each([
  ['a module without a port', { head: Q }],
  ['other inputs than the base', { q: { ...Q, in: 2 } }],
  ['other outputs than the base', { v: { ...V, out: 2 } }],
])('refuses %s', (_, modules) => {
  expect(refusal(() => layAdapter([PORT], adapter(modules)))).toMatchObject({
    code: 'adapter-unsupported',
  });
});

test('merging adds B · A to the weights it is for', async () => {
  const { signal } = new AbortController();
  const base = {
    names: () => ['v.weight', 'w.weight'],
    info: () => ({ dtype: 'F32', shape: [1, 3] }) as const,
    read: () => Promise.resolve(Float32Array.of(1, 1, 1)),
  };
  const merged = mergeAdapter(base, adapter({ v: V }));
  expect([...(await merged.read('v.weight', signal))]).toEqual([155, 169, 183]);
  expect([...(await merged.read('w.weight', signal))]).toEqual([1, 1, 1]);
  expect(refusal(() => mergeAdapter(base, adapter({ v: Q })))).toMatchObject({
    code: 'adapter-unsupported',
  });
});
