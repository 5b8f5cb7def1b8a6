/**
 * The files of a zip, without unpacking it. Stored entries are slices of the zip itself; a compressed
 * one is unpacked whole the first time it is read, into a Blob that the browser keeps out of memory,
 * because a deflate stream cannot be read from its middle.
 *
 * zip.js is taken without the codecs and Workers that it carries inside: every browser that runs Patio
 * inflates by itself (`DecompressionStream`), and the page's policy would refuse those Workers.
 */
import { BlobReader, ZipReader, type FileEntry } from '@zip.js/zip.js/lib/zip-core-custom.js';
import type { ByteSource, FileSet } from '../checkpoint/byte-source.ts';
import { FailureError, refuse } from '../domain/failure.ts';
import { blobSource } from './blob-source.ts';

/** No model has more files; a zip of a hundred thousand empty entries is a trap. */
const MAX_ENTRIES = 3_000;
/** Weights shrink to two thirds at best and vocabularies to a fifth; deflate itself ends at 1032. */
const MAX_RATIO = 200;
/** Small files may repeat themselves more than that and do no harm. */
const RATIO_FREE_BYTES = 8_000_000;
/** The largest models that a browser can hold stay under this, with all that lies beside them. */
const MAX_UNPACKED_BYTES = 40_000_000_000;

const STORED = 0;
const DEFLATED = 8;
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER = 0x04034b50;

export interface ZipFiles {
  readonly files: FileSet;
  /** Paths that must be unpacked before they can be read. */
  readonly packed: ReadonlySet<string>;
}

export async function openZip(zip: File, signal: AbortSignal): Promise<ZipFiles> {
  const entries = await listEntries(zip, signal);
  let total = 0;
  const files = new Map<string, ByteSource>();
  const packed = new Set<string>();
  for (const entry of entries) {
    const path = refuseTraps(zip, entry);
    if (files.has(path)) refused(zip, `${path} ×2`);
    total += entry.uncompressedSize;
    if (total > MAX_UNPACKED_BYTES) refused(zip, `${total} bytes`);
    files.set(path, entrySource(zip, entry, path));
    if (entry.compressionMethod !== STORED) packed.add(path);
  }
  refuseOverlaps(zip, entries);
  return { files, packed };
}

async function listEntries(zip: File, signal: AbortSignal): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  let count = 0;
  const reader = new ZipReader(new BlobReader(zip), { useWebWorkers: false, signal });
  await opening(zip, signal, async () => {
    for await (const entry of reader.getEntriesGenerator()) {
      signal.throwIfAborted();
      count += 1;
      if (count > MAX_ENTRIES) refused(zip, `> ${MAX_ENTRIES}`);
      if (!entry.directory && !isLitter(entry.filename)) found.push(entry as FileEntry);
    }
  });
  return found;
}

/** What the Finder adds to every zip it makes. */
function isLitter(path: string): boolean {
  return path.startsWith('__MACOSX/') || path.endsWith('/.DS_Store') || path === '.DS_Store';
}

/** The path of an entry that is safe to read. */
function refuseTraps(zip: File, entry: FileEntry): string {
  const path = entry.filename.replaceAll('\\', '/');
  const parts = path.split('/');
  if (path.startsWith('/') || parts.some((part) => part === '..' || part === '' || part === '.')) {
    refused(zip, path);
  }
  if (entry.encrypted) refused(zip, `${path}: 🔒`);
  if (entry.symlink) refused(zip, `${path}: link`);
  const { compressionMethod: method, compressedSize, uncompressedSize } = entry;
  if (method !== STORED && method !== DEFLATED) refused(zip, `${path}: method ${method}`);
  if (method === STORED && compressedSize !== uncompressedSize) refused(zip, `${path}: size`);
  if (compressedSize > zip.size) refused(zip, `${path}: size`);
  if (uncompressedSize > RATIO_FREE_BYTES && uncompressedSize > compressedSize * MAX_RATIO) {
    refused(zip, `${path}: 1:${Math.round(uncompressedSize / Math.max(1, compressedSize))}`);
  }
  return path;
}

/** Entries that share their bytes make a small zip unpack into a huge one. */
function refuseOverlaps(zip: File, entries: readonly FileEntry[]): void {
  const sorted = [...entries].sort((a, b) => a.offset - b.offset);
  let reached = 0;
  for (const { offset, compressedSize, filename } of sorted) {
    if (offset < reached) refused(zip, `${filename}: overlap`);
    reached = offset + LOCAL_HEADER_BYTES + compressedSize;
  }
}

function entrySource(zip: File, entry: FileEntry, path: string): ByteSource {
  const size = entry.uncompressedSize;
  let opened: Promise<ByteSource> | null = null;
  const open = async (signal: AbortSignal) => {
    const blob =
      entry.compressionMethod === STORED ? storedBlob(zip, entry) : unpack(zip, entry, signal);
    return blobSource(path, await blob);
  };
  const openOnce = (signal: AbortSignal) => {
    opened ??= open(signal).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  return {
    name: path,
    size,
    read: async (start, end, signal) => (await openOnce(signal)).read(start, end, signal),
  };
}

async function storedBlob(zip: File, entry: FileEntry): Promise<Blob> {
  const header = await zip.slice(entry.offset, entry.offset + LOCAL_HEADER_BYTES).arrayBuffer();
  const view = new DataView(header);
  if (header.byteLength < LOCAL_HEADER_BYTES || view.getUint32(0, true) !== LOCAL_HEADER) {
    return refused(zip, entry.filename);
  }
  const start =
    entry.offset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const blob = zip.slice(start, start + entry.compressedSize);
  return blob.size === entry.uncompressedSize ? blob : refused(zip, entry.filename);
}

/** Unpacks one entry as a stream; more bytes than it declares end it at once. */
async function unpack(zip: File, entry: FileEntry, signal: AbortSignal): Promise<Blob> {
  const { readable, writable } = guard(zip, entry);
  const blob = new Response(readable).blob();
  // The reason reaches us from getData; here it would be a second, unhandled report of it.
  blob.catch(() => undefined);
  await opening(zip, signal, () =>
    entry.getData(writable, { signal, checkSignature: true, useWebWorkers: false }),
  );
  return blob;
}

function guard(zip: File, { filename, uncompressedSize }: FileEntry): TransformStream<Uint8Array> {
  let written = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      written += chunk.byteLength;
      if (written > uncompressedSize) refused(zip, `${filename}: size`);
      controller.enqueue(chunk);
    },
    flush() {
      if (written !== uncompressedSize) refused(zip, `${filename}: size`);
    },
  });
}

/** zip.js throws plain errors; each becomes one refusal with its words as detail. */
async function opening<T>(zip: File, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FailureError) throw error;
    return refused(zip, error instanceof Error ? error.message : String(error));
  }
}

function refused(zip: File, detail: string): never {
  return refuse({ code: 'zip-refused', file: zip.name, detail });
}
