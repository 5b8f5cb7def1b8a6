/** Linear layers that an adapter may reach through the graph's inputs. */
import { requireShape } from '../../checkpoint/tensor-source';
import { outSize } from '../arithmetic/arithmetic';
import type { Arithmetic, Matrix, Workbench } from '../arithmetic/arithmetic';
import { bytesOf } from '../elements';
import type { Value } from '../graph-builder';
import type { LoraPort } from '../manifest';

/** Collects the ports of a graph as it is built; without it the graph has none. */
export type PortList = LoraPort[];

/**
 * `x · W + bias`, plus `x · A · B` where A `[in, R]` and B `[R, out]` are inputs of the graph. Matrices
 * that share the input share the port: R is the sum of their ranks, B has one block for each.
 */
export function project(
  bench: Workbench,
  arithmetic: Arithmetic,
  x: Value,
  matrix: Matrix,
  ports: PortList | null,
): Value {
  const y = addBias(bench, arithmetic.linear(bench, x, matrix), matrix);
  if (ports === null) return y;
  const port = declarePort(matrix);
  ports.push(port);
  const { g } = bench;
  const rank = `${port.a}.rank`;
  const a = g.input(port.a, 'float32', [port.in, rank]);
  const b = g.input(port.b, 'float32', [rank, port.out]);
  const low = g.node('MatMul', `${matrix.name}.lora.low`, [x, a]);
  return g.node('Gemm', `${matrix.name}.lora`, [low, b, y]);
}

/** Pieces without a bias add nothing. */
function addBias({ g, tensors }: Workbench, y: Value, matrix: Matrix): Value {
  const { pieces, name } = matrix;
  if (pieces.every(({ bias }) => bias === undefined)) return y;
  for (const { bias, out } of pieces) if (bias !== undefined) requireShape(tensors, bias, [out]);
  const total = outSize(matrix);
  const bias = g.weight(
    { name: `${name}.bias`, element: 'float32', dims: [total] },
    async (signal) => {
      const values = new Float32Array(total);
      let at = 0;
      for (const piece of pieces) {
        if (piece.bias !== undefined) values.set(await tensors.read(piece.bias, signal), at);
        at += piece.out;
      }
      return bytesOf(values);
    },
  );
  return g.node('Add', `${name}.biased`, [y, bias]);
}

function declarePort(matrix: Matrix): LoraPort {
  let offset = 0;
  const projections = matrix.pieces.map(({ tensor, out }) => {
    const projection = { module: tensor.replace(/\.weight$/, ''), offset, out };
    offset += out;
    return projection;
  });
  const name = `lora.${matrix.name}`;
  return { a: `${name}.A`, b: `${name}.B`, in: matrix.in, out: outSize(matrix), projections };
}
