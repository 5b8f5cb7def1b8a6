import { bytesOf } from '../elements';
import type { Value } from '../graph-builder';
import { quantiseInt8 } from '../quantise';
import type { Layout } from '../quantise';
import { outSize, readPieces, requirePieces } from './arithmetic';
import type { Matrix, Workbench } from './arithmetic';

export interface Int8Weights {
  /** int8, `[out, in]` or `[in, out]` as the layout says. */
  readonly values: Value;
  /** float32 `[out]`. */
  readonly scales: Value;
}

/** Declares a matrix in 8 bits; its pieces are read and quantised one after another. */
export function placeInt8(bench: Workbench, matrix: Matrix, layout: Layout): Int8Weights {
  requirePieces(bench, matrix);
  const out = outSize(matrix);
  const dims = layout === 'out-in' ? [out, matrix.in] : [matrix.in, out];
  const [values, scales] = bench.g.weights(
    [
      { name: `${matrix.name}.int8`, element: 'int8', dims },
      { name: `${matrix.name}.scale`, element: 'float32', dims: [out] },
    ],
    async (signal) => {
      const target = { values: new Int8Array(matrix.in * out), scales: new Float32Array(out) };
      const use = (rows: Float32Array, at: number): void =>
        quantiseInt8(rows, matrix.in, layout, target, at);
      await readPieces(bench, matrix, use, signal);
      return [bytesOf(target.values), bytesOf(target.scales)];
    },
  );
  return { values, scales };
}

/** int8 rows and their scales → float32 rows. */
export function widen({ g }: Workbench, { values, scales }: Int8Weights, name: string): Value {
  const wide = g.node('Cast', `${name}.float`, [values], { attributes: { to: { int: 1 } } });
  const column = g.node('Unsqueeze', `${name}.scales`, [scales, g.int64([1])]);
  return g.node('Mul', `${name}.wide`, [wide, column]);
}
