/** Packages in this browser: files in their own file system, the index and the fallback in IndexedDB. */
import { FailureError, refuse, type Failure } from '../domain/failure.ts';
import type { PackagedFile } from '../graph/manifest.ts';
import { lazyPackages } from './lazy-packages.ts';
import { idbFiles } from './idb-files.ts';
import { opfsFiles } from './opfs-files.ts';
import type { PackageRecord } from './package-entry.ts';
import { isPackagePath, type FileStore } from './package-files.ts';
import { idbIndex, type PackageIndex } from './package-index.ts';
import { localLocks, webLocks, type PackageLocks, type Release } from './package-locks.ts';
import { hashedWriter, type HashedWriter } from './package-writer.ts';
import type { PackageDraft, PackageStore, StorageUsage, StoredPackage } from './packages.ts';
import { quotaLeft } from './quota.ts';
import { storageFailure } from './storage-failure.ts';

/** What the store stands on; tests give their own. */
export interface PackageGround {
  readonly files: FileStore;
  readonly index: PackageIndex;
  readonly locks: PackageLocks;
  /** What the browser would still give, in bytes; null where it does not say. */
  readonly freeBytes: () => Promise<number | null>;
  /** A name that no other draft has. */
  readonly unique: () => string;
}

/** Works in a page and in a Worker; in a Worker files are written without a copy. */
export function browserPackages(): PackageStore {
  return lazyPackages(async () => createPackages(await browserGround()));
}

async function browserGround(): Promise<PackageGround> {
  const storage = navigator.storage as StorageManager | undefined;
  const locks = navigator.locks as LockManager | undefined;
  return {
    files: await chooseFiles(storage),
    index: idbIndex(),
    locks: locks === undefined ? localLocks() : webLocks(locks),
    freeBytes: () => quotaLeft(storage),
    unique: uniqueName,
  };
}

/** 128 random bits; unlike `randomUUID`, to be had without a secure context too. */
function uniqueName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function chooseFiles(storage: StorageManager | undefined): Promise<FileStore> {
  try {
    await storage?.getDirectory();
    return storage === undefined ? idbFiles() : opfsFiles(() => storage.getDirectory());
  } catch {
    return idbFiles();
  }
}

export function createPackages(ground: PackageGround): PackageStore {
  const { files, index, locks } = ground;
  let swept: Promise<number> | null = null;
  const sweep = () => attempt(ground, null, () => sweepDrafts(ground));
  /** Once in the life of a store, before anything is listed or written. */
  const sweepFirst = () => (swept ??= sweep().catch(() => 0));
  return {
    sweep,
    list: async () => {
      await sweepFirst();
      const records = await attempt(ground, null, () => index.all());
      return records.map(({ entry }) => entry).sort((a, b) => b.usedAt - a.usedAt);
    },
    draft: async (id, needBytes) => {
      await sweepFirst();
      const free = await ground.freeBytes();
      if (needBytes !== undefined && free !== null && needBytes > free) {
        refuse({ code: 'model-storage-full', needBytes, freeBytes: free });
      }
      const release = (await locks.acquire(id)) ?? refuse({ code: 'package-busy', name: id });
      return new Draft(id, ground, release, needBytes ?? null);
    },
    read: (id, path) =>
      attempt(ground, null, async () => {
        const record = await index.get(id);
        const blob = record === null ? null : await files.read(record.folder, path);
        return blob ?? refuse({ code: 'checkpoint-missing', file: path });
      }),
    files: async (id) => (await attempt(ground, null, () => index.get(id)))?.files ?? [],
    update: (id, change) =>
      attempt(ground, null, () =>
        index.change(id, (record) => ({ ...record, entry: { ...record.entry, ...change } })),
      ),
    remove: (id) => attempt(ground, null, () => removePackage(ground, id)),
    usage: () => attempt(ground, null, () => measure(ground)),
  };
}

async function measure({ index, freeBytes: free }: PackageGround): Promise<StorageUsage> {
  const records = await index.all();
  const usedBytes = records
    .flatMap((record) => record.files)
    .reduce((sum, { bytes }) => sum + bytes, 0);
  return { usedBytes, freeBytes: await free() };
}

async function removePackage({ files, index, locks }: PackageGround, id: string): Promise<void> {
  const release = (await locks.acquire(id)) ?? refuse({ code: 'package-busy', name: id });
  try {
    const record = await index.get(id);
    await index.remove(id);
    if (record !== null) await files.remove(record.folder);
  } finally {
    release();
  }
}

/** A folder is a package's id and the draft's own name, so that whose it is can be told. */
function folderOf(id: string, unique: string): string {
  return `${encodeURIComponent(id)}~${unique}`;
}

function idOf(folder: string): string | null {
  try {
    return decodeURIComponent(folder.slice(0, folder.lastIndexOf('~')));
  } catch {
    return null;
  }
}

/** Removes folders without a record, unless somebody is writing them. */
async function sweepDrafts({ files, index, locks }: PackageGround): Promise<number> {
  let removed = 0;
  for (const folder of await files.folders()) {
    const id = idOf(folder);
    const release = id === null ? () => undefined : await locks.acquire(id);
    if (release === null) continue;
    try {
      // Asked under the lock: a draft may have been committed since the folders were listed.
      const used = (await index.all()).some((record) => record.folder === folder);
      if (!used) await files.remove(folder);
      if (!used) removed += 1;
    } finally {
      release();
    }
  }
  return removed;
}

class Draft implements PackageDraft {
  readonly id: string;
  readonly #ground: PackageGround;
  readonly #folder: string;
  readonly #release: Release;
  readonly #needBytes: number | null;
  readonly #writers = new Map<string, HashedWriter>();
  readonly #files: PackagedFile[] = [];
  #open = true;

  constructor(id: string, ground: PackageGround, release: Release, needBytes: number | null) {
    this.id = id;
    this.#ground = ground;
    this.#folder = folderOf(id, ground.unique());
    this.#release = release;
    this.#needBytes = needBytes;
  }

  async open(path: string): Promise<HashedWriter> {
    if (!this.#open || this.#writers.has(path) || !isPackagePath(path)) {
      refuse({ code: 'storage-unavailable', detail: path });
    }
    const writer = await this.#guard(async () =>
      hashedWriter(path, await this.#ground.files.create(this.#folder, path)),
    );
    this.#writers.set(path, writer);
    return {
      write: (chunk) => this.#guard(() => writer.write(chunk)),
      discard: () => writer.discard(),
      close: () =>
        this.#guard(async () => {
          const file = await writer.close();
          this.#files.push(file);
          return file;
        }),
    };
  }

  async commit(entry: StoredPackage): Promise<void> {
    const { index, files } = this.#ground;
    if (!this.#open || this.#files.length < this.#writers.size || entry.id !== this.id) {
      refuse({ code: 'storage-unavailable', detail: `commit ${this.id}` });
    }
    await this.#guard(async () => {
      const before = await index.get(this.id);
      const record: PackageRecord = { entry, folder: this.#folder, files: this.#files };
      await index.put(record);
      this.#open = false;
      this.#release();
      // From here on the package is there; what it replaced is swept another time if it resists.
      if (before !== null) await files.remove(before.folder).catch(() => undefined);
    });
  }

  async abandon(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      for (const writer of this.#writers.values()) await writer.discard().catch(() => undefined);
      await this.#ground.files.remove(this.#folder);
    } finally {
      this.#release();
    }
  }

  /** Whatever storage refuses leaves nothing behind. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await attempt(this.#ground, this.#needBytes, work);
    } catch (error) {
      await this.abandon().catch(() => undefined);
      throw error;
    }
  }
}

/** The browser's errors as ours. */
async function attempt<T>(
  ground: PackageGround,
  needBytes: number | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FailureError) throw error;
    return refuse(await failureOf(ground, needBytes, error));
  }
}

async function failureOf(
  { freeBytes: free }: PackageGround,
  needBytes: number | null,
  error: unknown,
): Promise<Failure> {
  const failure = storageFailure(error);
  if (failure.code !== 'storage-full') return failure;
  return { code: 'model-storage-full', needBytes, freeBytes: await free().catch(() => null) };
}
