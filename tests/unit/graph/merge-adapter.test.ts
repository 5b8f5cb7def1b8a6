import { expect, test } from 'vitest';
import type { AdaptedModule, Adapter } from '../../../src/checkpoint/adapter';
import type { TensorInfo, TensorSource } from '../../../src/checkpoint/tensor-source';
import { mergeAdapter } from '../../../src/graph/merge-adapter';
import { layAdapter } from '../../../src/graph/ports';

const { signal } = new AbortController();
/** `[in, out]` = `[3, 2]`, so that the two ways round cannot be confused. */
const MATRICES: AdaptedModule = {
  rank: 1,
  in: 3,
  out: 2,
  A: Float32Array.of(1, 2, 3),
  B: Float32Array.of(10, 100),
};
const HEAD = { shape: [2, 2], data: Float32Array.of(5, 6, 7, 8) };

function base(tensors: Record<string, TensorInfo>): TensorSource {
  return {
    names: () => Object.keys(tensors),
    info: (name) => tensors[name],
    read: (name) => {
      const [rows = 1, columns = 1] = tensors[name]?.shape ?? [];
      return Promise.resolve(new Float32Array(rows * columns));
    },
  };
}

function adapter(modules: Record<string, AdaptedModule>, saved: Record<string, typeof HEAD> = {}) {
  const made: Adapter = {
    modules: new Map(Object.entries(modules)),
    saved: new Map(Object.entries(saved)),
  };
  return made;
}

test.each([
  ['as the base keeps it', [2, 3], undefined, [10, 20, 30, 100, 200, 300]],
  ['the other way round', [3, 2], true, [10, 100, 20, 200, 30, 300]],
  ['the way that fits, whatever was said', [3, 2], undefined, [10, 100, 20, 200, 30, 300]],
])('%s', async (_, shape, transposed, expected) => {
  const matrices = transposed === undefined ? MATRICES : { ...MATRICES, transposed };
  const merged = mergeAdapter(
    base({ 'm.weight': { dtype: 'F32', shape } }),
    adapter({ m: matrices }),
  );
  expect([...(await merged.read('m.weight', signal))]).toEqual(expected);
  const width = shape[1] as number;
  expect([...((await merged.readRows?.('m.weight', 1, 1, signal)) ?? [])]).toEqual(
    expected.slice(width, 2 * width),
  );
});

test('a whole tensor takes the place of the base, or stands beside it', async () => {
  const source = base({ 'head.weight': { dtype: 'BF16', shape: [9, 2] } });
  const merged = mergeAdapter(source, adapter({}, { 'head.weight': HEAD, 'new.weight': HEAD }));
  expect(merged.names()).toEqual(['head.weight', 'new.weight']);
  for (const name of merged.names()) {
    expect(merged.info(name)).toEqual({ dtype: 'F32', shape: [2, 2] });
    expect([...((await merged.readRows?.(name, 1, 1, signal)) ?? [])]).toEqual([7, 8]);
    (await merged.read(name, signal)).fill(0);
    expect([...(await merged.read(name, signal))]).toEqual([5, 6, 7, 8]);
  }
});

test('a weight that an adapter changes is no longer the one it was tied to', () => {
  const source = base({
    'a.weight': { dtype: 'F32', shape: [2, 3] },
    'b.weight': { dtype: 'F32', shape: [2, 3], sameAs: 'a.weight' },
  });
  expect(mergeAdapter(source, adapter({ b: MATRICES })).info('b.weight')?.sameAs).toBeUndefined();
  expect(mergeAdapter(source, adapter({ a: MATRICES })).info('b.weight')?.sameAs).toBeUndefined();
});

test('says which parts of the adapter nobody has asked for', () => {
  const source = base({ 'm.weight': { dtype: 'F32', shape: [2, 3] } });
  const merged = mergeAdapter(source, adapter({ m: MATRICES }, { 'lm_head.weight': HEAD }));
  expect(merged.untouched()).toEqual(['lm_head.weight', 'm.weight']);
  merged.info('m.weight');
  expect(merged.untouched()).toEqual(['lm_head.weight']);
});

test('ports cannot hold whole tensors', () => {
  expect(() => layAdapter([], adapter({}, { 'score.weight': HEAD }))).toThrow(
    expect.objectContaining({
      failure: { code: 'adapter-needs-merge', tensors: ['score.weight'] },
    }),
  );
});
