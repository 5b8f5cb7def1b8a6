import { refuse } from '../domain/failure';

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

/** A range as its reader needs it: all of it, or a refusal that says what is cut short. */
export async function readExactly(
  file: ByteSource,
  start: number,
  end: number,
  what: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const detail = `${what} is cut short`;
  if (end > file.size) refuse({ code: 'checkpoint-damaged', file: file.name, detail });
  const bytes = await file.read(start, end, signal);
  if (bytes.byteLength !== end - start) {
    refuse({ code: 'checkpoint-damaged', file: file.name, detail });
  }
  return bytes;
}

/** A source over bytes already in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  };
}
