/**
 * Weights in blocks of 32 inputs with one scale each, products in float32: for the GPU. Layers
 * take 4 bits, the sensitive ones as many as they are given. The token table takes 8, because
 * every step's scores hang on it alone.
 */
import { bytesOf } from '../elements';
import { MICROSOFT } from '../graph-builder';
import type { Value } from '../graph-builder';
import { BLOCK, blockBytes, blocksOf, quantiseBlocks } from '../quantise';
import type { BlockBits } from '../quantise';
import { asMatrix, outSize, readPieces, requirePieces } from './arithmetic';
import type { Arithmetic, Matrix, Table, Workbench } from './arithmetic';

const LAYER_BITS = 4;
const TABLE_BITS = 8;

export function gpu4(sensitiveBits: BlockBits): Arithmetic {
  return {
    id: 'gpu4',
    linear: (bench, x, matrix) => {
      const bits = matrix.sensitive ? sensitiveBits : LAYER_BITS;
      return product(bench, x, placeBlocks(bench, matrix, bits), matrix, matrix.name);
    },
    table: (bench, table) => {
      const matrix = asMatrix(table);
      const blocks = placeBlocks(bench, matrix, TABLE_BITS);
      return {
        lookUp: (ids) => lookUp(bench, blocks, ids, table),
        score: (x) => product(bench, x, blocks, matrix, `${table.name}.score`),
      };
    },
  };
}

interface Blocks {
  readonly bits: BlockBits;
  /** uint8 `[out, blocks, bytes of a block]`. */
  readonly values: Value;
  /** float32 `[out, blocks]`. */
  readonly scales: Value;
}

function product(
  { g }: Workbench,
  x: Value,
  { bits, values, scales }: Blocks,
  matrix: Matrix,
  name: string,
): Value {
  return g.node('MatMulNBits', name, [x, values, scales], {
    domain: MICROSOFT,
    attributes: {
      K: { int: matrix.in },
      N: { int: outSize(matrix) },
      bits: { int: bits },
      block_size: { int: BLOCK },
    },
  });
}

function lookUp(
  { g }: Workbench,
  { bits, values, scales }: Blocks,
  ids: Value,
  { name, tokens, width }: Table,
): Value {
  const rowBytes = blocksOf(width) * blockBytes(bits);
  const rows = g.node('Reshape', `${name}.lookup.rows`, [values, g.int64([tokens, rowBytes])]);
  const padded = g.node('GatherBlockQuantized', `${name}.lookup.padded`, [rows, ids, scales], {
    domain: MICROSOFT,
    attributes: {
      bits: { int: bits },
      block_size: { int: BLOCK },
      gather_axis: { int: 0 },
      quantize_axis: { int: 1 },
    },
  });
  if (width % BLOCK === 0) return padded;
  return g.node('Slice', `${name}.lookup`, [padded, g.int64([0]), g.int64([width]), g.int64([1])]);
}

function placeBlocks(bench: Workbench, matrix: Matrix, bits: BlockBits): Blocks {
  requirePieces(bench, matrix);
  const out = outSize(matrix);
  const blocks = blocksOf(matrix.in);
  const bytes = blockBytes(bits);
  const [values, scales] = bench.g.weights(
    [
      { name: `${matrix.name}.int${bits}`, element: 'uint8', dims: [out, blocks, bytes] },
      { name: `${matrix.name}.scale`, element: 'float32', dims: [out, blocks] },
    ],
    async (signal) => {
      const target = {
        values: new Uint8Array(out * blocks * bytes),
        scales: new Float32Array(out * blocks),
      };
      const use = (rows: Float32Array, at: number): void =>
        quantiseBlocks(rows, matrix.in, bits, target, at);
      await readPieces(bench, matrix, use, signal);
      return [bytesOf(target.values), bytesOf(target.scales)];
    },
  );
  return { bits, values, scales };
}
