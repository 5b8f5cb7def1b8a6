/**
 * 8-bit integer products: activations are quantised as they come, each row by its own largest value,
 * so that a row's result does not depend on the rows beside it. Takes the memory of the 8-bit weights
 * and no more, and reads a prompt fastest.
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

/** A byte's middle; the runtime multiplies unsigned activations many times faster than signed ones. */
const ZERO = 128;
const STEPS = 127;

function product({ g }: Workbench, x: Value, { values, scales }: Int8Weights, name: string): Value {
  const sizes = g.node('Abs', `${name}.sizes`, [x]);
  const largest = g.node('ReduceMax', `${name}.largest`, [sizes, g.int64([-1])]);
  // Of no rows at all, the runtime's maximum keeps the width.
  const column = g.node('Reshape', `${name}.column`, [largest, g.int64([-1, 1])]);
  // A row of zeros has nothing to be divided by.
  const unit = g.node('Max', `${name}.unit`, [column, g.float32([1e-20], [])]);
  const shares = g.node('Div', `${name}.shares`, [x, unit]);
  const [step, zero] = [g.float32([1 / STEPS], []), g.uint8([ZERO], [])];
  const bytes = g.node('QuantizeLinear', `${name}.bytes`, [shares, step, zero]);
  const inputs = [bytes, values, step, scales, zero];
  const sums = g.node('MatMulIntegerToFloat', `${name}.sums`, inputs, { domain: MICROSOFT });
  return g.node('Mul', name, [sums, unit]);
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
