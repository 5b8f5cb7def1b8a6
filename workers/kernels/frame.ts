/** One run of a program: its values, and the memory that they lie in. */
import type { Kernels, Pointer } from './kernels.ts';
import type { PortTensor, StateTensor } from './tensors.ts';
import { sizeOf, type Answer, type Floats, type Value, type Whole } from './values.ts';

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Memory that steps write to, kept from run to run: it grows to the largest that was asked of it. */
export class Rooms {
  readonly #kernels: Kernels;
  readonly #rooms: { at: Pointer; bytes: number }[] = [];

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** @param count of float32 values */
  room(index: number, count: number): Pointer {
    const known = this.#rooms[index];
    const bytes = Math.max(1, count) * FLOAT_BYTES;
    if (known !== undefined && known.bytes >= bytes) return known.at;
    if (known !== undefined) this.#kernels.free(known.at);
    // Should there be no memory, nobody is to find the room that was given back.
    this.#rooms[index] = { at: 0, bytes: 0 };
    const at = this.#kernels.allocate(bytes);
    this.#rooms[index] = { at, bytes };
    return at;
  }
}

/** Rooms for what a step needs only while it runs. */
const SCRATCH = 3;

export class Frame {
  readonly kernels: Kernels;
  readonly states = new Map<number, StateTensor>();
  readonly ports = new Map<number, PortTensor>();
  readonly #values: (Value | undefined)[];
  readonly #rooms: Rooms;
  /** Of each slot, the room of what is written there. */
  readonly #roomOf: readonly number[];

  constructor(
    kernels: Kernels,
    rooms: Rooms,
    roomOf: readonly number[],
    fixed: readonly (Value | undefined)[],
  ) {
    this.kernels = kernels;
    this.#rooms = rooms;
    this.#roomOf = roomOf;
    this.#values = [...fixed];
  }

  get(slot: number): Value {
    const value = this.#values[slot];
    if (value === undefined) throw new RangeError(`a value is missing in slot ${slot}`);
    return value;
  }

  floats(slot: number): Floats {
    const value = this.get(slot);
    if (value.kind === 'floats') return value;
    throw new TypeError('expected float32 values');
  }

  whole(slot: number): Whole {
    const value = this.get(slot);
    if (value.kind === 'whole') return value;
    throw new TypeError('expected whole numbers');
  }

  /** Room for a float32 value of these dimensions; what it holds is for the step to write. */
  make(slot: number, dims: readonly number[]): Pointer {
    const at = this.#rooms.room(SCRATCH + (this.#roomOf[slot] ?? 0), sizeOf(dims));
    this.#values[slot] = { kind: 'floats', dims, at };
    return at;
  }

  /** The same values by another shape, or those that lie elsewhere. */
  put(slot: number, value: Value): void {
    this.#values[slot] = value;
  }

  putWhole(slot: number, dims: readonly number[], numbers: Whole['numbers']): void {
    this.#values[slot] = { kind: 'whole', dims, numbers };
  }

  answer(slot: number, dims: readonly number[], data: Answer['data']): void {
    this.#values[slot] = { kind: 'answer', dims, data };
  }

  scratch(which: 0 | 1 | 2, count: number): Pointer {
    return this.#rooms.room(which, count);
  }

  /** The values of a tensor as they lie now; not kept over whatever may allocate. */
  view({ at, dims }: Floats): Float32Array {
    return this.kernels.floats(at, sizeOf(dims));
  }
}
