import { createStore, del, set, values, type UseStore } from 'idb-keyval';
import type { ClassTexts } from './classes.ts';
import { storageFailure } from './storage-failure.ts';

/** Classes in IndexedDB. */
export function idbClasses(store: UseStore = createStore('patio-classes', 'texts')): ClassTexts {
  return {
    all: () => values<string>(store).catch(() => []),
    put: async (id, text) => {
      try {
        await set(id, text, store);
        return null;
      } catch (error) {
        return storageFailure(error);
      }
    },
    remove: (id) => del(id, store).catch(() => undefined),
  };
}
