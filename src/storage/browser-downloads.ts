/** Downloads in this browser: its own file system where there is one, else IndexedDB. */
import { createDownloads, type DownloadStore } from './downloads.ts';
import { idbDownloadIndex } from './download-index.ts';
import { idbParts } from './idb-parts.ts';
import { opfsParts } from './opfs-parts.ts';
import { localLocks, webLocks } from './package-locks.ts';
import type { PartFiles } from './part-files.ts';
import { quotaLeft } from './quota.ts';

export function browserDownloads(): DownloadStore {
  const storage = navigator.storage as StorageManager | undefined;
  const locks = navigator.locks as LockManager | undefined;
  return createDownloads({
    parts: chosenParts(storage),
    index: idbDownloadIndex(),
    locks: locks === undefined ? localLocks() : webLocks(locks),
    freeBytes: () => quotaLeft(storage),
  });
}

/** Asked once, at the first use: a private window may have the method and still refuse it. */
function chosenParts(storage: StorageManager | undefined): PartFiles {
  let choosing: Promise<PartFiles> | null = null;
  const parts = () => (choosing ??= chooseParts(storage));
  return {
    open: async (folder, path) => (await parts()).open(folder, path),
    read: async (folder, path) => (await parts()).read(folder, path),
    remove: async (folder) => (await parts()).remove(folder),
    folders: async () => (await parts()).folders(),
  };
}

async function chooseParts(storage: StorageManager | undefined): Promise<PartFiles> {
  try {
    await storage?.getDirectory();
    return storage === undefined ? idbParts() : opfsParts(() => storage.getDirectory());
  } catch {
    return idbParts();
  }
}
