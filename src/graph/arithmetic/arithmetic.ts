import type { VariantId } from '../../domain/model';
import { readRows, requireShape } from '../../checkpoint/tensor-source';
import type { TensorSource } from '../../checkpoint/tensor-source';
import type { GraphBuilder, Value } from '../graph-builder';

/** Where a graph is being built and from which weights. */
export interface Workbench {
  readonly g: GraphBuilder;
  readonly tensors: TensorSource;
}

/** A linear layer; several matrices that share an input become one. */
export interface Matrix {
  readonly name: string;
  readonly in: number;
  /** Its errors reach attention or the residual stream unsoftened: worth more bits where few. */
  readonly sensitive: boolean;
  /** Their outputs lie one after another. */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Of shape `[out, in]`; of `[in, out]` where `stored` says so. */
  readonly tensor: string;
  readonly out: number;
  /** GPT-2 and its kin keep weights transposed. */
  readonly stored?: 'in-out';
  /** Tensor of shape `[out]`; added by `project`, not by the product itself. */
  readonly bias?: string | undefined;
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
  for (const { tensor, out, stored } of matrix.pieces) {
    requireShape(tensors, tensor, stored === 'in-out' ? [matrix.in, out] : [out, matrix.in]);
  }
}

/** Elements that are read at a time: few enough to stay near the processor until they are used. */
const CHUNK_ELEMENTS = 2 ** 20;

/**
 * Reads the pieces one after another, some rows at a time; `use` gets rows and where their outputs
 * begin. The next rows are on their way while these are used.
 */
export async function readPieces(
  { tensors }: Workbench,
  matrix: Matrix,
  use: (rows: Float32Array, at: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let at = 0;
  for (const { tensor, out, stored } of matrix.pieces) {
    if (stored === 'in-out' || tensors.info(tensor)?.quantised !== undefined) {
      const values = await tensors.read(tensor, signal);
      use(stored === 'in-out' ? transposed(values, matrix.in, out) : values, at);
    } else {
      await readByRows(tensors, { tensor, out, width: matrix.in, at }, use, signal);
    }
    at += out;
  }
}

async function readByRows(
  tensors: TensorSource,
  piece: { readonly tensor: string; out: number; width: number; at: number },
  use: (rows: Float32Array, at: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { tensor, out, width, at } = piece;
  // A source that cannot read some rows would read the whole tensor for each of them.
  const whole = tensors.readRows === undefined;
  const count = whole ? out : Math.max(1, Math.floor(CHUNK_ELEMENTS / width));
  const start = (first: number) => {
    const rows = readRows(tensors, tensor, first, Math.min(count, out - first), signal);
    // Awaited below, unless an earlier read fails first.
    rows.catch(() => undefined);
    return rows;
  };
  let coming = start(0);
  for (let first = 0; first < out; first += count) {
    const rows = await coming;
    if (first + count < out) coming = start(first + count);
    use(rows, at + first);
  }
}

/** `[rows, columns]` → `[columns, rows]`. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return result;
}
