/** Folders of large files. Two real ones: `opfs-files.ts` and, where that is missing, `idb-files.ts`. */
export interface FileStore {
  /** Opens a new file; folders on the way are made. */
  create(folder: string, path: string): Promise<FileHandle>;
  /** Null where there is none. The Blob is read lazily. */
  read(folder: string, path: string): Promise<Blob | null>;
  /** Every folder there is, of drafts too. */
  folders(): Promise<readonly string[]>;
  /** A no-op where there is none. */
  remove(folder: string): Promise<void>;
}

export interface FileHandle {
  /** Appends; all of it, or it throws. */
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Names that every browser and every disk accepts; a path is relative and goes down only. */
const PART = /^[^\\/:*?"<>|\p{Cc}]{1,200}$/u;

export function isPackagePath(path: string): boolean {
  return path.split('/').every((part) => PART.test(part) && part !== '.' && part !== '..');
}
