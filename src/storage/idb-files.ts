/** Files as chunks in IndexedDB, for browsers without an origin private file system. */
import { createStore, delMany, get, getMany, keys, set, type UseStore } from 'idb-keyval';
import type { FileStore } from './package-files.ts';

/** Many small writes become few large ones. */
const CHUNK_BYTES = 4 * 2 ** 20;

/** How many chunks follow; written when a file is closed, so that a half-written one is not there. */
interface Header {
  readonly chunks: number;
}

export function idbFiles(store: UseStore = createStore('patio-packages', 'files')): FileStore {
  return {
    create: (folder, path) => {
      const gathered = new Uint8Array(CHUNK_BYTES);
      let filled = 0;
      let chunks = 0;
      const flush = async () => {
        if (filled === 0) return;
        await set([folder, path, chunks], gathered.slice(0, filled), store);
        chunks += 1;
        filled = 0;
      };
      return Promise.resolve({
        write: async (chunk) => {
          for (let at = 0; at < chunk.length;) {
            const part = chunk.subarray(at, at + CHUNK_BYTES - filled);
            gathered.set(part, filled);
            filled += part.length;
            at += part.length;
            if (filled === CHUNK_BYTES) await flush();
          }
        },
        close: async () => {
          await flush();
          await set([folder, path], { chunks } satisfies Header, store);
        },
      });
    },
    read: async (folder, path) => {
      const header = await get<Header>([folder, path], store);
      if (header === undefined) return null;
      const all = Array.from({ length: header.chunks }, (_, chunk) => [folder, path, chunk]);
      const parts = await getMany<Uint8Array<ArrayBuffer>>(all, store);
      return new Blob(parts.filter((part) => part !== undefined));
    },
    folders: async () => [...new Set((await fileKeys(store)).map(([folder]) => folder))],
    remove: async (folder) => {
      const gone = (await fileKeys(store)).filter(([of]) => of === folder);
      await delMany(gone, store);
    },
  };
}

/** `[folder, path]` of a header, `[folder, path, chunk]` of a chunk. */
type FileKey = [string, string] | [string, string, number];

function fileKeys(store: UseStore): Promise<FileKey[]> {
  return keys<FileKey>(store);
}
