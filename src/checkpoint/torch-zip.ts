/**
 * What `torch.save` has written since version 1.6: a zip of stored entries under one folder of any
 * name, with `data.pkl`, one `data/<key>` for each storage, and the order of bytes in `byteorder`.
 */
import { refuse } from '../domain/failure';
import { readExactly } from './byte-source';
import type { ByteSource } from './byte-source';
import { readPickle } from './pickle';
import type { LocateStorage, TorchFile } from './torch-file';
import { torchWorld } from './torch-values';
import { entryRange, readZipDirectory } from './zip-directory';
import type { ZipEntry } from './zip-directory';

const STORED = 0;
const PICKLE = 'data.pkl';
const MAX_PICKLE_BYTES = 32_000_000;

export async function openTorchZip(file: ByteSource, signal: AbortSignal): Promise<TorchFile> {
  const entries = new Map(
    (await readZipDirectory(file, signal)).map((entry) => [entry.name, entry]),
  );
  const folder = folderOf(file, entries);
  await refuseByteOrder(file, entries.get(`${folder}byteorder`), signal);
  const pickle = requireEntry(file, entries, folder + PICKLE);
  if (pickle.size > MAX_PICKLE_BYTES) damaged(file, `${PICKLE} of ${pickle.size} bytes`);
  const bytes = await readEntry(file, pickle, signal);
  const { value } =
    readPickle(file.name, bytes, 0, torchWorld(file.name)) ??
    damaged(file, `${PICKLE} is cut short`);
  const storage = (key: string): ZipEntry => requireEntry(file, entries, `${folder}data/${key}`);
  return {
    value,
    storageBytes: (key) => storage(key).size,
    locate: onceEach(async (key, when) => (await entryRange(file, storage(key), when)).start),
  };
}

/** The folder that holds `data.pkl`, with its slash. */
function folderOf(file: ByteSource, entries: ReadonlyMap<string, ZipEntry>): string {
  for (const name of entries.keys()) {
    if (/^([^/]+\/)?data\.pkl$/.test(name)) return name.slice(0, -PICKLE.length);
  }
  return damaged(file, `no ${PICKLE} in it`);
}

async function refuseByteOrder(
  file: ByteSource,
  entry: ZipEntry | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (entry === undefined) return;
  if (entry.size > 16) damaged(file, 'byteorder');
  const order = new TextDecoder().decode(await readEntry(file, entry, signal)).trim();
  if (order === 'little') return;
  refuse({ code: 'checkpoint-unsupported', what: 'byteorder', detail: `${order} (${file.name})` });
}

function requireEntry(
  file: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  name: string,
): ZipEntry {
  const entry = entries.get(name) ?? damaged(file, `no ${name} in it`);
  if (entry.method === STORED && !entry.encrypted && entry.size === entry.packedSize) return entry;
  // PyTorch never packs: a file made to grow when it is read would.
  return damaged(file, `${name} is packed`);
}

async function readEntry(
  file: ByteSource,
  entry: ZipEntry,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { start, end } = await entryRange(file, entry, signal);
  return readExactly(file, start, end, entry.name, signal);
}

/** Tied tensors share a storage, whose place is looked up once. */
function onceEach(locate: LocateStorage): LocateStorage {
  const found = new Map<string, number>();
  return async (key, signal) => {
    const start = found.get(key) ?? (await locate(key, signal));
    found.set(key, start);
    return start;
  };
}

function damaged(file: ByteSource, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file: file.name, detail });
}
