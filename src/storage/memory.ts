import { summaryOf, type RunRecord } from '../run/record.ts';
import { newestFirst, type RunStorage } from './runs.ts';

/** Keeps runs as long as the page lives: where the browser offers no storage, Patio still works. */
export function memoryRuns(): RunStorage {
  const records = new Map<string, RunRecord>();
  const done = { ok: true, value: null } as const;
  return {
    list: () =>
      Promise.resolve({ ok: true, value: newestFirst([...records.values()].map(summaryOf)) }),
    get: (id) => Promise.resolve({ ok: true, value: records.get(id) ?? null }),
    put: (record) => {
      records.set(record.id, record);
      return Promise.resolve(done);
    },
    remove: (id) => {
      records.delete(id);
      return Promise.resolve(done);
    },
  };
}
