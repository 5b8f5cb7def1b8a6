/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header that gives each
 * tensor's dtype, shape and byte range, then the data. A checkpoint is one such file, or several
 * with an index that says which file holds which tensor.
 */
import { refuse } from '../domain/failure';
import { readExactly } from './byte-source';
import type { ByteSource, FileSet } from './byte-source';
import { DTYPE_BYTES, decodeFloats, isDtype } from './dtype';
import type { Dtype } from './dtype';
import { isObject, parseObject, requireFile } from './json-file';
import type { Json } from './json-file';
import { openShards } from './shards';
import { elementCount } from './tensor-source';
import type { TensorSource } from './tensor-source';

/** The largest real headers (a hundred thousand tensors) stay under 15 MB. */
const MAX_HEADER_BYTES = 25_000_000;
const LENGTH_BYTES = 8;
const MAX_RANK = 8;

interface StoredTensor {
  readonly file: ByteSource;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Byte range in the file. */
  readonly start: number;
  readonly end: number;
}

type Catalogue = Map<string, StoredTensor>;

/** Opens `<stem>.safetensors`, or the shards that `<stem>.safetensors.index.json` names. */
export async function openSafetensors(
  files: FileSet,
  stem: string,
  signal: AbortSignal,
): Promise<TensorSource> {
  const index = files.get(`${stem}.safetensors.index.json`);
  if (index !== undefined) return openShards(files, index, openSafetensorsFile, signal);
  return openSafetensorsFile(requireFile(files, `${stem}.safetensors`), signal);
}

export async function openSafetensorsFile(
  file: ByteSource,
  signal: AbortSignal,
): Promise<TensorSource> {
  return tensorSource(await readHeader(file, signal));
}

function tensorSource(tensors: Catalogue): TensorSource {
  const tensorOf = (name: string): StoredTensor =>
    tensors.get(name) ?? refuse({ code: 'checkpoint-missing', file: name });
  return {
    names: () => [...tensors.keys()],
    info: (name) => tensors.get(name),
    read: async (name, signal) => readStored(name, tensorOf(name), signal),
    readRows: async (name, first, count, signal) =>
      readStored(name, rowsOf(tensorOf(name), first, count), signal),
  };
}

async function readStored(
  name: string,
  { file, dtype, start, end }: StoredTensor,
  signal: AbortSignal,
): Promise<Float32Array> {
  return decodeFloats(dtype, await readExactly(file, start, end, `tensor ${name}`, signal));
}

function rowsOf(tensor: StoredTensor, first: number, count: number): StoredTensor {
  const width = elementCount(tensor.shape.slice(1)) * DTYPE_BYTES[tensor.dtype];
  const start = tensor.start + first * width;
  return { ...tensor, start, end: start + count * width };
}

async function readHeader(file: ByteSource, signal: AbortSignal): Promise<Catalogue> {
  const length = await readHeaderLength(file, signal);
  const dataStart = LENGTH_BYTES + length;
  const header = parseObject(
    file.name,
    await readExactly(file, LENGTH_BYTES, dataStart, 'the header', signal),
  );
  const tensors: Catalogue = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, parseEntry(file, dataStart, name, entry));
  }
  refuseOverlaps(file, tensors);
  return tensors;
}

async function readHeaderLength(file: ByteSource, signal: AbortSignal): Promise<number> {
  if (file.size < LENGTH_BYTES) return damaged(file.name, 'shorter than its header length');
  const bytes = await readExactly(file, 0, LENGTH_BYTES, 'the header', signal);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) return damaged(file.name, `header of ${length} bytes`);
  if (LENGTH_BYTES + Number(length) > file.size) return damaged(file.name, 'header is cut short');
  return Number(length);
}

function parseEntry(
  file: ByteSource,
  dataStart: number,
  name: string,
  entry: Json | undefined,
): StoredTensor {
  if (!isObject(entry)) return damaged(file.name, `entry of ${name}`);
  const dtype = entry['dtype'];
  if (typeof dtype !== 'string') return damaged(file.name, `dtype of ${name}`);
  if (!isDtype(dtype)) {
    return refuse({ code: 'checkpoint-unsupported', what: 'dtype', detail: `${dtype} (${name})` });
  }
  const shape = sizes(entry['shape']);
  const offsets = sizes(entry['data_offsets']);
  if (shape === undefined || shape.length > MAX_RANK) return damaged(file.name, `shape of ${name}`);
  const [start, end] = offsets ?? [];
  if (offsets?.length !== 2 || start === undefined || end === undefined || start > end) {
    return damaged(file.name, `offsets of ${name}`);
  }
  if (end - start !== elementCount(shape) * DTYPE_BYTES[dtype]) {
    return damaged(file.name, `${name} has ${end - start} bytes for shape [${shape.join(', ')}]`);
  }
  if (dataStart + end > file.size) return damaged(file.name, `${name} lies past the end`);
  return { file, dtype, shape, start: dataStart + start, end: dataStart + end };
}

/** A list of non-negative integers small enough to compute with; undefined for anything else. */
function sizes(value: Json | undefined): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value as readonly Json[];
  return list.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)
    ? (list as readonly number[])
    : undefined;
}

function refuseOverlaps(file: ByteSource, tensors: Catalogue): void {
  const ranges = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let reached = 0;
  for (const [name, { start, end }] of ranges) {
    if (start < reached && end > start) damaged(file.name, `${name} overlaps another tensor`);
    reached = Math.max(reached, end);
  }
}

function damaged(file: string, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file, detail });
}
