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
}

export function floatsOf(tensor: GraphTensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new TypeError('expected a float32 tensor in memory');
}

export function int64sOf(tensor: GraphTensor | undefined): BigInt64Array {
  if (tensor?.data instanceof BigInt64Array) return tensor.data;
  throw new TypeError('expected an int64 tensor in memory');
}
