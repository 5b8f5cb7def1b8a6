/** Weights as they are, in float32: exact, for tests. */
import { readShaped } from '../../checkpoint/tensor-source';
import { bytesOf } from '../elements';
import type { Value } from '../graph-builder';
import { asMatrix, outSize } from './arithmetic';
import type { Arithmetic, Matrix, Workbench } from './arithmetic';

export const fp32: Arithmetic = {
  id: 'fp32',
  linear: (bench, x, matrix) => product(bench, x, placeRows(bench, matrix), matrix.name),
  table: (bench, table) => {
    const rows = placeRows(bench, asMatrix(table));
    return {
      lookUp: (ids) => bench.g.node('Gather', `${table.name}.lookup`, [rows, ids]),
      score: (x) => product(bench, x, rows, `${table.name}.score`),
    };
  },
};

function product({ g }: Workbench, x: Value, rows: Value, name: string): Value {
  return g.node('Gemm', name, [x, rows], { attributes: { transB: { int: 1 } } });
}

function placeRows({ g, tensors }: Workbench, matrix: Matrix): Value {
  const part = {
    name: `${matrix.name}.weight`,
    element: 'float32',
    dims: [outSize(matrix), matrix.in],
  } as const;
  return g.weight(part, async (signal) => {
    const rows = new Float32Array(outSize(matrix) * matrix.in);
    let at = 0;
    for (const { tensor, out } of matrix.pieces) {
      rows.set(await readShaped(tensors, tensor, [out, matrix.in], signal), at);
      at += out * matrix.in;
    }
    return bytesOf(rows);
  });
}
