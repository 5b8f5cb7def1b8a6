/** Weights from their file into the kernels' memory, tensor by tensor. */
import { refuse } from '../../src/domain/failure.ts';
import { WeightsReader, type WeightsFile } from '../weights.ts';
import { wholeNumbers, type Constant, type Elsewhere } from './graph-file.ts';
import type { Kernels, Pointer } from './kernels.ts';
import { layMatrix, type Laying, type Take } from './lay-matrix.ts';
import type { Matrix, Placed } from './link.ts';
import type { MatrixRef } from './operations.ts';
import { matricesOf, valuesOf, type Program } from './program.ts';
import type { Value } from './values.ts';

type Lying = Constant & { readonly place: Elsewhere };

/** Reads the file once, in its order, straight into the places where the weights are used. */
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
    for (const { name, place } of inOrder(program, file, weights)) {
      await reader.pieces(
        { offset: place.offset, bytes: place.length },
        weights.taker(name, place),
      );
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
  readonly #layings = new Map<string, Laying>();
  readonly #values = new Map<string, Pointer>();
  readonly #wanted: ReadonlySet<string>;
  /** Matrices by the names of their parts. */
  readonly #refs = new Map<string, MatrixRef>();

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
    for (const { name, place } of constants) {
      if (place.type !== 'inline' || !this.wants(name)) continue;
      this.taker(name, { length: place.bytes.length })(place.bytes, 0);
    }
  }

  /** Puts the bytes of a constant wherever they are used. */
  taker(name: string, { length }: { readonly length: number }): Take {
    const takes: Take[] = [];
    if (this.#wanted.has(name)) takes.push(this.#takeValues(name, length));
    const ref = this.#refs.get(name);
    if (ref !== undefined) takes.push(this.#takePart(ref, name));
    return (piece, at) => {
      for (const take of takes) take(piece, at);
    };
  }

  matrix({ values }: MatrixRef): Matrix {
    const laying = this.#layings.get(values);
    if (laying === undefined) throw new RangeError(`the weights ${values} are missing`);
    return laying.matrix;
  }

  values(name: string): Pointer {
    const at = this.#values.get(name);
    if (at === undefined) throw new RangeError(`the values ${name} are missing`);
    return at;
  }

  #takeValues(name: string, length: number): Take {
    const base = this.#kernels.allocate(Math.max(1, length));
    this.#values.set(name, base);
    return (piece, at) => this.#kernels.bytes(base + at, piece.length).set(piece);
  }

  #takePart(ref: MatrixRef, name: string): Take {
    const laying = this.#layings.get(ref.values) ?? layMatrix(this.#kernels, ref);
    this.#layings.set(ref.values, laying);
    return name === ref.values ? laying.values : laying.scales;
  }
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
