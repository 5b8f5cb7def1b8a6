import { refuse } from '../domain/failure';
import type { Dtype } from './dtype';

export interface TensorInfo {
  readonly dtype: Dtype;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
}

/** Named tensors that are read one at a time. */
export interface TensorSource {
  names(): readonly string[];
  /** Undefined when there is no such tensor. */
  info(name: string): TensorInfo | undefined;
  /** The elements as float32, row-major, in memory of the caller's own. */
  read(name: string, signal: AbortSignal): Promise<Float32Array>;
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
