/** Every stored file against the hash it was written with. */
import { FailureError } from '../domain/failure.ts';
import type { FileFacts, Integrity, PackageStore } from './packages.ts';
import { sha256OfBlob } from './sha256.ts';

export type OnVerified = (doneBytes: number, totalBytes: number) => void;

/** Reads the whole package, and writes what came out into its entry. */
export async function verifyPackage(
  store: PackageStore,
  id: string,
  signal: AbortSignal,
  onBytes: OnVerified,
): Promise<Integrity> {
  const files = await store.files(id);
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const damaged: string[] = [];
  for (const file of files) {
    const count = (bytes: number) => onBytes((done += bytes), totalBytes);
    if (!(await isWhole(store, id, file, signal, count))) damaged.push(file.path);
  }
  const at = Date.now();
  const isSound = damaged.length === 0 && files.length > 0;
  const integrity: Integrity = isSound
    ? { status: 'verified', at }
    : { status: 'damaged', at, files: damaged };
  await store.update(id, { integrity });
  return integrity;
}

async function isWhole(
  store: PackageStore,
  id: string,
  { path, bytes, sha256 }: FileFacts,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<boolean> {
  try {
    const blob = await store.read(id, path);
    return blob.size === bytes && (await sha256OfBlob(blob, signal, onBytes)) === sha256;
  } catch (error) {
    signal.throwIfAborted();
    // Gone, or no longer to be read: a file that the browser threw away, or a disk that fails.
    if (error instanceof FailureError || error instanceof DOMException) return false;
    throw error;
  }
}
