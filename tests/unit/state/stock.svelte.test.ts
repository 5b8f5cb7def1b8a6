import { beforeEach, expect, test } from 'vitest';
import type { Preflight } from '../../../src/domain/preflight.ts';
import type { BuildOrder } from '../../../src/engine/builder.ts';
import { DeviceState } from '../../../src/state/device.svelte.ts';
import { Library } from '../../../src/state/library.svelte.ts';
import { Notices } from '../../../src/state/notices.svelte.ts';
import { Stock, type Warehouse } from '../../../src/state/stock.svelte.ts';
import type { DownloadJob, HalfDone } from '../../../src/storage/downloads.ts';
import type { StoredPackage } from '../../../src/storage/packages.ts';
import { CATALOGUE } from '../../fakes/catalogue.ts';
import { memoryPackages, scriptedBuilder } from '../../fakes/library.ts';
import { ScriptedEngine } from '../../fakes/scripted-engine.ts';

const COMMIT = 'a'.repeat(40);
const JOB: DownloadJob = {
  ...{ id: 'uno', name: 'Uno', endpoint: 'http://aula.test', repo: 'aula/uno', commit: COMMIT },
  ...{ variants: ['cpu8'], adapter: null, sources: ['s'], totalBytes: 100, usedAt: 1 },
};
const PREFLIGHT = {
  findings: [],
  origin: { repo: JOB.repo, commit: COMMIT },
} as unknown as Preflight;

let left: HalfDone[];
let orders: BuildOrder[];
let library: Library;
let notices: Notices;

beforeEach(async () => {
  left = [{ job: JOB, hadBytes: 40 }];
  orders = [];
  notices = new Notices();
  const builder = scriptedBuilder({
    preflight: () => Promise.resolve(PREFLIGHT),
    build: (order) => {
      orders.push(order);
      left = [];
      return Promise.resolve({ id: 'uno', name: 'Uno', adapterOf: null } as StoredPackage);
    },
  });
  library = new Library({
    ...{ bundled: CATALOGUE, store: memoryPackages(), builder, notices },
    device: new DeviceState(new ScriptedEngine(), null),
    downloads: {
      list: () => Promise.resolve(left),
      discard: () => Promise.resolve(void (left = [])),
    },
    ...{ zip: () => Promise.resolve(new Blob()), persist: () => undefined, save: () => undefined },
  });
  await library.refresh();
});

test('what was left is gone on with at the commit that it was begun at', async () => {
  const [half] = library.halves;
  if (half === undefined) throw new Error('nothing was left');
  await library.resume(half);
  expect(orders).toMatchObject([
    {
      origin: { endpoint: JOB.endpoint, repo: JOB.repo, revision: COMMIT, token: null },
      ...{ name: 'Uno', variants: ['cpu8'], adapter: null },
    },
  ]);
  expect([library.arrival?.status, library.halves]).toEqual(['built', []]);
});

test('an adapter whose base is gone says so', async () => {
  await library.resume({ job: { ...JOB, adapter: { kind: 'stays', base: 'nadie' } }, hadBytes: 0 });
  expect(notices.list).toMatchObject([{ failure: { code: 'model-unknown', model: 'nadie' } }]);
  expect(orders).toEqual([]);
});

test('everything is deleted at once, downloads as well', async () => {
  const warehouse: Warehouse = {
    persisted: () => Promise.resolve(false),
    persist: () => Promise.resolve(false),
    appBytes: () => Promise.resolve(5),
    verify: () => Promise.reject(new Error('not asked')),
  };
  const stock = new Stock({ warehouse, library, notices });
  await stock.removeAll();
  expect([library.halves, library.stored, stock.appBytes]).toEqual([[], [], 5]);
  await stock.persist();
  expect([stock.persisted, stock.refused]).toEqual([false, true]);
});

test('verifying goes from one to the next until it is stopped', async () => {
  const seen: string[] = [];
  const stock = new Stock({
    ...{ library, notices },
    warehouse: {
      persisted: () => Promise.resolve(null),
      persist: () => Promise.resolve(true),
      appBytes: () => Promise.resolve(null),
      verify: (id, signal, onBytes) => {
        seen.push(id);
        onBytes(1, 2);
        if (id === 'dos') stock.cancel();
        signal.throwIfAborted();
        return Promise.resolve({ status: 'verified', at: 1 });
      },
    },
  });
  await stock.verify(['uno', 'dos', 'tres'].map((id) => ({ id }) as StoredPackage));
  expect([seen, stock.verifying, notices.list]).toEqual([['uno', 'dos'], null, []]);
});
