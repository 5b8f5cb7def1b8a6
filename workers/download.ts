/**
 * The files of a repository → this browser's disk: several requests at once, gone on with from where
 * they were, and nothing passed on that is not what was promised.
 */
import { refuse } from '../src/domain/failure.ts';
import type { FileSet } from '../src/checkpoint/byte-source.ts';
import { blobSource } from '../src/sources/blob-source.ts';
import { HttpFile } from '../src/sources/http-file.ts';
import { readPart, readWhole, type PartOutcome } from '../src/sources/http-part.ts';
import type { OpenedSource } from '../src/sources/opened.ts';
import type { DownloadStore, OpenDownload } from '../src/storage/downloads.ts';
import { bytesIn, missingParts, type Range } from '../src/storage/ranges.ts';
import { sha256OfBlob, sha256OfText } from '../src/storage/sha256.ts';
import type { DownloadMeter } from './download-meter.ts';
import { isAbort } from './boundary.ts';
import { Permits } from './permits.ts';

/** Browsers ask one host for six things at once; the page may need one as well. */
const REQUESTS = 4;
const OPEN_FILES = 4;
const PART_BYTES = 8 * 2 ** 20;
/** Addresses that answer with another file each time are given up. */
const MOST_CHANGES = 2;
const SOURCE_CHARS = 32;

/** One file to be fetched. */
interface Wanted {
  /** In the folder of the model. */
  readonly path: string;
  readonly remote: HttpFile;
  readonly sha256: string | null;
}

export interface Download {
  /** Folder of its files: the same repository at the same commit is the same folder. */
  readonly source: string;
  readonly wanted: readonly Wanted[];
}

/** What has to be fetched of `opened`; null where its files are on this device. */
export async function planDownload(
  opened: OpenedSource,
  paths: readonly string[],
  hashes: ReadonlyMap<string, string> = opened.hashes,
): Promise<Download | null> {
  const { pinned, files } = opened;
  if (pinned === null) return null;
  const address = [pinned.endpoint, pinned.repo, pinned.commit].join('\n');
  const source = (await sha256OfText(address)).slice(0, SOURCE_CHARS);
  const wanted = [...new Set(paths)].flatMap((path) => {
    const remote = files.get(path);
    return remote instanceof HttpFile ? [{ path, remote, sha256: hashes.get(path) ?? null }] : [];
  });
  return { source, wanted };
}

export function sizeOfDownload({ wanted }: Download): number {
  return wanted.reduce((sum, { remote }) => sum + remote.size, 0);
}

/** How much of it is on disk already. */
export async function hadOfDownload(
  { source, wanted }: Download,
  store: DownloadStore,
): Promise<number> {
  const files = await Promise.all(wanted.map(({ remote }) => store.file(source, remote.name)));
  return files.reduce((sum, file) => sum + bytesIn(file?.had ?? []), 0);
}

/** The Hub gives the hash of every file larger than this. */
const HASHED_FROM = 10_000_000;

/** Whether everything large was held against a hash that was promised; the rest is as long as it must be. */
export async function isChecked(
  { source, wanted }: Download,
  store: DownloadStore,
): Promise<boolean> {
  const files = await Promise.all(wanted.map(({ remote }) => store.file(source, remote.name)));
  return files.every(
    (file) => file?.state === 'checked' || (file?.state === 'whole' && file.size <= HASHED_FROM),
  );
}

/** Fetches what is missing. Gives the model's files with those of the download read from disk. */
export async function fetchAll(
  download: Download,
  files: FileSet,
  store: DownloadStore,
  meter: DownloadMeter,
  signal: AbortSignal,
): Promise<FileSet> {
  const ending = new AbortController();
  const world: World = {
    ...{ store, meter, signal: AbortSignal.any([signal, ending.signal]) },
    ...{ files: new Permits(OPEN_FILES), requests: new Permits(REQUESTS) },
  };
  for (const { remote } of download.wanted) remote.client.onWait = (ms) => meter.waiting(ms);
  const work = download.wanted.map(async (wanted) => {
    const blob = await world.files.use(() => new Fetching(download.source, wanted, world).run());
    return [wanted.path, blobSource(wanted.remote.name, blob)] as const;
  });
  try {
    return new Map([...files, ...(await Promise.all(work))]);
  } catch (error) {
    // The others save what they have before this ends.
    ending.abort();
    await Promise.allSettled(work);
    throw error;
  }
}

interface World {
  readonly store: DownloadStore;
  readonly meter: DownloadMeter;
  readonly files: Permits;
  readonly requests: Permits;
  readonly signal: AbortSignal;
}

class Fetching {
  readonly #source: string;
  readonly #wanted: Wanted;
  readonly #world: World;
  #changes = 0;

  constructor(source: string, wanted: Wanted, world: World) {
    this.#source = source;
    this.#wanted = wanted;
    this.#world = world;
  }

  /** A wrong hash is fetched once more from the start, and then refused. */
  async run(): Promise<Blob> {
    const { store } = this.#world;
    const { remote, sha256 } = this.#wanted;
    this.#world.signal.throwIfAborted();
    for (let again = false; ; again = true) {
      const wanted = { source: this.#source, path: remote.name, size: remote.size, sha256 };
      const open = await store.open(wanted);
      try {
        const wasRight = open.file.state !== 'partial';
        if (!wasRight) await this.#fill(open);
        await open.close();
        const blob = await this.#read();
        if (wasRight || (await this.#isRight(blob))) {
          await open.settle(sha256 === null ? 'whole' : 'checked');
          return blob;
        }
      } finally {
        await open.close();
      }
      await this.#forget();
      if (again) this.#refuse('download-damaged');
    }
  }

  async #read(): Promise<Blob> {
    const { remote } = this.#wanted;
    if (remote.size === 0) return new Blob();
    const blob = await this.#world.store.read(this.#source, remote.name);
    return blob.size === remote.size ? blob : blob.slice(0, remote.size);
  }

  async #isRight(blob: Blob): Promise<boolean> {
    const { remote, sha256 } = this.#wanted;
    const { meter, signal } = this.#world;
    if (blob.size !== remote.size) return false;
    if (sha256 === null) return true;
    return (await sha256OfBlob(blob, signal, (bytes) => meter.verified(bytes))) === sha256;
  }

  /** What is there is not the file. */
  async #forget(): Promise<void> {
    const { remote, sha256 } = this.#wanted;
    const wanted = { source: this.#source, path: remote.name, size: remote.size, sha256 };
    const open = await this.#world.store.open(wanted);
    await this.#restart(open, null).finally(() => open.close());
  }

  /** Until every byte is there, whatever the server does in between. */
  async #fill(open: OpenDownload): Promise<void> {
    for (;;) {
      const parts = missingParts(open.file.had, open.file.size, PART_BYTES);
      if (parts.length === 0) return;
      const outcomes = await this.#fetchParts(open, parts);
      const changed = outcomes.find(({ status }) => status === 'changed');
      if (changed?.status === 'changed') {
        this.#changes += 1;
        if (this.#changes > MOST_CHANGES) this.#refuse('download-changing');
        await this.#restart(open, changed.etag);
      } else if (outcomes.some(({ status }) => status === 'whole')) {
        this.#world.meter.note('whole-files');
        await this.#restart(open, null);
        await this.#fetchParts(open, [[0, open.file.size]], true);
      }
    }
  }

  /** The first that fails ends the others, and all of them have ended when this does. */
  async #fetchParts(
    open: OpenDownload,
    parts: readonly Range[],
    whole = false,
  ): Promise<PartOutcome[]> {
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#world.signal, ending.signal]);
    const work = parts.map((part) =>
      this.#world.requests.use(async () => {
        signal.throwIfAborted();
        const outcome = await (whole ? readWhole : readPart)(this.#order(open, part), signal);
        // A server that sends whole files, or another file, does so for every part.
        if (outcome.status !== 'done') ending.abort();
        return outcome;
      }),
    );
    const settled = await Promise.allSettled(
      work.map((each) =>
        each.catch((error: unknown) => {
          ending.abort();
          throw error;
        }),
      ),
    );
    return outcomesOf(settled);
  }

  #order(open: OpenDownload, [start, end]: Range) {
    const { remote, client } = this.#wanted.remote;
    return {
      ...{ remote, client, start, end },
      etag: () => open.file.etag,
      onEtag: (etag: string) => open.setEtag(etag),
      keep: async (bytes: Uint8Array, at: number) => {
        const before = bytesIn(open.file.had);
        await open.write(bytes, at);
        this.#world.meter.fetched(bytesIn(open.file.had) - before);
      },
    };
  }

  async #restart(open: OpenDownload, etag: string | null): Promise<void> {
    this.#world.meter.lost(bytesIn(open.file.had));
    await open.restart(etag);
  }

  #refuse(code: 'download-damaged' | 'download-changing'): never {
    const { client, name } = this.#wanted.remote;
    return refuse({ code, host: client.host, file: name });
  }
}

/** What a part ended with; else the failure that ended the others, before the aborts that followed it. */
function outcomesOf(settled: readonly PromiseSettledResult<PartOutcome>[]): PartOutcome[] {
  const outcomes = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (outcomes.some(({ status }) => status !== 'done')) return outcomes;
  const reasons = settled.flatMap((each) =>
    each.status === 'rejected' ? [each.reason as unknown] : [],
  );
  const [first] = [...reasons.filter((reason) => !isAbort(reason)), ...reasons];
  if (first !== undefined) throw first;
  return outcomes;
}
