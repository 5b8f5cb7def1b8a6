/**
 * What `torch.save` wrote before version 1.6: five pickles one after another (a magic number, the
 * protocol, the machine, the object, the keys of its storages) and then the storages, in the order
 * of their keys: 8 bytes with the number of elements, and the elements.
 */
import { refuse } from '../domain/failure';
import { DTYPE_BYTES } from './dtype';
import { readExactly } from './byte-source';
import type { ByteSource } from './byte-source';
import { namedEntries, readPickle } from './pickle';
import type { PickleValue, PickleWorld } from './pickle-values';
import type { TorchFile } from './torch-file';
import { TorchStorage, torchWorld } from './torch-values';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const COUNT_BYTES = 8;
/** Where the pickles end is only known once they are read: more of the file each time. */
const WINDOWS = [256_000, 4_000_000, 32_000_000];

interface Head {
  readonly object: PickleValue;
  readonly keys: readonly string[];
  /** Where the storages begin. */
  readonly end: number;
}

export async function openTorchLegacy(file: ByteSource, signal: AbortSignal): Promise<TorchFile> {
  const storages = new Map<string, TorchStorage>();
  const head = await readHead(file, collecting(torchWorld(file.name), storages), signal);
  const places = layOut(file, head, storages);
  const placeOf = (key: string): Place => places.get(key) ?? damaged(file, `storage ${key}`);
  return {
    value: head.object,
    storageBytes: (key) => placeOf(key).bytes,
    locate: async (key, when) => {
      const { start, elements } = placeOf(key);
      const from = start - COUNT_BYTES;
      const bytes = await readExactly(file, from, start, `storage ${key}`, when);
      const count = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true);
      return count === BigInt(elements) ? start : damaged(file, `storage ${key} of ${count}`);
    },
  };
}

/** Notes every storage that the object names: their sizes say where each one lies. */
function collecting(world: PickleWorld, storages: Map<string, TorchStorage>): PickleWorld {
  return {
    global: (module, name) => world.global(module, name),
    persistent: (id) => {
      const storage = world.persistent(id);
      if (storage instanceof TorchStorage) storages.set(storage.key, storage);
      return storage;
    },
  };
}

async function readHead(file: ByteSource, world: PickleWorld, signal: AbortSignal): Promise<Head> {
  for (const window of WINDOWS) {
    const end = Math.min(window, file.size);
    const bytes = await readExactly(file, 0, end, 'its beginning', signal);
    const head = parseHead(file, bytes, world);
    if (head !== null) return head;
    if (end === file.size) break;
  }
  return damaged(file, 'its list of tensors is cut short');
}

/** Null when the bytes end first. */
function parseHead(file: ByteSource, bytes: Uint8Array, world: PickleWorld): Head | null {
  const values: PickleValue[] = [];
  let at = 0;
  while (values.length < 5) {
    const read = readPickle(file.name, bytes, at, world);
    if (read === null) return null;
    values.push(read.value);
    at = read.end;
    checkPart(file, values.length - 1, read.value);
  }
  return { object: values[3] as PickleValue, keys: values[4] as string[], end: at };
}

function checkPart(file: ByteSource, index: number, value: PickleValue): void {
  if (index === 0 && value !== MAGIC) damaged(file, 'it is no file of PyTorch');
  if (index === 1 && value !== PROTOCOL) damaged(file, 'a protocol nobody knows');
  if (index === 2 && namedEntries(value).some(([key, set]) => key === 'little_endian' && !set)) {
    refuse({ code: 'checkpoint-unsupported', what: 'byteorder', detail: `big (${file.name})` });
  }
  if (index !== 4) return;
  if (!Array.isArray(value) || value.some((key) => typeof key !== 'string')) {
    damaged(file, 'its list of storages');
  }
}

interface Place {
  readonly start: number;
  readonly elements: number;
  readonly bytes: number;
}

function layOut(
  file: ByteSource,
  { keys, end }: Head,
  storages: ReadonlyMap<string, TorchStorage>,
): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let at = end;
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined || places.has(key)) return damaged(file, `storage ${key}`);
    const bytes = storage.size * (storage.dtype === null ? 1 : DTYPE_BYTES[storage.dtype]);
    places.set(key, { start: at + COUNT_BYTES, elements: storage.size, bytes });
    at += COUNT_BYTES + bytes;
    if (at > file.size) damaged(file, `storage ${key} is cut short`);
  }
  return places;
}

function damaged(file: ByteSource, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file: file.name, detail });
}
