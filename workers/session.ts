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
