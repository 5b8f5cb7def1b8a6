/** What was dropped on the page: the only part of this room that needs a document. */
import { refuse } from '../domain/failure.ts';
import { originOfListed, type Origin } from './origin.ts';

/** More than any model has, few enough to list at once: a home folder was dropped by mistake. */
const MAX_DROPPED_FILES = 5_000;

/**
 * What was dropped on the page, folders with all that is in them. The items of a drop are gone after
 * the first `await`, so every entry is taken before anything is read.
 */
export async function originOfDrop(drop: DataTransfer): Promise<Origin> {
  const items = [...drop.items].filter(({ kind }) => kind === 'file');
  const taken = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: { path: string; file: File }[] = [];
  for (const { entry, file } of taken) {
    if (entry !== null) await collect(entry, files);
    else if (file !== null) files.push({ path: file.name, file });
  }
  return originOfListed(files, taken[0]?.entry?.name ?? '∅');
}

async function collect(
  entry: FileSystemEntry,
  files: { path: string; file: File }[],
): Promise<void> {
  if (isDirectory(entry)) {
    for (const child of await entriesOf(entry)) await collect(child, files);
    return;
  }
  if (files.length >= MAX_DROPPED_FILES) {
    refuse({ code: 'source-without-model', name: entry.fullPath });
  }
  const path = entry.fullPath.replace(/^\//u, '');
  const file = await new Promise<File>((resolve, reject) =>
    (entry as FileSystemFileEntry).file(resolve, reject),
  ).catch(() => refuse({ code: 'source-changed', file: path }));
  files.push({ path, file });
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

/** A reader gives the entries of a folder by batches, an empty one last. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    ).catch(() => refuse({ code: 'source-changed', file: folder.name }));
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}
