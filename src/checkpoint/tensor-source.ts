import { refuse } from '../domain/failure';
import type { Dtype } from './dtype';

/** How a matrix is kept in fewer bits by bitsandbytes. */
export type Quantisation = 'nf4' | 'fp4' | 'int8';

export interface TensorInfo {
  /** Of the stored elements. */
  readonly dtype: Dtype;
  /** Row-major, outermost first; of a quantised matrix, the shape it has once dequantised. */
  readonly shape: readonly number[];
  readonly quantised?: Quantisation;
  /** Another name for the same stored elements, as tied weights have in a torch file. */
  readonly sameAs?: string;
}

/** Named tensors that are read one at a time. */
export interface TensorSource {
  names(): readonly string[];
  /** Undefined when there is no such tensor. */
  info(name: string): TensorInfo | undefined;
  /** The elements as float32, row-major, in memory of the caller's own. */
  read(name: string, signal: AbortSignal): Promise<Float32Array>;
  /**
   * The elements of rows `first` to `first + count` of the outermost axis, in memory of the
   * caller's own. A source without it is read through the function `readRows`.
   */
  readRows?(name: string, first: number, count: number, signal: AbortSignal): Promise<Float32Array>;
  /** The name in `names()` that a name stands for, where a tensor answers to several. */
  resolve?(name: string): string;
}

/** Rows of a tensor, read alone where the source can; never past the last one. */
export async function readRows(
  source: TensorSource,
  name: string,
  first: number,
  count: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const shape = source.info(name)?.shape ?? refuse({ code: 'checkpoint-missing', file: name });
  if (first < 0 || count < 0 || first + count > (shape[0] ?? 1)) {
    throw new RangeError(`rows ${first} to ${first + count} of ${name}`);
  }
  if (source.readRows !== undefined) return source.readRows(name, first, count, signal);
  const width = elementCount(shape.slice(1));
  return (await source.read(name, signal)).slice(first * width, (first + count) * width);
}

/** The name under which `names()` lists a tensor. */
export function resolveName(source: TensorSource, name: string): string {
  return source.resolve?.(name) ?? name;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Refuses a source in which the tensor is missing or of another shape. */
export function requireShape(source: TensorSource, name: string, shape: readonly number[]): void {
  const found = source.info(name)?.shape;
  if (found === undefined) refuse({ code: 'checkpoint-missing', file: name });
  if (found.length === shape.length && found.every((size, axis) => size === shape[axis])) return;
  const detail = `shape [${found.join(', ')}] where [${shape.join(', ')}] was expected`;
  refuse({ code: 'checkpoint-damaged', file: name, detail });
}
