/** Tensors as they lie in the kernels' memory between runs. */
import type { GraphTensor } from '../session.ts';
import type { Float32Matrix, Kernels, Pointer } from './kernels.ts';
import { sizeOf } from './values.ts';

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** In JavaScript: what goes in and what comes out at every run. */
export class HostTensor implements GraphTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;

  constructor(data: Float32Array | BigInt64Array, dims: readonly number[]) {
    this.data = data;
    this.dims = dims;
  }

  dispose(): void {
    // JavaScript's own memory.
  }
}

/** An adapter's matrix, laid out for products; null where it is all zeros and adds nothing. */
export class PortTensor implements GraphTensor {
  readonly dims: readonly number[];
  readonly matrix: Float32Matrix | null;
  readonly #kernels: Kernels;
  #isGone = false;

  constructor(kernels: Kernels, values: Float32Array, dims: readonly number[]) {
    this.dims = dims;
    this.#kernels = kernels;
    const [inner = 0, out = 0] = dims;
    const isZero = values.every((value) => value === 0);
    const shape = { in: inner, out, stored: 'in-out' } as const;
    this.matrix = isZero ? null : kernels.float32Matrix(values, shape);
  }

  get data(): never {
    throw new TypeError('an adapter stays where it was laid');
  }

  dispose(): void {
    if (this.matrix !== null && !this.#isGone) this.#kernels.free(this.matrix.values);
    this.#isGone = true;
  }
}

/** Memory of planes that grow along an axis, shared by the tensors that end at different places of it. */
interface Planes {
  readonly at: Pointer;
  /** Steps that each plane has room for. */
  readonly capacity: number;
  holders: number;
  /** The tensor that was written last: only behind it may more be written in place. */
  newest: StateTensor | null;
}

/** How a tensor lies: planes of steps of values. Four axes grow along the third, others along none. */
interface Layout {
  readonly planes: number;
  readonly steps: number;
  readonly width: number;
}

function layoutOf(dims: readonly number[]): Layout {
  const [rows = 1, heads = 1, steps = 0, width = 1] = dims;
  if (dims.length === 4) return { planes: rows * heads, steps, width };
  return { planes: 1, steps: 1, width: sizeOf(dims) };
}

/** What a row remembers: values stay where they are, with room behind them for those to come. */
export class StateTensor implements GraphTensor {
  readonly dims: readonly number[];
  readonly #layout: Layout;
  readonly #kernels: Kernels;
  readonly #planes: Planes;
  #isGone = false;

  private constructor(kernels: Kernels, dims: readonly number[], planes: Planes) {
    this.dims = dims;
    this.#layout = layoutOf(dims);
    this.#kernels = kernels;
    this.#planes = planes;
    planes.holders += 1;
    planes.newest = this;
  }

  /** Zeros. @param capacity steps that each plane has room for, at least those of `dims` */
  static zeros(kernels: Kernels, dims: readonly number[], capacity: number): StateTensor {
    const { planes, width } = layoutOf(dims);
    const count = planes * capacity * width;
    const at = kernels.allocate(Math.max(1, count) * FLOAT_BYTES);
    kernels.floats(at, count).fill(0);
    return new StateTensor(kernels, dims, { at, capacity, holders: 0, newest: null });
  }

  static of(kernels: Kernels, values: Float32Array, dims: readonly number[]): StateTensor {
    const { steps } = layoutOf(dims);
    const made = StateTensor.zeros(kernels, dims, steps);
    kernels.floats(made.at, values.length).set(values);
    return made;
  }

  get at(): Pointer {
    if (this.#isGone) throw new TypeError('a state was given back before it was used');
    return this.#planes.at;
  }

  get capacity(): number {
    return this.#planes.capacity;
  }

  /** Whether `steps` can be reached by writing behind these values, where they are. */
  canReach(steps: number): boolean {
    return this.#planes.newest === this && steps <= this.#planes.capacity;
  }

  /** The same memory, up to `steps` of it. */
  reaching(steps: number): StateTensor {
    return new StateTensor(this.#kernels, this.dims.with(2, steps), this.#planes);
  }

  /** A copy with room for more. */
  copy(steps: number, capacity: number): StateTensor {
    const copy = StateTensor.zeros(this.#kernels, this.dims.with(2, steps), capacity);
    const { planes, steps: held, width } = this.#layout;
    const count = Math.min(held, capacity) * width;
    for (let plane = 0; plane < planes; plane += 1) {
      copy.#write(plane * capacity * width, this, plane * held * width, count);
    }
    return copy;
  }

  /**
   * Takes values over from another tensor; positions count values as if there were no room between
   * planes.
   */
  take(to: number, source: GraphTensor, from: number, count: number): void {
    for (let done = 0; done < count;) {
      const rest = this.#within(to + done, count - done);
      this.#write(this.#place(to + done), source, from + done, rest);
      done += rest;
    }
  }

  /** @param to where in memory, in values */
  #write(to: number, source: GraphTensor, from: number, count: number): void {
    if (count === 0) return;
    if (source instanceof StateTensor) {
      this.#copyFrom(source, to, from, count);
    } else if (source.data instanceof Float32Array) {
      const values = source.data.subarray(from, from + count);
      this.#kernels.floats(this.at + to * FLOAT_BYTES, count).set(values);
    } else {
      throw new TypeError('expected a float32 tensor');
    }
  }

  #copyFrom(source: StateTensor, to: number, from: number, count: number): void {
    for (let done = 0; done < count;) {
      const rest = source.#within(from + done, count - done);
      const values = this.#kernels.floats(
        source.at + source.#place(from + done) * FLOAT_BYTES,
        rest,
      );
      this.#kernels.floats(this.at + (to + done) * FLOAT_BYTES, rest).set(values);
      done += rest;
    }
  }

  /** Where a value lies in memory, in values. */
  #place(index: number): number {
    const { steps, width } = this.#layout;
    const plane = Math.floor(index / (steps * width));
    return plane * this.capacity * width + (index - plane * steps * width);
  }

  /** How many of `count` values from here on lie together. */
  #within(index: number, count: number): number {
    const { steps, width } = this.#layout;
    return Math.min(count, steps * width - (index % (steps * width)));
  }

  /** A copy without the room between planes. */
  get data(): Float32Array {
    const { planes, steps, width } = this.#layout;
    const values = new Float32Array(planes * steps * width);
    for (let plane = 0; plane < planes; plane += 1) {
      const from = this.at + plane * this.capacity * width * FLOAT_BYTES;
      values.set(this.#kernels.floats(from, steps * width), plane * steps * width);
    }
    return values;
  }

  dispose(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#planes.holders -= 1;
    if (this.#planes.holders === 0) this.#kernels.free(this.#planes.at);
  }
}
