/**
 * Checkpoints that bitsandbytes quantised, as the weights they stand for.
 *
 * 4 bits (`nf4`, `fp4`): two elements to a byte, the first in its upper half; each is an index into
 * `quant_map`, times the `absmax` of its block. With double quantisation `absmax` is itself indices
 * into `nested_quant_map`, times `nested_absmax`, plus an offset. Sizes are a JSON text in the tensor
 * `quant_state.bitsandbytes__<kind>`. 8 bits: integers, times their row's `SCB`, over 127.
 */
import { refuse } from '../domain/failure';
import { parseObject } from './json-file';
import type { Json, JsonObject } from './json-file';
import { elementCount, readRows } from './tensor-source';
import type { Quantisation, TensorInfo, TensorSource } from './tensor-source';

/** A matrix in fewer bits: what it looks like as floats, and how its elements are made. */
interface QuantisedMatrix {
  readonly info: TensorInfo;
  /** Tensors that exist only to restore this one. */
  readonly companions: readonly string[];
  /** Elements `from` to `to`, row-major. */
  decode(from: number, to: number, signal: AbortSignal): Promise<Float32Array>;
}

const STATE_NAME = /^(.+)\.quant_state\.bitsandbytes__(nf4|fp4)$/;
const SCALES_NAME = /^(.+)\.SCB$/;
const MAX_STATE_BYTES = 65_536;
const LEVELS = 16;
const NESTED_LEVELS = 256;
const INT8_LIMIT = 127;
/** Packed bytes are read as floats, four times as large: a piece at a time keeps that small. */
const PIECE_ELEMENTS = 1 << 21;

/** The same tensors with the quantised ones as floats, without those that only restore others. */
export async function dequantised(
  source: TensorSource,
  signal: AbortSignal,
): Promise<TensorSource> {
  const matrices = new Map(await Promise.all(findMatrices(source, signal)));
  if (matrices.size === 0) return source;
  const hidden = new Set([...matrices.values()].flatMap(({ companions }) => companions));
  const names = source.names().filter((name) => !hidden.has(name));
  return {
    names: () => names,
    info: (name) => matrices.get(name)?.info ?? (hidden.has(name) ? undefined : source.info(name)),
    read: async (name, when) => {
      const matrix = matrices.get(name);
      if (matrix === undefined) return source.read(name, when);
      return matrix.decode(0, elementCount(matrix.info.shape), when);
    },
    readRows: async (name, first, count, when) => {
      const matrix = matrices.get(name);
      if (matrix === undefined) return readRows(source, name, first, count, when);
      const width = elementCount(matrix.info.shape.slice(1));
      return matrix.decode(first * width, (first + count) * width, when);
    },
  };
}

type Found = Promise<readonly [string, QuantisedMatrix]>;

function findMatrices(source: TensorSource, signal: AbortSignal): Found[] {
  return source.names().flatMap((name) => {
    const [, weight, kind] = STATE_NAME.exec(name) ?? [];
    if (weight !== undefined && (kind === 'nf4' || kind === 'fp4')) {
      return [openFourBits(source, weight, kind, name, signal)];
    }
    const [, module] = SCALES_NAME.exec(name) ?? [];
    return module === undefined ? [] : [openEightBits(source, module, signal)];
  });
}

async function openEightBits(
  source: TensorSource,
  module: string,
  signal: AbortSignal,
): Promise<readonly [string, QuantisedMatrix]> {
  const [weight, scales, layout] = [`${module}.weight`, `${module}.SCB`, `${module}.weight_format`];
  const shape = source.info(weight)?.shape ?? [];
  const [rows = 0, columns = 0] = shape;
  if (source.info(weight)?.dtype !== 'I8' || shape.length !== 2) damaged(weight, 'no 8-bit matrix');
  requireCount(source, scales, rows);
  if (source.info(layout) !== undefined) {
    requireCount(source, layout, 1);
    const [format] = await source.read(layout, signal);
    // Formats other than rows lie in the order that one kind of GPU wanted.
    if (format !== 0) refuse({ code: 'checkpoint-quantised', method: 'bitsandbytes (tiled int8)' });
  }
  const decode = async (from: number, to: number, when: AbortSignal): Promise<Float32Array> => {
    const [first, count] = [from / columns || 0, (to - from) / columns || 0];
    const found = await readRows(source, weight, first, count, when);
    const scale = await readRows(source, scales, first, count, when);
    for (let i = 0; i < found.length; i += 1) {
      const row = scale[Math.floor(i / columns)] as number;
      found[i] = ((found[i] as number) * row) / INT8_LIMIT;
    }
    return found;
  };
  const info = { dtype: 'I8', shape, quantised: 'int8' } as const;
  return [weight, { info, companions: [scales, layout], decode }];
}

async function openFourBits(
  source: TensorSource,
  weight: string,
  kind: Quantisation,
  stateName: string,
  signal: AbortSignal,
): Promise<readonly [string, QuantisedMatrix]> {
  const state = await readState(source, stateName, signal);
  const shape = sizes(stateName, state['shape']);
  const count = elementCount(shape);
  requirePacked(source, weight, Math.ceil(count / 2));
  const scales = scalesOf(source, weight, state, stateName, count);
  const levels = `${weight}.quant_map`;
  requireCount(source, levels, LEVELS);
  const decode = async (from: number, to: number, when: AbortSignal): Promise<Float32Array> => {
    const map = await source.read(levels, when);
    const found = new Float32Array(to - from);
    for (let start = from; start < to; start += PIECE_ELEMENTS) {
      const end = Math.min(to, start + PIECE_ELEMENTS);
      const piece = found.subarray(start - from, end - from);
      await unpack(source, weight, map, start, piece, when);
      await scales.apply(piece, start, when);
    }
    return found;
  };
  const companions = [stateName, levels, ...scales.companions];
  return [weight, { info: { dtype: 'U8', shape, quantised: kind }, companions, decode }];
}

async function readState(
  source: TensorSource,
  name: string,
  signal: AbortSignal,
): Promise<JsonObject> {
  const info = source.info(name);
  if (info?.dtype !== 'U8' || elementCount(info.shape) > MAX_STATE_BYTES) damaged(name, 'no text');
  return parseObject(name, new Uint8Array(await source.read(name, signal)));
}

/** Fills `target` with the levels of the elements from `start` on. */
async function unpack(
  source: TensorSource,
  weight: string,
  map: Float32Array,
  start: number,
  target: Float32Array,
  signal: AbortSignal,
): Promise<void> {
  const first = start >> 1;
  const last = Math.ceil((start + target.length) / 2);
  const packed = await readRows(source, weight, first, last - first, signal);
  for (let i = 0; i < target.length; i += 1) {
    const element = start + i;
    const byte = packed[(element >> 1) - first] as number;
    target[i] = map[element % 2 === 0 ? byte >> 4 : byte & 15] as number;
  }
}

/** What multiplies each block of levels. */
interface Scales {
  readonly companions: readonly string[];
  apply(target: Float32Array, start: number, signal: AbortSignal): Promise<void>;
}

function scalesOf(
  source: TensorSource,
  weight: string,
  state: JsonObject,
  stateName: string,
  count: number,
): Scales {
  const block = blockSize(stateName, state['blocksize']);
  const blocks = Math.ceil(count / block);
  requireCount(source, `${weight}.absmax`, blocks);
  const nested = nestedOf(source, weight, state, stateName, blocks);
  return {
    companions: [`${weight}.absmax`, ...(nested?.companions ?? [])],
    apply: async (target, start, signal) => {
      const first = Math.floor(start / block);
      const last = Math.ceil((start + target.length) / block);
      const scales = await readRows(source, `${weight}.absmax`, first, last - first, signal);
      await nested?.apply(scales, first, signal);
      for (let i = 0; i < target.length; i += 1) {
        const scale = scales[Math.floor((start + i) / block) - first] as number;
        target[i] = (target[i] as number) * scale;
      }
    },
  };
}

/** Double quantisation, or null when the scales are plain floats. */
function nestedOf(
  source: TensorSource,
  weight: string,
  state: JsonObject,
  stateName: string,
  blocks: number,
): Scales | null {
  const [absmax, map] = [`${weight}.nested_absmax`, `${weight}.nested_quant_map`];
  if (source.info(absmax) === undefined) return null;
  const block = blockSize(stateName, state['nested_blocksize']);
  const offset = state['nested_offset'];
  if (typeof offset !== 'number') return damaged(stateName, 'nested_offset');
  requireCount(source, absmax, Math.ceil(blocks / block));
  requireCount(source, map, NESTED_LEVELS);
  return {
    companions: [absmax, map],
    apply: async (target, start, signal) => {
      const levels = await source.read(map, signal);
      const scales = await source.read(absmax, signal);
      for (let i = 0; i < target.length; i += 1) {
        const scale = scales[Math.floor((start + i) / block)] as number;
        target[i] = Math.fround((levels[target[i] as number] as number) * scale) + offset;
      }
    },
  };
}

function requireCount(source: TensorSource, name: string, count: number): void {
  const shape = source.info(name)?.shape ?? refuse({ code: 'checkpoint-missing', file: name });
  if (elementCount(shape) !== count) damaged(name, `[${shape.join(', ')}], not ${count}`);
}

/** Packed elements are bytes, one to a row; other storage types are for sharing among GPUs. */
function requirePacked(source: TensorSource, weight: string, bytes: number): void {
  const info = source.info(weight) ?? refuse({ code: 'checkpoint-missing', file: weight });
  if (info.dtype !== 'U8') {
    refuse({ code: 'checkpoint-quantised', method: `bitsandbytes (quant_storage ${info.dtype})` });
  }
  if (info.shape[0] !== bytes || elementCount(info.shape) !== bytes) {
    damaged(weight, `[${info.shape.join(', ')}], not [${bytes}, 1]`);
  }
}

function blockSize(file: string, value: Json | undefined): number {
  const sound = typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
  return sound ? value : damaged(file, 'blocksize');
}

function sizes(file: string, value: Json | undefined): readonly number[] {
  const list: readonly Json[] = Array.isArray(value) ? value : [];
  const sound = list.every(
    (size) => typeof size === 'number' && Number.isInteger(size) && size > 0,
  );
  const count = elementCount(list as readonly number[]);
  if (!sound || list.length !== 2 || !Number.isSafeInteger(count)) return damaged(file, 'shape');
  return list as readonly number[];
}

function damaged(file: string, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file, detail });
}
