/** Weights from their file into the kernels' memory, tensor by tensor. */
import { refuse } from '../../src/domain/failure.ts';
import { WeightsReader, type WeightsFile } from '../weights.ts';
import { wholeNumbers, type Constant, type Elsewhere } from './graph-file.ts';
import type { Kernels, Pointer } from './kernels.ts';
import type { Matrix, Placed } from './link.ts';
import type { MatrixRef } from './operations.ts';
import { matricesOf, valuesOf, type Program } from './program.ts';
import type { Value } from './values.ts';

type Lying = Constant & { readonly place: Elsewhere };

/** Reads the file once, in its order; beside what is placed, memory holds one tensor. */
export async function placeWeights(
  program: Program,
  file: WeightsFile,
  kernels: Kernels,
  signal: AbortSignal,
): Promise<Placed> {
  const weights = new PlacedWeights(program, kernels);
  weights.takeInline(program.file.constants.values());
  const reader = new WeightsReader(file, signal);
  try {
    for (const constant of inOrder(program, file, weights)) {
      const bytes = new Uint8Array(constant.place.length);
      await reader.read(constant.place.offset, bytes);
      weights.take(constant, bytes);
    }
    await reader.finish();
  } catch (error) {
    await reader.leave();
    throw error;
  }
  return weights;
}

/** Bytes that the weights of a program will take. */
export function weightBytes({ file }: Program): number {
  let bytes = 0;
  for (const { place } of file.constants.values()) {
    bytes += place.type === 'inline' ? place.bytes.length : place.length;
  }
  return bytes;
}

function inOrder({ file }: Program, { path }: WeightsFile, weights: PlacedWeights): Lying[] {
  const lying = [...file.constants.values()].filter((constant): constant is Lying => {
    return constant.place.type === 'elsewhere' && weights.wants(constant.name);
  });
  const stranger = lying.find(({ place }) => place.path !== path);
  if (stranger !== undefined) {
    return refuse({ code: 'checkpoint-missing', file: stranger.place.path });
  }
  return lying.sort((a, b) => a.place.offset - b.place.offset);
}

class PlacedWeights implements Placed {
  readonly #kernels: Kernels;
  readonly #matrices = new Map<string, Matrix>();
  readonly #values = new Map<string, Pointer>();
  readonly #wanted: ReadonlySet<string>;
  /** Matrices by the names of their parts. */
  readonly #refs = new Map<string, MatrixRef>();
  /** Parts that wait for the other. */
  readonly #waiting = new Map<string, Uint8Array>();

  constructor(program: Program, kernels: Kernels) {
    this.#kernels = kernels;
    this.#wanted = valuesOf(program);
    for (const ref of matricesOf(program)) {
      this.#refs.set(ref.values, ref);
      if (ref.scales !== null) this.#refs.set(ref.scales, ref);
    }
  }

  wants(name: string): boolean {
    return this.#wanted.has(name) || this.#refs.has(name);
  }

  takeInline(constants: Iterable<Constant>): void {
    for (const constant of constants) {
      if (constant.place.type !== 'inline' || !this.wants(constant.name)) continue;
      this.take(constant, constant.place.bytes.slice());
    }
  }

  take({ name }: Constant, bytes: Uint8Array): void {
    if (this.#wanted.has(name)) this.#takeValues(name, bytes);
    const ref = this.#refs.get(name);
    if (ref !== undefined) this.#takePart(ref, name, bytes);
  }

  matrix({ values }: MatrixRef): Matrix {
    const matrix = this.#matrices.get(values);
    if (matrix === undefined) throw new RangeError(`the weights ${values} are missing`);
    return matrix;
  }

  values(name: string): Pointer {
    const at = this.#values.get(name);
    if (at === undefined) throw new RangeError(`the values ${name} are missing`);
    return at;
  }

  #takeValues(name: string, bytes: Uint8Array): void {
    const at = this.#kernels.allocate(Math.max(1, bytes.length));
    this.#kernels.bytes(at, bytes.length).set(bytes);
    this.#values.set(name, at);
  }

  #takePart(ref: MatrixRef, name: string, bytes: Uint8Array): void {
    if (ref.scales === null) {
      const matrix = this.#kernels.float32Matrix(floats(bytes), ref);
      this.#matrices.set(ref.values, { kind: 'float32', matrix });
      return;
    }
    const other = this.#waiting.get(name === ref.values ? ref.scales : ref.values);
    if (other === undefined) {
      this.#waiting.set(name, bytes);
      return;
    }
    this.#waiting.clear();
    const [values, scales] = name === ref.values ? [bytes, other] : [other, bytes];
    const narrow = new Int8Array(values.buffer, values.byteOffset, values.length);
    const matrix = this.#kernels.int8Matrix(narrow, floats(scales), ref);
    this.#matrices.set(ref.values, { kind: 'int8', matrix });
  }
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** What every run begins with: constants by their slots. */
export function fixedValues(program: Program, placed: Placed): (Value | undefined)[] {
  const fixed = new Array<Value | undefined>(program.slots.size).fill(undefined);
  const asValues = valuesOf(program);
  for (const { name, element, dims, place } of program.file.constants.values()) {
    const slot = program.slots.get(name) as number;
    if (asValues.has(name)) fixed[slot] = { kind: 'floats', dims, at: placed.values(name) };
    if (place.type !== 'inline') continue;
    const numbers = wholeNumbers(element, place.bytes);
    if (numbers !== null) fixed[slot] = { kind: 'whole', dims, numbers };
  }
  return fixed;
}
