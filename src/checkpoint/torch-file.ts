/** Files of `torch.save` as tensors: which of its two forms, which entries are weights, and where. */
import { refuse } from '../domain/failure';
import { readExactly } from './byte-source';
import type { ByteSource } from './byte-source';
import { DTYPE_BYTES, decodeFloats } from './dtype';
import { namedEntries } from './pickle';
import type { PickleValue } from './pickle-values';
import { gather, isContiguous, spanOf } from './strided';
import { elementCount } from './tensor-source';
import type { TensorInfo, TensorSource } from './tensor-source';
import { openTorchLegacy } from './torch-legacy';
import { TorchTensor } from './torch-values';
import { openTorchZip } from './torch-zip';

/** Where a storage's bytes begin in the file. */
export type LocateStorage = (key: string, signal: AbortSignal) => Promise<number>;

/** Either form of the file, once its pickle is read. */
export interface TorchFile {
  readonly value: PickleValue;
  storageBytes(key: string): number;
  readonly locate: LocateStorage;
}

/** Trainers put the weights beside the state of the training, under one of these names. */
const STATE_KEYS = ['state_dict', 'model_state_dict'];
/** A view may show an element many times over, but a small file must not become a huge tensor. */
const MAX_REPEATED_ELEMENTS = 4_000_000;

/** Opens one file: its pickle is read, its storages are not. Refuses a pickle that would run code. */
export async function openTorchFile(file: ByteSource, signal: AbortSignal): Promise<TensorSource> {
  const torch = await openEitherForm(file, signal);
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of weightsOf(torch.value)) {
    if (!(value instanceof TorchTensor)) continue;
    refuseStray(file, name, value, torch.storageBytes(value.storage.key));
    tensors.set(name, value);
  }
  if (tensors.size === 0) damaged(file, 'no tensors in it');
  return tensorSource(file, torch.locate, tensors);
}

async function openEitherForm(file: ByteSource, signal: AbortSignal): Promise<TorchFile> {
  const start = await readExactly(file, 0, Math.min(4, file.size), 'the file', signal);
  const zip = start[0] === 0x50 && start[1] === 0x4b;
  return zip ? openTorchZip(file, signal) : openTorchLegacy(file, signal);
}

function weightsOf(value: PickleValue): [string, PickleValue][] {
  const entries = namedEntries(value);
  if (entries.some(([, entry]) => entry instanceof TorchTensor)) return entries;
  const nested = entries.find(([name]) => STATE_KEYS.includes(name));
  return nested === undefined ? entries : namedEntries(nested[1]);
}

/** Every tensor must lie inside its storage, and must not be larger for no reason. */
function refuseStray(file: ByteSource, name: string, tensor: TorchTensor, bytes: number): void {
  const { shape, strides, offset, dtype } = tensor;
  const span = spanOf(shape, strides);
  const count = elementCount(shape);
  if (!((offset + span) * DTYPE_BYTES[dtype] <= bytes)) damaged(file, `${name} lies past its data`);
  if (!Number.isSafeInteger(count) || count > Math.max(span, MAX_REPEATED_ELEMENTS)) {
    damaged(file, `shape [${shape.join(', ')}] of ${name}`);
  }
}

function tensorSource(
  file: ByteSource,
  locate: LocateStorage,
  tensors: ReadonlyMap<string, TorchTensor>,
): TensorSource {
  const infos = infosOf(tensors);
  const tensorOf = (name: string): TorchTensor =>
    tensors.get(name) ?? refuse({ code: 'checkpoint-missing', file: name });
  return {
    names: () => [...tensors.keys()],
    info: (name) => infos.get(name),
    read: async (name, signal) => readView(file, name, locate, tensorOf(name), signal),
    readRows: async (name, first, count, signal) =>
      readView(file, name, locate, rowsOf(tensorOf(name), first, count), signal),
  };
}

/** Tied weights are one storage under two names: the second says which is the first. */
function infosOf(tensors: ReadonlyMap<string, TorchTensor>): ReadonlyMap<string, TensorInfo> {
  const firsts = new Map<string, string>();
  const infos = new Map<string, TensorInfo>();
  for (const [name, { storage, offset, dtype, shape, strides }] of tensors) {
    const place = JSON.stringify([storage.key, offset, dtype, shape, strides]);
    const sameAs = firsts.get(place);
    if (sameAs === undefined) firsts.set(place, name);
    infos.set(name, sameAs === undefined ? { dtype, shape } : { dtype, shape, sameAs });
  }
  return infos;
}

function rowsOf(tensor: TorchTensor, first: number, count: number): TorchTensor {
  const { storage, dtype, offset, shape, strides } = tensor;
  if (shape.length === 0) return tensor;
  const from = offset + first * (strides[0] ?? 0);
  return new TorchTensor(storage, dtype, from, [count, ...shape.slice(1)], strides);
}

async function readView(
  file: ByteSource,
  name: string,
  locate: LocateStorage,
  { storage, dtype, offset, shape, strides }: TorchTensor,
  signal: AbortSignal,
): Promise<Float32Array> {
  const width = DTYPE_BYTES[dtype];
  const start = (await locate(storage.key, signal)) + offset * width;
  const end = start + spanOf(shape, strides) * width;
  const span = decodeFloats(dtype, await readExactly(file, start, end, name, signal));
  return isContiguous(shape, strides) ? span : gather(span, shape, strides);
}

function damaged(file: ByteSource, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file: file.name, detail });
}
