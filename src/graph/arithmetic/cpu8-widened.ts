/**
 * 8-bit weights that the runtime widens to float32 once, when it loads the graph (it folds what
 * depends on weights alone), and multiplies in float32. The runtime's integer product repacks its
 * weights at every call, which for one token costs more than the product itself, so a model small
 * enough decodes faster this way; and no activation is rounded, so a row's result does not depend
 * on the rows beside it.
 */
import type { Value } from '../graph-builder';
import { asMatrix } from './arithmetic';
import type { Arithmetic, Workbench } from './arithmetic';
import { placeInt8, widen } from './int8-weights';
import type { Int8Weights } from './int8-weights';

export const cpu8Widened: Arithmetic = {
  id: 'cpu8',
  linear: (bench, x, matrix) => product(bench, x, placeInt8(bench, matrix, 'out-in'), matrix.name),
  table: (bench, table) => {
    const rows = placeInt8(bench, asMatrix(table), 'out-in');
    return {
      lookUp: (ids) => lookUp(bench, rows, ids, `${table.name}.lookup`),
      score: (x) => product(bench, x, rows, `${table.name}.score`),
    };
  },
};

function product(bench: Workbench, x: Value, weights: Int8Weights, name: string): Value {
  const rows = widen(bench, weights, `${name}.weights`);
  return bench.g.node('Gemm', name, [x, rows], { attributes: { transB: { int: 1 } } });
}

function lookUp(bench: Workbench, table: Int8Weights, ids: Value, name: string): Value {
  const values = bench.g.node('Gather', `${name}.rows`, [table.values, ids]);
  const scales = bench.g.node('Gather', `${name}.scale`, [table.scales, ids]);
  return widen(bench, { values, scales }, name);
}
