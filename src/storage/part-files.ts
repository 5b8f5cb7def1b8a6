/** Files that are written in any order and go on after a reload: what is being downloaded. */
export interface PartFiles {
  /** Opens a file to go on with it; one writer at a time. */
  open(folder: string, path: string): Promise<PartFile>;
  /** Null where there is none. Not while the file is open for writing. */
  read(folder: string, path: string): Promise<Blob | null>;
  /** A no-op where there is none. */
  remove(folder: string): Promise<void>;
  /** Folders that hold anything. */
  folders(): Promise<readonly string[]>;
}

export interface PartFile {
  /** How far the file reaches on disk; there may be holes before. */
  readonly size: number;
  /** All of it, or it throws. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** What was written before outlives the browser's death from here on. */
  flush(): Promise<void>;
  /** Forgets every byte. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
