/** Learned positions: a row of a table for each place in the sequence. */
import { requireShape } from '../../checkpoint/tensor-source';
import type { Workbench } from '../arithmetic/arithmetic';
import { bytesOf } from '../elements';
import type { Value } from '../graph-builder';
import type { Frame } from './frame';

export interface PositionTable {
  /** Tensor of shape `[places, width]`. */
  readonly tensor: string;
  readonly places: number;
  readonly width: number;
}

/** Adds to each token's row of `x` `[rows, width]` the row of its place. */
export function addPositions(
  { g, tensors }: Workbench,
  x: Value,
  { tensor, places, width }: PositionTable,
  frame: Frame,
): Value {
  requireShape(tensors, tensor, [places, width]);
  const table = g.weight(
    { name: tensor, element: 'float32', dims: [places, width] },
    async (signal) => bytesOf(await tensors.read(tensor, signal)),
  );
  const rows = g.node('Gather', `${tensor}.rows`, [table, frame.positions()]);
  return g.node('Add', `${tensor}.added`, [x, rows]);
}
