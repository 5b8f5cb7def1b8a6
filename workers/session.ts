/** What the decoder asks of a runtime; `runtime.ts` answers with onnxruntime-web, tests with a script. */
export interface GraphTensor {
  readonly dims: readonly number[];
  /** A typed array; throws where the tensor lives on the GPU. */
  readonly data: unknown;
  dispose(): void;
}

export type Feeds = Record<string, GraphTensor>;

export interface GraphSession {
  /** Names of what a run may take in. */
  readonly inputs: readonly string[];
  /** Most tokens that one run may take in. */
  readonly chunkTokens: number;
  /** Most bytes of one tensor; absent where only memory as a whole sets a limit. */
  readonly largestTensorBytes?: number;
  /** On which its runs compute, where those are not as many as it was given. */
  readonly threads?: number;
  /** WebAssembly memory that it holds now, in bytes: it grows, and never shrinks. Absent where nobody tells. */
  readonly memoryBytes?: number;
  /** @param fetches the outputs wanted; the rest is not brought out of the runtime */
  run(feeds: Feeds, fetches: readonly string[]): Promise<Feeds>;
  int64(data: BigInt64Array, dims: readonly number[]): GraphTensor;
  float32(data: Float32Array, dims: readonly number[]): GraphTensor;
  /** A tensor used at every step: put where the device is, once. */
  resident(data: Float32Array, dims: readonly number[]): GraphTensor;
  /**
   * Rows of a tensor's first axis in any order, each as often as it is named, in a new tensor. Only
   * where tensors live on a device; `pickRows` does it for those in memory.
   */
  pickRows?(tensor: GraphTensor, rows: readonly number[]): GraphTensor;
  /**
   * A new float32 tensor of some size, zeros but for what is copied into it. Only where tensors live
   * on a device.
   */
  assemble?(copies: readonly Copy[], dims: readonly number[]): GraphTensor;
}

/** A run of values that lie together; positions count values, not bytes. */
export interface Copy {
  readonly source: GraphTensor;
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** One row of a tensor, as far as its growing axis counts. */
export interface Piece {
  readonly tensor: GraphTensor;
  readonly row: number;
  /** Tokens; the rest of the row is padding. */
  readonly length: number;
}

/**
 * Rows of several tensors under each other, in a new tensor.
 * @param dims of one row; null is the axis that grows, and gets this `width`
 */
export function stackRows(
  session: GraphSession,
  pieces: readonly Piece[],
  dims: readonly (number | null)[],
  width: number,
): GraphTensor {
  const copies = pieces.flatMap((piece, at) => copiesOf(piece, at, dims, width));
  const whole = [pieces.length, ...dims.map((size) => size ?? width)];
  if (session.assemble !== undefined) return session.assemble(copies, whole);
  const values = new Float32Array(product(whole));
  for (const { source, from, to, count } of copies) {
    values.set(floatsOf(source).subarray(from, from + count), to);
  }
  return session.float32(values, whole);
}

/** A row's part of each plane over its growing axis; the whole row where nothing grows. */
function copiesOf(
  { tensor, row, length }: Piece,
  at: number,
  dims: readonly (number | null)[],
  width: number,
): Copy[] {
  const axis = dims.indexOf(null);
  const sizes = dims.map((size) => size ?? 1);
  if (axis === -1) {
    const count = product(sizes);
    return [{ source: tensor, from: row * count, to: at * count, count }];
  }
  if (length === 0) return [];
  const planes = product(sizes.slice(0, axis));
  const step = product(sizes.slice(axis + 1));
  const held = tensor.dims[axis + 1] as number;
  return Array.from({ length: planes }, (_, plane) => ({
    source: tensor,
    from: (row * planes + plane) * held * step,
    to: (at * planes + plane) * width * step,
    count: length * step,
  }));
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

/** A new float32 tensor of some rows of another's first axis. */
export function pickRows(
  session: GraphSession,
  tensor: GraphTensor,
  rows: readonly number[],
): GraphTensor {
  if (session.pickRows !== undefined) return session.pickRows(tensor, rows);
  const values = floatsOf(tensor);
  const [count = 1, ...rest] = tensor.dims;
  const size = values.length / count;
  const picked = new Float32Array(rows.length * size);
  for (const [at, row] of rows.entries()) {
    picked.set(values.subarray(row * size, (row + 1) * size), at * size);
  }
  return session.float32(picked, [rows.length, ...rest]);
}

export function floatsOf(tensor: GraphTensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new TypeError('expected a float32 tensor in memory');
}

export function int64sOf(tensor: GraphTensor | undefined): BigInt64Array {
  if (tensor?.data instanceof BigInt64Array) return tensor.data;
  throw new TypeError('expected an int64 tensor in memory');
}
