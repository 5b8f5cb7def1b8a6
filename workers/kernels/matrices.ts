import type { Float32Matrix, Int8Matrix, Pointer } from './kernels.ts';

export interface Layout {
  readonly in: number;
  readonly out: number;
  readonly stored: 'out-in' | 'in-out';
}

interface Room {
  allocate(bytes: number): Pointer;
  readonly memory: WebAssembly.Memory;
}

/** A side of the squares in which a matrix is turned: what is read and what is written stay near. */
const SQUARE = 64;

export function int8Matrix(
  room: Room,
  values: Int8Array,
  scales: Float32Array,
  layout: Layout,
): Int8Matrix {
  const pitch = Math.ceil(layout.in / 16) * 16;
  const rows = Math.ceil(layout.out / 4) * 4;
  const at = room.allocate(rows * pitch);
  const scalesAt = room.allocate(rows * 4);
  const to = new Int8Array(room.memory.buffer, at, rows * pitch);
  layOut(values, layout, to, pitch);
  const kept = new Float32Array(room.memory.buffer, scalesAt, rows).fill(0);
  kept.set(scales.subarray(0, layout.out));
  return { values: at, scales: scalesAt, in: layout.in, out: layout.out };
}

export function float32Matrix(room: Room, values: Float32Array, layout: Layout): Float32Matrix {
  const pitch = Math.ceil(layout.in / 4) * 4;
  const rows = Math.ceil(layout.out / 4) * 4;
  const at = room.allocate(rows * pitch * 4);
  layOut(values, layout, new Float32Array(room.memory.buffer, at, rows * pitch), pitch);
  return { values: at, in: layout.in, out: layout.out };
}

/** Row after row, zeros behind each and behind the last. */
function layOut<T extends Int8Array | Float32Array>(
  values: T,
  layout: Layout,
  to: T,
  pitch: number,
): void {
  const { in: width, out } = layout;
  if (values.length < width * out)
    throw new RangeError(`${values.length} of ${width * out} values`);
  if (pitch !== width || to.length !== out * pitch) to.fill(0);
  if (layout.stored === 'in-out') turned(values, width, out, to, pitch);
  else if (pitch === width) to.set(values.subarray(0, width * out));
  else for (let r = 0; r < out; r++) to.set(values.subarray(r * width, (r + 1) * width), r * pitch);
}

function turned<T extends Int8Array | Float32Array>(
  values: T,
  width: number,
  out: number,
  to: T,
  pitch: number,
): void {
  for (let r = 0; r < out; r += SQUARE) {
    for (let c = 0; c < width; c += SQUARE) {
      const lastRow = Math.min(out, r + SQUARE);
      const lastColumn = Math.min(width, c + SQUARE);
      for (let i = c; i < lastColumn; i++) {
        for (let o = r; o < lastRow; o++) to[o * pitch + i] = values[i * out + o] ?? 0;
      }
    }
  }
}
