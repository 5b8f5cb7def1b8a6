import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { createStore, entries, set } from 'idb-keyval';
import { describe, expect, it } from 'vitest';
import { createPackages, type PackageGround } from '../../../src/storage/browser-packages.ts';
import { idbFiles } from '../../../src/storage/idb-files.ts';
import { opfsFiles } from '../../../src/storage/opfs-files.ts';
import { idbIndex } from '../../../src/storage/package-index.ts';
import { localLocks, webLocks } from '../../../src/storage/package-locks.ts';
import type { PackageDraft, StoredPackage } from '../../../src/storage/packages.ts';
import { fakeDisk } from '../../support/opfs.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

let serial = 0;
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7) & 255);

interface Bench {
  readonly ground: PackageGround;
  /** Everything that is stored, by whatever name. */
  readonly left: () => Promise<unknown[]>;
}

const BENCHES: Readonly<Record<string, (limit?: number) => Bench>> = {
  'private files, in a Worker': (limit) => opfsBench(true, limit),
  'private files, in a page': (limit) => opfsBench(false, limit),
  IndexedDB: () => {
    const store = createStore(`files-${(serial += 1)}`, 'files');
    return bench(idbFiles(store), async () => (await entries(store)).map(([key]) => key));
  },
};

function opfsBench(sync: boolean, limit?: number): Bench {
  const disk = fakeDisk(sync, limit);
  const left = () => Promise.resolve(disk.paths());
  return bench(
    opfsFiles(() => Promise.resolve(disk.root)),
    left,
  );
}

function bench(files: PackageGround['files'], left: Bench['left']): Bench {
  const index = idbIndex(createStore(`index-${(serial += 1)}`, 'entries'));
  const ground = {
    files,
    index,
    locks: localLocks(),
    freeBytes: () => Promise.resolve(10_000_000),
    unique: () => String((serial += 1)),
  };
  return { ground, left };
}

function entry(id: string, change: Partial<StoredPackage> = {}): StoredPackage {
  return {
    ...{ id, name: id, family: 'llama', head: 'causal-lm', tasks: ['text-generation'] },
    ...{
      runtime: 'patio',
      prompting: 'completion',
      labels: [],
      prefixes: [],
      parameters: 5,
      contextTokens: 64,
    },
    ...{ license: null, languages: ['es'], base: null, variants: [{ id: 'cpu8', bytes: 7 }] },
    ...{ adapterOf: null, check: { status: 'unchecked' }, addedAt: 1, usedAt: 1 },
    origin: { kind: 'files', endpoint: null, repo: null, commit: null },
    ...change,
  } as StoredPackage;
}

async function write(draft: PackageDraft, path: string, content: Uint8Array, step = 1000) {
  const writer = await draft.open(path);
  for (let at = 0; at < content.length; at += step)
    await writer.write(content.subarray(at, at + step));
  return writer.close();
}

describe.each(Object.entries(BENCHES))('packages in %s', (_, start) => {
  it('are written by parts, hashed, and seen only once they are committed', async () => {
    const store = createPackages(start().ground);
    const content = bytes(5_000_001);
    const draft = await store.draft('autor/modelo@1');
    const file = await write(draft, 'onnx/model.onnx_data', content, 777_777);
    expect(file).toEqual({
      path: 'onnx/model.onnx_data',
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    expect(await store.list()).toEqual([]);
    await draft.commit(entry('autor/modelo@1'));
    expect(await store.list()).toEqual([entry('autor/modelo@1')]);
    expect(await store.files('autor/modelo@1')).toEqual([file]);
    const blob = await store.read('autor/modelo@1', 'onnx/model.onnx_data');
    expect(Buffer.compare(Buffer.from(await blob.arrayBuffer()), content)).toBe(0);
    expect(await store.usage()).toEqual({ usedBytes: content.length, freeBytes: 10_000_000 });
  });

  it('leave nothing behind when they are abandoned or removed', async () => {
    const { ground, left } = start();
    const store = createPackages(ground);
    const draft = await store.draft('a');
    await write(draft, 'x', bytes(10));
    const open = await draft.open('sin cerrar');
    await open.write(bytes(10));
    await draft.abandon();
    await draft.abandon();
    expect(await left()).toEqual([]);
    const again = await store.draft('a');
    await write(again, 'x', bytes(10));
    await again.commit(entry('a'));
    await again.abandon();
    expect(await left()).not.toEqual([]);
    await store.remove('a');
    await store.remove('a');
    expect(await left()).toEqual([]);
    expect(await store.list()).toEqual([]);
    expect(await failureOf(store.read('a', 'x'))).toEqual({
      code: 'checkpoint-missing',
      file: 'x',
    });
  });

  it('are replaced whole, and kept while the new one is being written', async () => {
    const { ground, left } = start();
    const store = createPackages(ground);
    const first = await store.draft('a');
    await write(first, 'old', bytes(10));
    await first.commit(entry('a'));
    const second = await store.draft('a');
    await write(second, 'new', bytes(20));
    expect((await store.read('a', 'old')).size).toBe(10);
    await second.commit(entry('a', { name: 'nuevo' }));
    expect((await store.list()).map(({ name }) => name)).toEqual(['nuevo']);
    expect((await failureOf(store.read('a', 'old'))).code).toBe('checkpoint-missing');
    expect((await store.read('a', 'new')).size).toBe(20);
    expect((await left()).some((path) => String(path).includes('old'))).toBe(false);
  });

  it('are swept when their tab was closed, and not while it is writing', async () => {
    const { ground, left } = start();
    const dead = await createPackages({ ...ground, locks: localLocks() }).draft('muerto');
    await write(dead, 'x', bytes(10));
    const living = await createPackages(ground).draft('vivo');
    await write(living, 'y', bytes(10));
    const kept = await createPackages(ground).draft('entero');
    await write(kept, 'z', bytes(10));
    await kept.commit(entry('entero'));
    const next = createPackages(ground);
    expect((await next.list()).map(({ id }) => id)).toEqual(['entero']);
    const paths = (await left()).map(String).join('\n');
    expect(paths).not.toContain('muerto');
    expect(paths).toContain('vivo');
    await living.commit(entry('vivo'));
    expect((await next.read('vivo', 'y')).size).toBe(10);
    expect((await next.read('entero', 'z')).size).toBe(10);
  });

  it('are written by one tab at a time', async () => {
    const { ground } = start();
    const [one, two] = [createPackages(ground), createPackages(ground)];
    const draft = await one.draft('a');
    const busy = { code: 'package-busy', name: 'a' };
    expect(await failureOf(two.draft('a'))).toEqual(busy);
    expect(await failureOf(two.remove('a'))).toEqual(busy);
    await (await two.draft('b')).abandon();
    await draft.abandon();
    await (await two.draft('a')).abandon();
  });

  it.each(['../x', '/x', 'a//b', 'a/../../x', String.raw`a\b`, '', 'a/.', 'nul\0'])(
    'refuse the path %j and leave nothing',
    async (path) => {
      const { ground, left } = start();
      const draft = await createPackages(ground).draft('a');
      expect((await failureOf(draft.open(path))).code).toBe('storage-unavailable');
      await draft.abandon();
      expect(await left()).toEqual([]);
    },
  );

  it('change in their own fields only', async () => {
    const store = createPackages(start().ground);
    const draft = await store.draft('a');
    await write(draft, 'x', bytes(3));
    await draft.commit(entry('a'));
    await store.update('a', { check: { status: 'failed', at: 5, failed: ['finite'] }, usedAt: 9 });
    await store.update('nadie', { usedAt: 9 });
    const check = { status: 'failed', at: 5, failed: ['finite'] } as const;
    expect(await store.list()).toEqual([entry('a', { check, usedAt: 9 })]);
    expect((await store.read('a', 'x')).size).toBe(3);
  });

  it('are not begun where there is no room', async () => {
    const store = createPackages(start().ground);
    expect(await failureOf(store.draft('a', 20_000_000))).toEqual({
      code: 'model-storage-full',
      needBytes: 20_000_000,
      freeBytes: 10_000_000,
    });
    await (await store.draft('a', 5_000_000)).abandon();
  });
});

it.each([true, false])('a full disk leaves nothing behind (sync handles: %s)', async (sync) => {
  const { ground, left } = opfsBench(sync, 5000);
  const store = createPackages(ground);
  const draft = await store.draft('a', 8000);
  const writing = write(draft, 'grande', bytes(8000));
  expect(await failureOf(writing)).toMatchObject({ code: 'model-storage-full', needBytes: 8000 });
  expect(await left()).toEqual([]);
  await (await store.draft('a')).abandon();
});

it('a damaged record is no package, and its files are swept', async () => {
  const index = createStore('index-damaged', 'entries');
  const { ground, left } = opfsBench(true);
  const damaged = { ...ground, index: idbIndex(index) };
  const draft = await createPackages(damaged).draft('a');
  await write(draft, 'x', bytes(3));
  await draft.commit(entry('a'));
  await set('a', { entry: { id: 'a', name: 7 } }, index);
  expect(await createPackages(damaged).list()).toEqual([]);
  expect(await left()).toEqual([]);
});

it('a refusal of the browser is told as one', async () => {
  const { ground } = opfsBench(true);
  const all = () => Promise.reject(new DOMException('no', 'SecurityError'));
  const store = createPackages({ ...ground, index: { ...ground.index, all } });
  expect((await failureOf(store.list())).code).toBe('storage-unavailable');
});

it('locks of the browser are asked for by the id, and given back', async () => {
  const held = new Set<string>();
  const manager = {
    request: async (name: string, _: object, work: (lock: object | null) => unknown) => {
      if (held.has(name)) return work(null);
      held.add(name);
      await work({ name });
      held.delete(name);
    },
  } as unknown as LockManager;
  const locks = webLocks(manager);
  const release = await locks.acquire('a');
  expect([...held]).toEqual(['patio-package-a']);
  expect(await locks.acquire('a')).toBeNull();
  release?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(await locks.acquire('a')).not.toBeNull();
});
