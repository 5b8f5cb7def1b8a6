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

/** Some rows of a piece, and where their outputs begin. */
interface Chunk {
  readonly at: number;
  readonly read: (signal: AbortSignal) => Promise<Float32Array>;
}

/**
 * Reads the pieces one after another, some rows at a time; `use` gets rows and where their outputs
 * begin. The next rows are on their way while these are used.
 */
export async function readPieces(
  bench: Workbench,
  matrix: Matrix,
  use: (rows: Float32Array, at: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const chunks = chunksOf(bench, matrix);
  const start = (index: number) => {
    const rows = chunks[index]?.read(signal);
    // Awaited in its turn, unless an earlier read fails first.
    rows?.catch(() => undefined);
    return rows;
  };
  let coming = start(0);
  for (const [index, { at }] of chunks.entries()) {
    const rows = await coming;
    coming = start(index + 1);
    if (rows !== undefined) use(rows, at);
  }
}

function chunksOf({ tensors }: Workbench, matrix: Matrix): Chunk[] {
  const chunks: Chunk[] = [];
  let begin = 0;
  for (const piece of matrix.pieces) {
    const rows = rowsAtATime(tensors, piece, matrix.in);
    for (let first = 0; first < piece.out; first += rows) {
      const count = Math.min(rows, piece.out - first);
      const read = (signal: AbortSignal) =>
        readChunk(tensors, piece, matrix.in, first, count, signal);
      chunks.push({ at: begin + first, read });
    }
    begin += piece.out;
  }
  return chunks;
}

/** All of them where the source would read the whole tensor, or unpack it, for each of them. */
function rowsAtATime(tensors: TensorSource, { tensor, out, stored }: Piece, width: number): number {
  const whole =
    stored === 'in-out' ||
    tensors.readRows === undefined ||
    tensors.info(tensor)?.quantised !== undefined;
  return whole ? out : Math.max(1, Math.floor(CHUNK_ELEMENTS / width));
}

async function readChunk(
  tensors: TensorSource,
  { tensor, out, stored }: Piece,
  width: number,
  first: number,
  count: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  if (count < out) return readRows(tensors, tensor, first, count, signal);
  const values = await tensors.read(tensor, signal);
  return stored === 'in-out' ? transposed(values, width, out) : values;
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
