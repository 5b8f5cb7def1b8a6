/** The directory at the end of a zip file, and where each entry's bytes lie: read by range. */
import { refuse } from '../domain/failure';
import { readExactly } from './byte-source';
import type { ByteSource } from './byte-source';

export interface ZipEntry {
  readonly name: string;
  /** 0 is stored, 8 is deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  /** In bytes, as stored and as it was. */
  readonly packedSize: number;
  readonly size: number;
  /** Where the entry's own header begins. */
  readonly headerStart: number;
}

const END = { signature: 0x06054b50, bytes: 22, maxComment: 65_535 };
const END64 = { signature: 0x06064b50, bytes: 56 };
const LOCATOR64 = { signature: 0x07064b50, bytes: 20 };
const CENTRAL = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
/** A field of this value is given with 64 bits elsewhere. */
const ELSEWHERE = 0xffffffff;
const EXTRA64 = 0x0001;

/** A hundred thousand tensors take about 12 MB of directory. */
const MAX_DIRECTORY_BYTES = 50_000_000;

interface Directory {
  readonly start: number;
  readonly size: number;
  readonly entries: number;
}

/** Refuses what is no zip, is cut short, or is split over several files. */
export async function readZipDirectory(
  file: ByteSource,
  signal: AbortSignal,
): Promise<readonly ZipEntry[]> {
  const { start, size, entries } = await findDirectory(file, signal);
  if (size > MAX_DIRECTORY_BYTES) damaged(file, `zip directory of ${size} bytes`);
  const bytes = await readExactly(file, start, start + size, 'the zip directory', signal);
  return parseDirectory(file, bytes, entries);
}

async function findDirectory(file: ByteSource, signal: AbortSignal): Promise<Directory> {
  const start = Math.max(0, file.size - END.bytes - END.maxComment - LOCATOR64.bytes);
  const tail = viewOf(await readExactly(file, start, file.size, 'the zip directory', signal));
  const at = findEnd(file, tail);
  const locator = at - LOCATOR64.bytes;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR64.signature) {
    return readEnd64(file, u64(file, tail, locator + 8), signal);
  }
  return {
    entries: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    start: tail.getUint32(at + 16, true),
  };
}

/** The last place that looks like the end record and whose comment ends with the file. */
function findEnd(file: ByteSource, tail: DataView): number {
  for (let at = tail.byteLength - END.bytes; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== END.signature) continue;
    if (at + END.bytes + tail.getUint16(at + 20, true) === tail.byteLength) return at;
  }
  return damaged(file, 'the zip directory is missing: the file is cut short or is no zip');
}

async function readEnd64(file: ByteSource, at: number, signal: AbortSignal): Promise<Directory> {
  const end = at + END64.bytes;
  const record = viewOf(await readExactly(file, at, end, 'the zip directory', signal));
  if (record.getUint32(0, true) !== END64.signature) damaged(file, 'zip64 directory');
  return {
    entries: u64(file, record, 32),
    size: u64(file, record, 40),
    start: u64(file, record, 48),
  };
}

function parseDirectory(file: ByteSource, bytes: Uint8Array, count: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < count) {
    const { entry, next } = parseEntry(file, bytes, at);
    entries.push(entry);
    at = next;
  }
  return entries;
}

function parseEntry(
  file: ByteSource,
  bytes: Uint8Array,
  at: number,
): { entry: ZipEntry; next: number } {
  const view = viewOf(bytes);
  if (at + CENTRAL.bytes > bytes.length || view.getUint32(at, true) !== CENTRAL.signature) {
    damaged(file, 'an entry of the zip directory');
  }
  const nameEnd = at + CENTRAL.bytes + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > bytes.length) damaged(file, 'an entry of the zip directory');
  const [size, packedSize, headerStart] = wideFields(
    file,
    [at + 24, at + 20, at + 42].map((field) => view.getUint32(field, true)),
    bytes.subarray(nameEnd, extraEnd),
  ) as [number, number, number];
  const entry: ZipEntry = {
    name: new TextDecoder().decode(bytes.subarray(at + CENTRAL.bytes, nameEnd)),
    method: view.getUint16(at + 10, true),
    encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
    packedSize,
    size,
    headerStart,
  };
  return { entry, next };
}

/** The 64-bit extra field gives, in order, those of the fields that say they are elsewhere. */
function wideFields(file: ByteSource, fields: readonly number[], extra: Uint8Array): number[] {
  if (!fields.includes(ELSEWHERE)) return [...fields];
  const wide = extraField(file, extra, EXTRA64);
  let at = 0;
  return fields.map((field) => {
    if (field !== ELSEWHERE) return field;
    if (at + 8 > wide.byteLength) damaged(file, 'a zip64 field');
    at += 8;
    return u64(file, wide, at - 8);
  });
}

function extraField(file: ByteSource, extra: Uint8Array, id: number): DataView {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > extra.length) break;
    if (view.getUint16(at, true) === id) return viewOf(extra.subarray(at + 4, end));
    at = end;
  }
  return damaged(file, 'a zip64 field');
}

/** Byte range of an entry's packed data: its own header says how long that header is. */
export async function entryRange(
  file: ByteSource,
  entry: ZipEntry,
  signal: AbortSignal,
): Promise<{ start: number; end: number }> {
  const { headerStart, name, packedSize } = entry;
  const bytes = await readExactly(file, headerStart, headerStart + LOCAL.bytes, name, signal);
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== LOCAL.signature) damaged(file, `header of ${name}`);
  const start = headerStart + LOCAL.bytes + view.getUint16(26, true) + view.getUint16(28, true);
  const end = start + packedSize;
  if (end > file.size) damaged(file, `${name} is cut short`);
  return { start, end };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function u64(file: ByteSource, view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : damaged(file, `a zip field of ${value}`);
}

function damaged(file: ByteSource, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file: file.name, detail });
}
