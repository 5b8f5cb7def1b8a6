/** A named, sized file that is read by range: a `File`, a zip entry, HTTP Range or a disk file. */
export interface ByteSource {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Bytes `start` (included) to `end` (excluded); may return a view, never shorter than asked. */
  read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** The files of a checkpoint or an adapter by their path inside its folder. */
export type FileSet = ReadonlyMap<string, ByteSource>;

/** A source over bytes already in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  };
}
