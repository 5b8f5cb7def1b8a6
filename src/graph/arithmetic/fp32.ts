/** Weights as they are, in float32: exact, for tests. */
import { bytesOf } from '../elements';
import type { Value } from '../graph-builder';
import { asMatrix, outSize, readPieces, requirePieces } from './arithmetic';
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

function placeRows(bench: Workbench, matrix: Matrix): Value {
  requirePieces(bench, matrix);
  const out = outSize(matrix);
  return bench.g.weight(
    { name: `${matrix.name}.weight`, element: 'float32', dims: [out, matrix.in] },
    async (signal) => {
      const values = new Float32Array(out * matrix.in);
      const use = (rows: Float32Array, at: number): void => values.set(rows, at * matrix.in);
      await readPieces(bench, matrix, use, signal);
      return bytesOf(values);
    },
  );
}
