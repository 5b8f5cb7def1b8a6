/** Folders of the disk as the sources and sinks that the packager knows. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSource, FileSet } from '../../src/checkpoint/byte-source';
import type { PackageSink } from '../../src/graph/package';

/** The files of a folder and of the folders inside it, where a model may keep parts of its own. */
export async function openFolder(path: string): Promise<FileSet> {
  const inner = (await folderNames(path)).map((folder) => filesIn(path, `${folder}/`));
  const names = [await filesIn(path, ''), ...(await Promise.all(inner))].flat();
  const sources = names.map(async (name) => [name, await fileSource(path, name)] as const);
  return new Map(await Promise.all(sources));
}

/** Paths of the files directly inside a folder's own folder, which ends with a slash or is none. */
async function filesIn(path: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(path, folder), { withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => folder + name);
}

/** Names of the folders inside a folder, in order. */
export async function folderNames(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

async function fileSource(folder: string, name: string): Promise<ByteSource> {
  const path = join(folder, name);
  const { size } = await stat(path);
  return {
    name,
    size,
    read: async (start, end, signal) => {
      signal.throwIfAborted();
      const file = await open(path);
      try {
        const bytes = new Uint8Array(end - start);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

export function folderSink(folder: string): PackageSink {
  return {
    open: async (path) => {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      const file = await open(target, 'w');
      const hash = createHash('sha256');
      let bytes = 0;
      return {
        write: async (chunk) => {
          hash.update(chunk);
          bytes += chunk.byteLength;
          await file.writeFile(chunk);
        },
        close: async () => {
          await file.close();
          return { path, bytes, sha256: hash.digest('hex') };
        },
      };
    },
  };
}
