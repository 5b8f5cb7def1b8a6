/** The origin private file system: a real disk, in which files are written as they come. */
import type { FileHandle, FileStore } from './package-files.ts';

/** Asked for once; a private window may have the method and still refuse it. */
export type OpenRoot = () => Promise<FileSystemDirectoryHandle>;

/** In a Worker of most browsers, and nowhere else. */
interface SyncHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  close(): void | Promise<void>;
}
type MaybeSync = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncHandle> };

const HOME = 'packages';

export function opfsFiles(openRoot: OpenRoot): FileStore {
  const home = async () => (await openRoot()).getDirectoryHandle(HOME, { create: true });
  return {
    create: async (folder, path) => {
      const file = await fileHandle(await home(), folder, path, true);
      return openForWriting(file);
    },
    read: async (folder, path) => {
      try {
        return await (await fileHandle(await home(), folder, path, false)).getFile();
      } catch (error) {
        if (isAbsent(error)) return null;
        throw error;
      }
    },
    folders: async () => {
      const names: string[] = [];
      for await (const name of (await home()).keys()) names.push(name);
      return names;
    },
    remove: async (folder) => {
      try {
        await (await home()).removeEntry(folder, { recursive: true });
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    },
  };
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

async function openForWriting(file: MaybeSync): Promise<FileHandle> {
  if (file.createSyncAccessHandle === undefined) return openStream(file);
  const handle = await file.createSyncAccessHandle();
  let at = 0;
  return {
    write: (chunk) => {
      for (let done = 0; done < chunk.length;) {
        const written = handle.write(chunk.subarray(done), { at });
        // A full disk may show as a write of nothing rather than as an error.
        if (written <= 0) throw new DOMException('short write', 'QuotaExceededError');
        done += written;
        at += written;
      }
      return Promise.resolve();
    },
    close: async () => handle.close(),
  };
}

async function openStream(file: FileSystemFileHandle): Promise<FileHandle> {
  const stream = await file.createWritable();
  return {
    write: (chunk) => stream.write(chunk as Uint8Array<ArrayBuffer>),
    close: () => stream.close(),
  };
}

function isAbsent(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}
