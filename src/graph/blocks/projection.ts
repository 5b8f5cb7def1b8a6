/** Linear layers that an adapter may reach through the graph's inputs. */
import { outSize } from '../arithmetic/arithmetic';
import type { Arithmetic, Matrix, Workbench } from '../arithmetic/arithmetic';
import type { Value } from '../graph-builder';
import type { LoraPort } from '../manifest';

/** Collects the ports of a graph as it is built; without it the graph has none. */
export type PortList = LoraPort[];

/**
 * `x · W`, plus `x · A · B` where A `[in, R]` and B `[R, out]` are inputs of the graph. Matrices
 * that share the input share the port: R is the sum of their ranks, B has one block for each.
 */
export function project(
  bench: Workbench,
  arithmetic: Arithmetic,
  x: Value,
  matrix: Matrix,
  ports: PortList | null,
): Value {
  const y = arithmetic.linear(bench, x, matrix);
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
