/** Parts in the origin private file system, through the handles that only Workers have. */
import type { OpenRoot } from './opfs-files.ts';
import type { PartFiles } from './part-files.ts';

/** What TypeScript's library for pages leaves out. */
interface SyncHandle {
  getSize(): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type WithSync = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> };

const HOME = 'downloads';

/** A page may read and remove; writing is for Workers. */
export function opfsParts(openRoot: OpenRoot): PartFiles {
  const home = async () => (await openRoot()).getDirectoryHandle(HOME, { create: true });
  return {
    open: async (folder, path) => {
      const file = (await fileHandle(await home(), folder, path, true)) as WithSync;
      const handle = await file.createSyncAccessHandle();
      return {
        get size() {
          return handle.getSize();
        },
        write: (bytes, at) => Promise.resolve().then(() => writeAll(handle, bytes, at)),
        flush: () => Promise.resolve().then(() => handle.flush()),
        clear: () => Promise.resolve().then(() => handle.truncate(0)),
        close: () => Promise.resolve().then(() => handle.close()),
      };
    },
    read: async (folder, path) => {
      try {
        return await (await fileHandle(await home(), folder, path, false)).getFile();
      } catch (error) {
        if (isAbsent(error)) return null;
        throw error;
      }
    },
    remove: async (folder) => {
      try {
        await (await home()).removeEntry(folder, { recursive: true });
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    },
    folders: async () => {
      const names: string[] = [];
      for await (const name of (await home()).keys()) names.push(name);
      return names;
    },
  };
}

/** A full disk may show as a short write rather than as an error. */
function writeAll(handle: SyncHandle, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    const written = handle.write(bytes.subarray(done), { at: at + done });
    if (written <= 0) throw new DOMException('short write', 'QuotaExceededError');
    done += written;
  }
}

async function fileHandle(
  home: FileSystemDirectoryHandle,
  folder: string,
  path: string,
  create: boolean,
): Promise<FileSystemFileHandle> {
  const parts = [folder, ...path.split('/')];
  const name = parts.pop() ?? path;
  let at = home;
  for (const part of parts) at = await at.getDirectoryHandle(part, { create });
  return at.getFileHandle(name, { create });
}

function isAbsent(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}
