/** The list of committed packages, in IndexedDB: a package is there when its record is. */
import { createStore, del, entries, get, set, update, type UseStore } from 'idb-keyval';
import { parseRecord, type PackageRecord } from './package-entry.ts';

export interface PackageIndex {
  /** Records that cannot be read are left out; their files are swept as nobody's. */
  all(): Promise<PackageRecord[]>;
  get(id: string): Promise<PackageRecord | null>;
  put(record: PackageRecord): Promise<void>;
  /** In one transaction, so that two tabs do not undo each other's change. */
  change(id: string, how: (record: PackageRecord) => PackageRecord): Promise<void>;
  remove(id: string): Promise<void>;
}

export function idbIndex(
  store: UseStore = createStore('patio-package-index', 'entries'),
): PackageIndex {
  return {
    all: async () => {
      const found = (await entries<string, unknown>(store)).map(([, value]) => parseRecord(value));
      return found.filter((record) => record !== null);
    },
    get: async (id) => parseRecord(await get(id, store)),
    put: (record) => set(record.entry.id, record, store),
    change: async (id, how) => {
      // A change of what is not there must not write it.
      if (parseRecord(await get(id, store)) === null) return;
      await update<unknown>(
        id,
        (value) => {
          const record = parseRecord(value);
          return record === null ? value : how(record);
        },
        store,
      );
    },
    remove: (id) => del(id, store),
  };
}
