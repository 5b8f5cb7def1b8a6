/** Parts in IndexedDB, for browsers without an origin private file system: a record for each write. */
import { createStore, delMany, getMany, keys, set, type UseStore } from 'idb-keyval';
import type { PartFiles } from './part-files.ts';

/** `[folder, path, first byte, last byte + 1]`. */
type PartKey = [string, string, number, number];

export function idbParts(
  store: UseStore = createStore('patio-download-parts', 'parts'),
): PartFiles {
  const of = async (folder: string, path?: string) =>
    (await keys<PartKey>(store)).filter(
      ([at, file]) => at === folder && (path === undefined || file === path),
    );
  return {
    open: async (folder, path) => {
      const there = await of(folder, path);
      let size = Math.max(0, ...there.map(([, , , end]) => end));
      return {
        get size() {
          return size;
        },
        // A write has ended when its transaction has.
        write: async (bytes, at) => {
          await set([folder, path, at, at + bytes.length], bytes.slice(), store);
          size = Math.max(size, at + bytes.length);
        },
        flush: () => Promise.resolve(),
        clear: async () => {
          await delMany(await of(folder, path), store);
          size = 0;
        },
        close: () => Promise.resolve(),
      };
    },
    read: async (folder, path) => {
      const found = (await of(folder, path)).sort((a, b) => a[2] - b[2] || b[3] - a[3]);
      if (found.length === 0) return null;
      const parts = await getMany<Uint8Array<ArrayBuffer>>(found, store);
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      let at = 0;
      for (const [index, [, , start, end]] of found.entries()) {
        const bytes = parts[index];
        // What a write left that was not recorded may have been written again, elsewhere cut.
        if (bytes === undefined || end <= at) continue;
        if (start > at) return new Blob(pieces);
        pieces.push(bytes.subarray(at - start));
        at = end;
      }
      return new Blob(pieces);
    },
    remove: async (folder) => delMany(await of(folder), store),
    folders: async () => [...new Set((await keys<PartKey>(store)).map(([folder]) => folder))],
  };
}
