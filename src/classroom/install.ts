/** The models of a class into this browser's storage: every byte hashed on the way, all of them or none. */
import type { FileSet } from '../checkpoint/byte-source.ts';
import { refuse } from '../domain/failure.ts';
import type { PackageDraft, PackageStore } from '../storage/packages.ts';
import type { ClassModel, ClassPack } from './pack.ts';

/** So much is held of a file at a time. */
const SLICE_BYTES = 4 * 2 ** 20;

type Packed = Extract<ClassModel, { kind: 'package' }>;

export interface InstallProgress {
  readonly name: string;
  readonly bytes: number;
  readonly totalBytes: number;
}

/**
 * Throws a `FailureError` where a file is not what the class says, or storage refuses; nothing is
 * listed then.
 *
 * @param files of the zip, by their whole path
 */
export async function installModels(
  pack: Pick<ClassPack, 'models'>,
  files: FileSet,
  store: PackageStore,
  at: number,
  signal: AbortSignal,
  tell: (progress: InstallProgress) => void,
): Promise<void> {
  const packed = pack.models.filter((model) => model.kind === 'package');
  const wanted: Packed[] = [];
  for (const model of packed) if (!(await isHere(model, store))) wanted.push(model);
  const totalBytes = wanted.reduce((sum, model) => sum + bytesOf(model), 0);
  let bytes = 0;
  const drafts: { draft: PackageDraft; model: Packed }[] = [];
  try {
    for (const model of wanted) {
      const draft = await store.draft(model.entry.id, bytesOf(model));
      drafts.push({ draft, model });
      const wrote = (count: number) => {
        bytes += count;
        tell({ name: model.entry.name, bytes, totalBytes });
      };
      await writeFiles(model, files, draft, signal, wrote);
    }
    signal.throwIfAborted();
    for (const { draft, model } of drafts) await draft.commit(entryOf(model, at));
  } finally {
    for (const { draft } of drafts) await draft.abandon();
  }
}

/** What another machine found of it says nothing about this one; its bytes were just compared. */
function entryOf({ entry }: Packed, at: number) {
  const check = { status: 'unchecked' } as const;
  const integrity = { status: 'verified', at } as const;
  return { ...entry, check, integrity, addedAt: at, usedAt: at };
}

function bytesOf({ files }: Packed): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function isHere({ entry, files }: Packed, store: PackageStore): Promise<boolean> {
  const have = new Map((await store.files(entry.id)).map((file) => [file.path, file.sha256]));
  return have.size === files.length && files.every(({ path, sha256 }) => have.get(path) === sha256);
}

async function writeFiles(
  { folder, files: listed }: Packed,
  files: FileSet,
  draft: PackageDraft,
  signal: AbortSignal,
  wrote: (count: number) => void,
): Promise<void> {
  for (const { path, bytes, sha256 } of listed) {
    const source = files.get(`${folder}/${path}`);
    if (source?.size !== bytes) return refuse({ code: 'class-file-wrong', file: path });
    const writer = await draft.open(path);
    for (let start = 0; start < bytes; start += SLICE_BYTES) {
      signal.throwIfAborted();
      const slice = await source.read(start, Math.min(bytes, start + SLICE_BYTES), signal);
      await writer.write(slice);
      wrote(slice.byteLength);
    }
    const written = await writer.close();
    if (written.sha256 !== sha256) refuse({ code: 'class-file-wrong', file: path });
  }
}
