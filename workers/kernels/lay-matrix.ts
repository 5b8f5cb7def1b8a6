/** Matrices laid out for products as their bytes come in, so that no second copy of one is held. */
import type { Kernels, Pointer } from './kernels.ts';
import type { Matrix } from './link.ts';
import type { MatrixRef } from './operations.ts';

/** Takes bytes of a tensor, and where in it they begin; they come in order. */
export type Take = (piece: Uint8Array, at: number) => void;

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** A matrix whose weights are still to come: `values`, and `scales` where each row has one. */
export interface Laying {
  readonly matrix: Matrix;
  readonly values: Take;
  readonly scales: Take;
}

export function layMatrix(kernels: Kernels, ref: MatrixRef): Laying {
  return ref.scales === null ? layFloat32(kernels, ref) : layInt8(kernels, ref);
}

function layFloat32(kernels: Kernels, { in: width, out }: MatrixRef): Laying {
  const pitch = upTo(width, 4) * FLOAT_BYTES;
  const at = zeroed(kernels, pitch * upTo(out, 4));
  return {
    matrix: { kind: 'float32', matrix: { values: at, in: width, out } },
    values: rowByRow(kernels, at, width * FLOAT_BYTES, pitch),
    scales: () => undefined,
  };
}

function layInt8(kernels: Kernels, ref: MatrixRef): Laying {
  const { in: width, out } = ref;
  const [pitch, rows] = [upTo(width, 16), upTo(out, 4)];
  const values = zeroed(kernels, pitch * rows);
  const scales = zeroed(kernels, rows * FLOAT_BYTES);
  const place = { at: values, pitch, width, out };
  return {
    matrix: { kind: 'int8', matrix: { values, scales, in: width, out } },
    values:
      ref.stored === 'out-in' ? rowByRow(kernels, values, width, pitch) : turned(kernels, place),
    scales: (piece, at) => kernels.bytes(scales + at, piece.length).set(piece),
  };
}

function zeroed(kernels: Kernels, bytes: number): Pointer {
  const at = kernels.allocate(bytes);
  kernels.bytes(at, bytes).fill(0);
  return at;
}

/** Rows of `width` bytes go where rows of `pitch` bytes begin. */
function rowByRow(kernels: Kernels, base: Pointer, width: number, pitch: number): Take {
  return (piece, at) => {
    if (pitch === width) {
      kernels.bytes(base + at, piece.length).set(piece);
      return;
    }
    for (let done = 0; done < piece.length;) {
      const [row, column] = [Math.floor((at + done) / width), (at + done) % width];
      const count = Math.min(width - column, piece.length - done);
      const target = kernels.bytes(base + row * pitch + column, count);
      target.set(piece.subarray(done, done + count));
      done += count;
    }
  };
}

interface Place {
  readonly at: Pointer;
  readonly pitch: number;
  readonly width: number;
  readonly out: number;
}

/** Columns that are turned together: what is read and what is written stay near. */
const TOGETHER = 64;

/** `[in, out]` → rows `[out]`: some of its rows are gathered, and become as many columns. */
function turned(kernels: Kernels, place: Place): Take {
  const { width, out } = place;
  const gathered = new Int8Array(Math.min(TOGETHER, width) * out);
  let [held, first] = [0, 0];
  return (piece) => {
    for (let done = 0; done < piece.length;) {
      const count = Math.min(gathered.length - held, piece.length - done);
      gathered.set(piece.subarray(done, done + count), held);
      [held, done] = [held + count, done + count];
      const columns = Math.min(TOGETHER, width - first);
      if (held < columns * out) continue;
      turn(kernels, place, gathered, first, columns);
      [held, first] = [0, first + columns];
    }
  };
}

function turn(
  kernels: Kernels,
  { at, pitch, out }: Place,
  gathered: Int8Array,
  first: number,
  columns: number,
): void {
  const bytes = kernels.bytes(at, pitch * out);
  for (let from = 0; from < out; from += TOGETHER) {
    const to = Math.min(out, from + TOGETHER);
    for (let column = 0; column < columns; column += 1) {
      for (let row = from; row < to; row += 1) {
        bytes[row * pitch + first + column] = gathered[column * out + row] as number;
      }
    }
  }
}

function upTo(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}
