/**
 * Patio's own products, norms and attention for the CPU, in WebAssembly with SIMD (`assembly/`). All
 * that they touch lies in one memory; a `Pointer` is a byte offset into it, a multiple of 16. Values
 * are float32 unless said otherwise, matrices row after row.
 */
export type Pointer = number;

/** 8-bit weights `[out, in]`, each row with a scale of its own. */
export interface Int8Matrix {
  /** Rows of `in` bytes, zeros behind each up to a multiple of 16; rows up to a multiple of 4. */
  readonly values: Pointer;
  /** One for each row, zeros for those added. */
  readonly scales: Pointer;
  readonly in: number;
  readonly out: number;
}

/** float32 weights `[out, in]`, zeros behind each row up to a multiple of 4; rows up to a multiple of 4. */
export interface Float32Matrix {
  readonly values: Pointer;
  readonly in: number;
  readonly out: number;
}

export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu' | 'tanh' | 'sigmoid';

/** Rotations of whole or partial heads; tables `[positions, width / 2]`. */
export interface Rotation {
  readonly cos: Pointer;
  readonly sin: Pointer;
  /** Values at a head's beginning that turn. */
  readonly width: number;
  /** Pairs lie side by side, and not half a width apart. */
  readonly interleaved: boolean;
}

/** One row of a batch within one layer's attention: its tokens lie together in `q`, `k` and `v`. */
export interface AttentionRow {
  /** Index of its first token in `q`, `k`, `v` and `into`. */
  readonly first: number;
  /** New tokens. */
  readonly count: number;
  /** Tokens that its planes hold already; the new ones go behind them. */
  readonly past: number;
  /** Its planes, `[kvHeads, capacity, headDim]`. */
  readonly key: Pointer;
  readonly value: Pointer;
}

export interface AttentionShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scale: number;
  /** Scores become `softcap · tanh(score / softcap)`; 0 for none. */
  readonly softcap: number;
  /** How many tokens one sees, itself included; 0 for all before it. */
  readonly window: number;
  /** Tokens that each plane has room for. */
  readonly capacity: number;
  readonly rotation: Rotation | null;
}

/** Where each token's part of a packed or separate projection begins: `stride` values from token to token. */
export interface Strided {
  readonly at: Pointer;
  readonly stride: number;
}

/** Added to scores: values from plane to plane, 0 where all rows or all heads share one. */
export interface ScoreBias {
  readonly at: Pointer;
  readonly rowStride: number;
  readonly headStride: number;
  /** Values from query to query. */
  readonly stride: number;
}

export interface Kernels {
  readonly memory: WebAssembly.Memory;
  /** That compute together, the calling one among them. */
  readonly threads: number;
  /** Ends all threads but the calling one; they also end with the Worker that made these kernels. */
  dispose(): void;
  /** Aligned to 16; memory grows where it must, which detaches every view made before. Throws a RangeError when there is none left. */
  allocate(bytes: number): Pointer;
  free(pointer: Pointer): void;
  /** Views of the memory as it is now: never kept over an `allocate`. */
  floats(at: Pointer, count: number): Float32Array;
  bytes(at: Pointer, count: number): Uint8Array;

  /** Lays weights out as products want them; `stored` says how they lie in their file. */
  int8Matrix(
    values: Int8Array,
    scales: Float32Array,
    shape: { in: number; out: number; stored: 'out-in' | 'in-out' },
  ): Int8Matrix;
  float32Matrix(
    values: Float32Array,
    shape: { in: number; out: number; stored: 'out-in' | 'in-out' },
  ): Float32Matrix;

  /**
   * `[rows, in]` → `[rows, out]`, plus `bias [out]` where it is not 0. Each row of activations is rounded to 16 bits by
   * its own largest value, and sums are whole numbers: a row's result is the same whoever is beside it.
   */
  int8Product(x: Pointer, rows: number, matrix: Int8Matrix, bias: Pointer, into: Pointer): void;
  float32Product(
    x: Pointer,
    rows: number,
    matrix: Float32Matrix,
    bias: Pointer,
    into: Pointer,
  ): void;
  /** Rows of a table, widened. */
  int8Rows(matrix: Int8Matrix, ids: readonly number[], into: Pointer): void;
  float32Rows(matrix: Float32Matrix, ids: readonly number[], into: Pointer): void;

  /** `sum = x + skip` where `skip` is not 0, also written to `sum` where that is not 0; then the norm of it. */
  rmsNorm(
    x: Pointer,
    rows: number,
    width: number,
    weight: Pointer,
    epsilon: number,
    into: Pointer,
    skip?: Pointer,
    sum?: Pointer,
  ): void;
  layerNorm(
    x: Pointer,
    rows: number,
    width: number,
    weight: Pointer,
    bias: Pointer,
    epsilon: number,
    into: Pointer,
    skip?: Pointer,
    sum?: Pointer,
  ): void;

  activate(kind: Activation, x: Pointer, count: number, into: Pointer): void;
  /** `into[r, i] = activation(x[r, gate + i]) · x[r, up + i]` for rows of `stride` values. */
  gated(
    kind: Activation,
    x: Pointer,
    rows: number,
    stride: number,
    gate: number,
    up: number,
    width: number,
    into: Pointer,
  ): void;
  add(a: Pointer, b: Pointer, count: number, into: Pointer): void;
  multiply(a: Pointer, b: Pointer, count: number, into: Pointer): void;
  /** `a · factor + addend`. */
  scaled(a: Pointer, factor: number, addend: number, count: number, into: Pointer): void;

  /**
   * Causal attention with grouped heads. Turns queries and keys, puts keys and values into the planes, and
   * writes `[tokens, heads · headDim]`. Scores are summed in one order whatever the chunks are.
   */
  attention(
    q: Strided,
    k: Strided,
    v: Strided,
    rows: readonly AttentionRow[],
    shape: AttentionShape,
    into: Pointer,
    bias?: ScoreBias,
  ): void;

  /** The `count` largest of each row, best first; ties go to the lower index. */
  topK(
    x: Pointer,
    rows: number,
    width: number,
    count: number,
  ): { readonly values: Float32Array; readonly ids: Int32Array };
  logSumExp(x: Pointer, rows: number, width: number): Float32Array;
}

export interface KernelOptions {
  /** Of the whole memory at the beginning, in bytes: weights and room to work. */
  readonly initialBytes: number;
  /** 1 for a page that is not isolated; more share the memory and each product's rows. */
  readonly threads: number;
}
