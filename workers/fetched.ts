/** A build whose files come over the network: downloaded and verified first, where there is room. */
import { refuse } from '../src/domain/failure.ts';
import type { BuildOrder } from '../src/engine/builder.ts';
import type { Tell } from '../src/engine/build-channel.ts';
import type { OpenedSource } from '../src/sources/opened.ts';
import type { DownloadJob, DownloadStore } from '../src/storage/downloads.ts';
import { fetchAll, hadOfDownload, isChecked, sizeOfDownload, type Download } from './download.ts';
import { DownloadMeter } from './download-meter.ts';

/** One folder to be built from, and what of it has to be fetched; null where it is on this device. */
export interface Part {
  readonly opened: OpenedSource;
  readonly download: Download | null;
}

export interface Fetched {
  readonly opened: readonly OpenedSource[];
  /** `streamed` where there was no room for the originals beside the package. */
  readonly how: 'local' | 'streamed' | 'whole' | 'checked';
}

/** @param needBytes of the package that will be built */
export async function fetchParts(
  job: Pick<DownloadJob, 'id' | 'name' | 'variants' | 'adapter'>,
  parts: readonly Part[],
  needBytes: number,
  store: DownloadStore,
  tell: Tell,
  signal: AbortSignal,
): Promise<Fetched> {
  const downloads = parts.flatMap(({ download }) => (download === null ? [] : [download]));
  const opened = parts.map((part) => part.opened);
  const pinned = opened[0]?.pinned ?? null;
  const totalBytes = downloads.reduce((sum, each) => sum + sizeOfDownload(each), 0);
  if (pinned === null || totalBytes === 0) return { opened, how: 'local' };
  const had = await Promise.all(downloads.map((each) => hadOfDownload(each, store)));
  const hadBytes = had.reduce((sum, bytes) => sum + bytes, 0);
  if (!(await hasRoom(totalBytes - hadBytes, needBytes, store))) return { opened, how: 'streamed' };
  const { endpoint, repo, commit } = pinned;
  const sources = downloads.map(({ source }) => source);
  await store.begin({
    ...{ ...job, endpoint, repo, commit, totalBytes },
    ...{ sources: [...new Set(sources)], usedAt: Date.now() },
  });
  const meter = new DownloadMeter(totalBytes, tell);
  meter.had(hadBytes);
  meter.begin();
  const local: OpenedSource[] = [];
  for (const { opened: source, download } of parts) {
    const files =
      download === null
        ? source.files
        : await fetchAll(download, source.files, store, meter, signal);
    local.push({ ...source, files });
  }
  const checked = await Promise.all(downloads.map((each) => isChecked(each, store)));
  return { opened: local, how: checked.every(Boolean) ? 'checked' : 'whole' };
}

/** Asked for before the first byte. False where the package fits, but not beside its originals. */
async function hasRoom(
  fetchBytes: number,
  needBytes: number,
  store: DownloadStore,
): Promise<boolean> {
  const freeBytes = await store.freeBytes();
  if (freeBytes === null || fetchBytes + needBytes <= freeBytes) return true;
  return needBytes <= freeBytes
    ? false
    : refuse({ code: 'model-storage-full', needBytes, freeBytes });
}

/** What a build needs to be gone on with after a reload; null where its files cannot be asked for again. */
export function resumable({ adapter }: BuildOrder): DownloadJob['adapter'] | undefined {
  if (adapter === null) return null;
  if (adapter.kind === 'stays') return { kind: 'stays', base: adapter.base.id };
  const { base } = adapter;
  if (base.kind !== 'hub') return undefined;
  return { kind: 'merged', endpoint: base.endpoint, repo: base.repo, revision: base.revision };
}
