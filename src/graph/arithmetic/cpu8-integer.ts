/**
 * 8-bit integer products: activations are quantised as they come, one scale for all rows of a
 * product. Takes the memory of the 8-bit weights and no more, and reads a prompt fastest.
 */
import { MICROSOFT } from '../graph-builder';
import type { Value } from '../graph-builder';
import { asMatrix } from './arithmetic';
import type { Arithmetic, Workbench } from './arithmetic';
import { placeInt8, widen } from './int8-weights';
import type { Int8Weights } from './int8-weights';

export const cpu8Integer: Arithmetic = {
  id: 'cpu8',
  linear: (bench, x, matrix) => product(bench, x, placeInt8(bench, matrix, 'in-out'), matrix.name),
  table: (bench, table) => {
    const columns = placeInt8(bench, asMatrix(table), 'in-out');
    return {
      lookUp: (ids) => lookUp(bench, columns, ids, `${table.name}.lookup`),
      score: (x) => product(bench, x, columns, `${table.name}.score`),
    };
  },
};

function product({ g }: Workbench, x: Value, { values, scales }: Int8Weights, name: string): Value {
  return g.node('DynamicQuantizeMatMul', name, [x, values, scales], { domain: MICROSOFT });
}

/** The table lies transposed, for the product that every step needs; a row is one of its columns. */
function lookUp(bench: Workbench, table: Int8Weights, ids: Value, name: string): Value {
  const { g } = bench;
  const columns = g.node('Gather', `${name}.columns`, [table.values, ids], {
    attributes: { axis: { int: 1 } },
  });
  const values = g.node('Transpose', `${name}.rows`, [columns]);
  const scales = g.node('Gather', `${name}.scale`, [table.scales, ids]);
  return widen(bench, { values, scales }, name);
}
