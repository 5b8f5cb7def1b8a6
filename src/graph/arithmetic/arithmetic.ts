import type { VariantId } from '../../domain/model';
import { requireShape } from '../../checkpoint/tensor-source';
import type { TensorSource } from '../../checkpoint/tensor-source';
import type { GraphBuilder, Value } from '../graph-builder';

/** Where a graph is being built and from which weights. */
export interface Workbench {
  readonly g: GraphBuilder;
  readonly tensors: TensorSource;
}

/** A linear layer without bias; several matrices that share an input become one. */
export interface Matrix {
  readonly name: string;
  readonly in: number;
  /** Its errors reach attention or the residual stream unsoftened: worth more bits where few. */
  readonly sensitive: boolean;
  /** Tensors of shape `[out, in]`, whose outputs lie one after another. */
  readonly pieces: readonly { readonly tensor: string; readonly out: number }[];
}

/** A table of one row per token: rows are looked up, or scored against hidden states. */
export interface Table {
  readonly name: string;
  /** Tensor of shape `[tokens, width]`. */
  readonly tensor: string;
  readonly tokens: number;
  readonly width: number;
}

/** How products are computed on a kind of device, and how weights are stored for it. */
export interface Arithmetic {
  readonly id: VariantId;
  /** `[rows, in]` → `[rows, out]`. */
  linear(bench: Workbench, x: Value, matrix: Matrix): Value;
  /** Lays the table's weights out once for both of its uses. */
  table(bench: Workbench, table: Table): PlacedTable;
}

export interface PlacedTable {
  /** Token ids `[rows]` → their rows `[rows, width]`. */
  lookUp(ids: Value): Value;
  /** `[rows, width]` → scores `[rows, tokens]`. */
  score(x: Value): Value;
}

export function outSize({ pieces }: Matrix): number {
  return pieces.reduce((sum, { out }) => sum + out, 0);
}

/** A table as the matrix that scores against it. */
export function asMatrix({ name, tensor, tokens, width }: Table): Matrix {
  return { name, in: width, sensitive: true, pieces: [{ tensor, out: tokens }] };
}

/** Refuses, before anything is read, a matrix whose tensors are missing or of other sizes. */
export function requirePieces({ tensors }: Workbench, matrix: Matrix): void {
  for (const { tensor, out } of matrix.pieces) requireShape(tensors, tensor, [out, matrix.in]);
}

/** Reads the pieces one after another; `use` gets the rows of each and where its outputs begin. */
export async function readPieces(
  { tensors }: Workbench,
  matrix: Matrix,
  use: (rows: Float32Array, at: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let at = 0;
  for (const { tensor, out } of matrix.pieces) {
    use(await tensors.read(tensor, signal), at);
    at += out;
  }
}
