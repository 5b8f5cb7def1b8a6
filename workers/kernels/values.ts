/** What flows between the steps of a program. */
import type { Pointer } from './kernels.ts';

/** float32 in the kernels' memory. */
export interface Floats {
  readonly kind: 'floats';
  readonly dims: readonly number[];
  readonly at: Pointer;
}

/** Shapes, places and counts: few whole numbers, kept in JavaScript. */
export interface Whole {
  readonly kind: 'whole';
  readonly dims: readonly number[];
  readonly numbers: readonly number[] | Int32Array;
}

/** What leaves the graph at once: too short a list to be worked on. */
export interface Answer {
  readonly kind: 'answer';
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export type Value = Floats | Whole | Answer;

export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const length of dims) size *= length;
  return size;
}

/** An axis counted from the front, where it may be counted from the end. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Values before, along and behind an axis. */
export function around(
  dims: readonly number[],
  axis: number,
): { readonly outer: number; readonly length: number; readonly inner: number } {
  return {
    outer: sizeOf(dims.slice(0, axis)),
    length: dims[axis] ?? 1,
    inner: sizeOf(dims.slice(axis + 1)),
  };
}

/** A shape as `Reshape` takes it: 0 keeps a size, −1 takes what is left. */
export function reshaped(from: readonly number[], wanted: readonly number[]): readonly number[] {
  const kept = wanted.map((size, axis) => (size === 0 ? (from[axis] ?? 0) : size));
  const free = kept.indexOf(-1);
  if (free === -1) return kept;
  const known = -sizeOf(kept);
  return kept.with(free, known === 0 ? 0 : sizeOf(from) / known);
}

export function unsqueezed(dims: readonly number[], axes: readonly number[]): readonly number[] {
  const rank = dims.length + axes.length;
  const result = [...dims];
  const sorted = axes.map((axis) => axisOf(axis, rank)).sort((a, b) => a - b);
  for (const axis of sorted) result.splice(axis, 0, 1);
  return result;
}

/** @param axes none for every axis of size one */
export function squeezed(dims: readonly number[], axes: readonly number[]): readonly number[] {
  const gone = axes.map((axis) => axisOf(axis, dims.length));
  return dims.filter((size, axis) => (axes.length === 0 ? size !== 1 : !gone.includes(axis)));
}

/** The shape that two broadcast to. */
export function broadcastDims(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [a[axis + a.length - rank] ?? 1, b[axis + b.length - rank] ?? 1];
    return left === 1 ? right : left;
  });
}

/** Of each place in `dims`, where its value lies in a tensor that is broadcast to them. */
export function placesIn(own: readonly number[], dims: readonly number[]): Int32Array {
  const places = new Int32Array(sizeOf(dims));
  let [step, block] = [1, 1];
  for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
    const length = dims[axis] ?? 1;
    const size = own[axis + own.length - dims.length] ?? 1;
    if (size > 1) {
      for (let at = 0; at < places.length; at += 1) {
        places[at] = (places[at] as number) + (Math.floor(at / block) % length) * step;
      }
    }
    step *= size;
    block *= length;
  }
  return places;
}
