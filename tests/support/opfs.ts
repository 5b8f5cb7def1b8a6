/** An origin private file system in memory, with the disk's limit as a setting. */

export interface FakeDisk {
  readonly root: FileSystemDirectoryHandle;
  /** Bytes that files may take together. */
  limit: number;
  used(): number;
  paths(): string[];
}

interface Node {
  readonly folders: Map<string, Node>;
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
}

/** @param sync whether files have the handle that only Workers have */
export function fakeDisk(sync: boolean, limit = Infinity): FakeDisk {
  const top: Node = { folders: new Map(), files: new Map() };
  const disk: FakeDisk = {
    root: directory(top),
    limit,
    used: () => sizeOf(top),
    paths: () => pathsOf(top, ''),
  };

  function append(node: Node, name: string, bytes: Uint8Array): void {
    place(node, name, bytes, node.files.get(name)?.length ?? 0);
  }

  /** What lies between the end and `at` becomes zeros, which browsers count as taken too. */
  function place(node: Node, name: string, bytes: Uint8Array, at: number): void {
    const before = node.files.get(name) ?? new Uint8Array();
    const room = Math.max(before.length, at + bytes.length);
    if (disk.used() + room - before.length > disk.limit) {
      throw new DOMException('full', 'QuotaExceededError');
    }
    // Grown by doubling, as files are written by small chunks.
    const whole =
      before.buffer.byteLength >= room
        ? before.buffer
        : grownBuffer(before, Math.max(room, 2 * before.length));
    const after = new Uint8Array(whole, 0, room);
    after.set(bytes, at);
    node.files.set(name, after);
  }

  function file(node: Node, name: string): FileSystemFileHandle {
    const handle = {
      kind: 'file',
      name,
      getFile: () => Promise.resolve(new File([node.files.get(name) ?? new Uint8Array()], name)),
      createWritable: () =>
        Promise.resolve({
          write: (bytes: Uint8Array) => Promise.resolve().then(() => append(node, name, bytes)),
          close: () => Promise.resolve(),
        }),
      createSyncAccessHandle: () =>
        Promise.resolve({
          getSize: () => node.files.get(name)?.length ?? 0,
          write: (bytes: Uint8Array, { at }: { at: number }) => {
            place(node, name, bytes, at);
            return bytes.length;
          },
          truncate: () => void node.files.set(name, new Uint8Array()),
          flush: () => undefined,
          close: () => undefined,
        }),
    };
    const { createSyncAccessHandle, ...plain } = handle;
    return (sync ? { ...plain, createSyncAccessHandle } : plain) as unknown as FileSystemFileHandle;
  }

  function directory(node: Node): FileSystemDirectoryHandle {
    const handle = {
      kind: 'directory',
      getDirectoryHandle: async (name: string, options?: { create?: boolean }) => {
        const there = node.folders.get(name);
        if (there === undefined && options?.create !== true) return missing(name);
        const found = there ?? { folders: new Map(), files: new Map() };
        node.folders.set(name, found);
        return directory(found);
      },
      getFileHandle: async (name: string, options?: { create?: boolean }) => {
        if (!node.files.has(name) && options?.create !== true) return missing(name);
        if (!node.files.has(name)) node.files.set(name, new Uint8Array());
        return file(node, name);
      },
      removeEntry: async (name: string) => {
        if (!node.folders.delete(name) && !node.files.delete(name)) missing(name);
      },
      keys: async function* () {
        yield* [...node.folders.keys(), ...node.files.keys()];
      },
    };
    return handle as unknown as FileSystemDirectoryHandle;
  }

  return disk;
}

function grownBuffer(before: Uint8Array, bytes: number): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes);
  new Uint8Array(buffer).set(before);
  return buffer;
}

function missing(name: string): never {
  throw new DOMException(name, 'NotFoundError');
}

function sizeOf({ folders, files }: Node): number {
  const own = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  return [...folders.values()].reduce((sum, folder) => sum + sizeOf(folder), own);
}

function pathsOf({ folders, files }: Node, prefix: string): string[] {
  const deeper = [...folders].flatMap(([name, folder]) => pathsOf(folder, `${prefix}${name}/`));
  return [...[...files.keys()].map((name) => prefix + name), ...deeper];
}
