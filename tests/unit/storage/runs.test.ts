import 'fake-indexeddb/auto';
import { createStore, set } from 'idb-keyval';
import { describe, expect, it, vi } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import { browserRuns, indexedDbRuns } from '../../../src/storage/idb-runs.ts';
import { memoryRuns } from '../../../src/storage/memory.ts';
import type { RunStorage } from '../../../src/storage/runs.ts';
import { fakeRecord } from '../../fakes/record.ts';

let databases = 0;
const freshStore = () => createStore(`test-${String(++databases)}`, 'runs');

const KINDS: [string, () => RunStorage][] = [
  ['IndexedDB', () => indexedDbRuns(freshStore())],
  ['memory', memoryRuns],
  [
    'the browser',
    () =>
      browserRuns(
        () => undefined,
        () => indexedDbRuns(freshStore()),
      ),
  ],
];

describe.each(KINDS)('runs in %s', (_, open) => {
  it('come back as they were', async () => {
    const runs = open();
    expect(await runs.get('r1')).toEqual({ ok: true, value: null });
    await runs.put(fakeRecord());
    expect(await runs.get('r1')).toEqual({ ok: true, value: fakeRecord() });
  });

  it('are listed newest first, by their summaries', async () => {
    const runs = open();
    for (const [id, createdAt] of [
      ['a', 10],
      ['b', 30],
      ['c', 20],
    ] as const) {
      await runs.put(fakeRecord({ id, createdAt }));
    }
    const listed = await runs.list();
    expect(listed.ok && listed.value.map((summary) => summary.id)).toEqual(['b', 'c', 'a']);
    expect(listed.ok && listed.value[0]).not.toHaveProperty('cells');
  });

  it('are replaced and removed', async () => {
    const runs = open();
    await runs.put(fakeRecord({ title: 'uno' }));
    await runs.put(fakeRecord({ title: 'dos' }));
    expect(await runs.list()).toMatchObject({ value: [{ title: 'dos' }] });
    expect(await runs.remove('r1')).toEqual({ ok: true, value: null });
    expect(await runs.remove('r1')).toEqual({ ok: true, value: null });
    expect(await runs.list()).toEqual({ ok: true, value: [] });
    expect(await runs.get('r1')).toEqual({ ok: true, value: null });
  });
});

describe('a record that this version cannot read', () => {
  it.each<[string, unknown, Failure]>([
    ['newer', { format: 'patio.run', version: 9 }, { code: 'record-newer', version: 9 }],
    ['foreign', { a: 1 }, { code: 'record-foreign' }],
  ])('is refused when it is %s', async (_, value, failure) => {
    const store = freshStore();
    await set(['record', 'x'], value, store);
    expect(await indexedDbRuns(store).get('x')).toEqual({ ok: false, failure });
  });
});

describe('a browser that refuses', () => {
  const refusing = (error: unknown) => indexedDbRuns(() => Promise.reject(error as Error));

  it.each<[string, unknown, Failure]>([
    ['a full disk', new DOMException('', 'QuotaExceededError'), { code: 'storage-full' }],
    [
      'a private window',
      new DOMException('no', 'InvalidStateError'),
      { code: 'storage-unavailable', detail: 'InvalidStateError: no' },
    ],
    ['what is no error at all', 'nothing', { code: 'storage-unavailable', detail: 'nothing' }],
  ])('answers with data: %s', async (_, error, failure) => {
    const runs = refusing(error);
    const refused = { ok: false, failure };
    expect(await runs.put(fakeRecord())).toEqual(refused);
    expect(await runs.get('r1')).toEqual(refused);
    expect(await runs.list()).toEqual(refused);
    expect(await runs.remove('r1')).toEqual(refused);
  });

  it('keeps the old record whole when half of the new one does not fit', async () => {
    const store = freshStore();
    await indexedDbRuns(store).put(fakeRecord({ title: 'uno' }));
    const original = IDBObjectStore.prototype.put;
    let writes = 0;
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    put.mockImplementation(function (this: IDBObjectStore, ...entry) {
      if (++writes === 1) return original.apply(this, entry);
      this.transaction.abort();
      throw new DOMException('', 'QuotaExceededError');
    });
    const stored = await indexedDbRuns(store).put(fakeRecord({ title: 'dos' }));
    put.mockRestore();
    expect(stored).toEqual({ ok: false, failure: { code: 'storage-full' } });
    expect(await indexedDbRuns(store).get('r1')).toMatchObject({ value: { title: 'uno' } });
  });

  it('leaves Patio working from memory, and says so once', async () => {
    const report = vi.fn();
    const runs = browserRuns(report, () => refusing(new DOMException('no', 'SecurityError')));
    await Promise.all([runs.list(), runs.put(fakeRecord())]);
    expect(await runs.get('r1')).toEqual({ ok: true, value: fakeRecord() });
    const failure = { code: 'storage-unavailable', detail: 'SecurityError: no' };
    expect(report.mock.calls).toEqual([[failure]]);
  });

  it('leaves Patio working where there is no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const report = vi.fn();
    const runs = browserRuns(report, () => indexedDbRuns(freshStore()));
    expect(await runs.list()).toEqual({ ok: true, value: [] });
    expect(report).toHaveBeenCalledWith(expect.objectContaining({ code: 'storage-unavailable' }));
    vi.unstubAllGlobals();
  });
});
