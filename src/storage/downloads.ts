/**
 * Files on their way in. What the index records as had was flushed to disk before, so that neither a
 * closed page nor a killed browser nor a full disk makes it lie; what was written and not yet recorded
 * is fetched again.
 */
import { FailureError, refuse } from '../domain/failure.ts';
import type { DownloadFile, DownloadJob } from './download-entry.ts';
import type { DownloadIndex } from './download-index.ts';
import type { PackageLocks, Release } from './package-locks.ts';
import type { PartFile, PartFiles } from './part-files.ts';
import { bytesIn, clipped, withRange } from './ranges.ts';
import { storageFailure } from './storage-failure.ts';

export type { DownloadFile, DownloadJob } from './download-entry.ts';

/** What the store stands on; tests give their own. */
export interface DownloadGround {
  readonly parts: PartFiles;
  readonly index: DownloadIndex;
  readonly locks: PackageLocks;
  /** What the browser would still give, in bytes; null where it does not say. */
  readonly freeBytes: () => Promise<number | null>;
}

/** A download that was begun and has not become a package. */
export interface HalfDone {
  readonly job: DownloadJob;
  /** On disk, of all its files. */
  readonly hadBytes: number;
}

/** Methods throw a `FailureError` where the browser refuses. */
export interface DownloadStore {
  /** Last used first. */
  list(): Promise<readonly HalfDone[]>;
  /** Records what is about to be fetched, before its first byte. */
  begin(job: DownloadJob): Promise<void>;
  /** Null while another tab holds it. Whoever writes files of a job, or removes them, holds its lock. */
  lock(jobId: string): Promise<Release | null>;
  file(source: string, path: string): Promise<DownloadFile | null>;
  /** Opens a file to go on with it; a file of another size or hash than before begins anew. */
  open(wanted: Pick<DownloadFile, 'source' | 'path' | 'size' | 'sha256'>): Promise<OpenDownload>;
  /** A file that is whole; `checkpoint-missing` where there is none. */
  read(source: string, path: string): Promise<Blob>;
  /** Forgets the job and the files that no other job needs; the caller holds its lock. */
  remove(jobId: string): Promise<void>;
  /** Forgets a job; `package-busy` while it is going on in some tab. */
  discard(jobId: string): Promise<void>;
  freeBytes(): Promise<number | null>;
}

/** One file that is being fetched. */
export interface OpenDownload {
  readonly file: DownloadFile;
  /** In any order, from several requests at once. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Another answer to the same address: what was there is of another file. */
  restart(etag: string | null): Promise<void>;
  setEtag(etag: string): void;
  /** Flushes, then records. */
  save(): Promise<void>;
  settle(state: DownloadFile['state']): Promise<void>;
  /** Saves what can be saved; does not throw. */
  close(): Promise<void>;
}

export function createDownloads(ground: DownloadGround): DownloadStore {
  const { parts, index, locks } = ground;
  return {
    list: () => guard(() => list(index)),
    begin: (job) => guard(() => index.putJob(job)),
    lock: (id) => guard(() => locks.acquire(lockName(id))),
    file: (source, path) => guard(() => index.file(source, path)),
    open: (wanted) => guard(() => openDownload(ground, wanted)),
    read: (source, path) =>
      guard(async () => {
        const blob = await parts.read(source, path);
        return blob ?? refuse({ code: 'checkpoint-missing', file: path });
      }),
    remove: (id) => guard(() => removeJob(ground, id)),
    discard: (id) =>
      guard(async () => {
        const release = await locks.acquire(lockName(id));
        if (release === null) return refuse({ code: 'package-busy', name: id });
        try {
          await removeJob(ground, id);
        } finally {
          release();
        }
      }),
    freeBytes: () => ground.freeBytes(),
  };
}

function lockName(id: string): string {
  return `download-${id}`;
}

async function list(index: DownloadIndex): Promise<HalfDone[]> {
  const jobs = (await index.jobs()).sort((a, b) => b.usedAt - a.usedAt);
  return Promise.all(
    jobs.map(async (job) => {
      const files = await Promise.all(job.sources.map((source) => index.files(source)));
      const hadBytes = files.flat().reduce((sum, { had }) => sum + bytesIn(had), 0);
      return { job, hadBytes };
    }),
  );
}

/** Bytes first, their records next, the job last: whatever is cut in between is found again. */
async function removeJob({ parts, index }: DownloadGround, id: string): Promise<void> {
  const jobs = await index.jobs();
  const others = new Set(jobs.filter((job) => job.id !== id).flatMap(({ sources }) => sources));
  const own = jobs.find((job) => job.id === id)?.sources ?? [];
  for (const source of own.filter((each) => !others.has(each))) {
    await parts.remove(source);
    await index.removeFiles(source);
  }
  await index.removeJob(id);
}

async function openDownload(
  { parts, index }: DownloadGround,
  wanted: Pick<DownloadFile, 'source' | 'path' | 'size' | 'sha256'>,
): Promise<OpenDownload> {
  const before = await index.file(wanted.source, wanted.path);
  const same = before?.size === wanted.size && before.sha256 === wanted.sha256;
  const part = await parts.open(wanted.source, wanted.path);
  const fresh = { ...wanted, etag: null, had: [], state: 'partial' } as const;
  if (!same) await part.clear();
  return new Opened(same ? asOnDisk(before, part.size) : fresh, part, index);
}

/** A browser that was short of room may have thrown the file away and kept its record. */
function asOnDisk(file: DownloadFile, diskBytes: number): DownloadFile {
  const had = clipped(file.had, diskBytes);
  return { ...file, had, state: bytesIn(had) < file.size ? 'partial' : file.state };
}

const SMALLEST_STEP = 256 * 2 ** 10;
const LARGEST_STEP = 4 * 2 ** 20;

class Opened implements OpenDownload {
  #file: DownloadFile;
  readonly #part: PartFile;
  readonly #index: DownloadIndex;
  /** So much may be lost to a killed browser. */
  readonly #step: number;
  #unsaved = 0;
  #closed = false;
  #beside: Promise<void> | null = null;
  /** Of a save beside, told at the next write. */
  #failed: Error | null = null;
  /** Records are put one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: DownloadFile, part: PartFile, index: DownloadIndex) {
    this.#file = file;
    this.#part = part;
    this.#index = index;
    this.#step = Math.min(Math.max(file.size / 64, SMALLEST_STEP), LARGEST_STEP);
  }

  get file(): DownloadFile {
    return this.#file;
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    if (this.#failed !== null) throw this.#failed;
    await guard(() => this.#part.write(bytes, at));
    const had = withRange(this.#file.had, [at, at + bytes.length]);
    this.#file = { ...this.#file, had };
    this.#unsaved += bytes.length;
    if (this.#unsaved >= this.#step) this.#saveBeside();
  }

  /** What comes meanwhile is taken: a reader that waits loses what lies in the pipe when a line is cut. */
  #saveBeside(): void {
    this.#unsaved = 0;
    if (this.#beside !== null) return;
    this.#beside = this.save()
      .catch((error: unknown) => void (this.#failed = error as Error))
      .finally(() => void (this.#beside = null));
  }

  async restart(etag: string | null): Promise<void> {
    await this.#beside;
    this.#file = { ...this.#file, etag, had: [], state: 'partial' };
    // The record first: it must not speak of bytes that are gone.
    await this.#record(this.#file);
    await guard(() => this.#part.clear());
  }

  setEtag(etag: string): void {
    this.#file = { ...this.#file, etag };
  }

  save(): Promise<void> {
    this.#unsaved = 0;
    const file = this.#file;
    return guard(async () => {
      await this.#part.flush();
      await this.#record(file);
    });
  }

  async settle(state: DownloadFile['state']): Promise<void> {
    this.#file = { ...this.#file, state };
    await this.#record(this.#file);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#beside;
    await this.save().catch(() => undefined);
    await this.#part.close().catch(() => undefined);
  }

  #record(file: DownloadFile): Promise<void> {
    const turn = this.#turn.then(() => guard(() => this.#index.putFile(file)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** The browser's errors as ours. */
async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const failure = storageFailure(error);
    if (failure.code !== 'storage-full') return refuse(failure);
    return refuse({ code: 'model-storage-full', needBytes: null, freeBytes: null });
  }
}
