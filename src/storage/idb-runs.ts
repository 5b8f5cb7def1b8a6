import { createStore, delMany, get, getMany, keys, setMany, type UseStore } from 'idb-keyval';
import type { Failure } from '../domain/failure.ts';
import { stampFailure } from '../run/import.ts';
import { summaryOf, type RunRecord, type RunSummary } from '../run/record.ts';
import { memoryRuns } from './memory.ts';
import { newestFirst, type RunStorage, type Stored } from './runs.ts';
import { storageFailure } from './storage-failure.ts';

/** Beside each record lies its summary, so that a list never reads the answers. */
const RECORD = 'record';
const SUMMARY = 'summary';

/** Runs in IndexedDB; the only file that touches it. */
export function indexedDbRuns(store: UseStore = createStore('patio', 'runs')): RunStorage {
  return {
    list: () =>
      attempt(async () => {
        const found = (await keys<IDBValidKey>(store)).filter(isSummaryKey);
        const summaries = await getMany<RunSummary>(found, store);
        return newestFirst(summaries.filter((summary) => summary !== undefined));
      }),
    get: async (id) => {
      const read = await attempt(() => get<RunRecord>([RECORD, id], store));
      if (!read.ok) return read;
      const failure = read.value === undefined ? null : stampFailure(read.value);
      return failure ? { ok: false, failure } : { ok: true, value: read.value ?? null };
    },
    put: (record) =>
      attempt(async () => {
        const entries: [IDBValidKey, unknown][] = [
          [[RECORD, record.id], record],
          [[SUMMARY, record.id], summaryOf(record)],
        ];
        await setMany(entries, store);
        return null;
      }),
    remove: (id) =>
      attempt(async () => {
        await delMany(
          [
            [RECORD, id],
            [SUMMARY, id],
          ],
          store,
        );
        return null;
      }),
  };
}

function isSummaryKey(key: IDBValidKey): boolean {
  return Array.isArray(key) && key[0] === SUMMARY;
}

async function attempt<T>(work: () => Promise<T>): Promise<Stored<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, failure: storageFailure(error) };
  }
}

/**
 * IndexedDB where the browser offers it, else memory: a private window may refuse it, and Patio
 * still works there until the page is closed.
 *
 * @param report hears why nothing will be kept; called at most once
 */
export function browserRuns(
  report: (failure: Failure) => void,
  open: () => RunStorage = indexedDbRuns,
): RunStorage {
  let opening: Promise<RunStorage> | null = null;
  const runs = () => (opening ??= openOrFallBack(report, open));
  return {
    list: async () => (await runs()).list(),
    get: async (id) => (await runs()).get(id),
    put: async (record) => (await runs()).put(record),
    remove: async (id) => (await runs()).remove(id),
  };
}

async function openOrFallBack(
  report: (failure: Failure) => void,
  open: () => RunStorage,
): Promise<RunStorage> {
  const runs = open();
  const first = await runs.list();
  if (first.ok) return runs;
  report(first.failure);
  return memoryRuns();
}
