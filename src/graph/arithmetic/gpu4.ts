/** 4-bit weights in blocks of 32 inputs with one scale each; products in float32. For the GPU. */
import { readShaped } from '../../checkpoint/tensor-source';
import { bytesOf } from '../elements';
import { MICROSOFT } from '../graph-builder';
import type { Value } from '../graph-builder';
import { BLOCK, int4RowBytes, quantiseInt4 } from '../quantise';
import { asMatrix, outSize } from './arithmetic';
import type { Arithmetic, Matrix, Table, Workbench } from './arithmetic';

export const gpu4: Arithmetic = {
  id: 'gpu4',
  linear: (bench, x, matrix) =>
    product(bench, x, placeBlocks(bench, matrix), matrix, matrix.name),
  table: (bench, table) => {
    const matrix = asMatrix(table);
    const blocks = placeBlocks(bench, matrix);
    return {
      lookUp: (ids) => lookUp(bench, blocks, ids, table),
      score: (x) => product(bench, x, blocks, matrix, `${table.name}.score`),
    };
  },
};

interface Blocks {
  /** uint8 `[out, blocks, 16]`. */
  readonly values: Value;
  /** float32 `[out, blocks]`. */
  readonly scales: Value;
}

function product(
  { g }: Workbench,
  x: Value,
  { values, scales }: Blocks,
  matrix: Matrix,
  name: string,
): Value {
  return g.node('MatMulNBits', name, [x, values, scales], {
    domain: MICROSOFT,
    attributes: {
      K: { int: matrix.in },
      N: { int: outSize(matrix) },
      bits: { int: 4 },
      block_size: { int: BLOCK },
    },
  });
}

function lookUp(
  { g }: Workbench,
  { values, scales }: Blocks,
  ids: Value,
  { name, tokens, width }: Table,
): Value {
  const rows = g.node('Reshape', `${name}.lookup.rows`, [
    values,
    g.int64([tokens, int4RowBytes(width)]),
  ]);
  return g.node('GatherBlockQuantized', `${name}.lookup`, [rows, ids, scales], {
    domain: MICROSOFT,
    attributes: {
      bits: { int: 4 },
      block_size: { int: BLOCK },
      gather_axis: { int: 0 },
      quantize_axis: { int: 1 },
    },
  });
}

function placeBlocks({ g, tensors }: Workbench, matrix: Matrix): Blocks {
  const out = outSize(matrix);
  const rowBytes = int4RowBytes(matrix.in);
  const blocks = rowBytes / (BLOCK / 2);
  const [values, scales] = g.weights(
    [
      { name: `${matrix.name}.int4`, element: 'uint8', dims: [out, blocks, BLOCK / 2] },
      { name: `${matrix.name}.scale`, element: 'float32', dims: [out, blocks] },
    ],
    async (signal) => {
      const target = {
        values: new Uint8Array(out * rowBytes),
        scales: new Float32Array(out * blocks),
      };
      let at = 0;
      for (const piece of matrix.pieces) {
        const rows = await readShaped(tensors, piece.tensor, [piece.out, matrix.in], signal);
        quantiseInt4(rows, matrix.in, target, at);
        at += piece.out;
      }
      return [bytesOf(target.values), bytesOf(target.scales)];
    },
  );
  return { values, scales };
}
