/** Layer normalisation (Ba et al., 2016), alone or together with the residual sum before it. */
import { requireShape } from '../../checkpoint/tensor-source';
import type { Workbench } from '../arithmetic/arithmetic';
import { bytesOf } from '../elements';
import { ABSENT, MICROSOFT } from '../graph-builder';
import type { Value } from '../graph-builder';

export interface LayerNormWeights {
  /** Tensor of shape `[width]`; it also gives the nodes their names, so it serves once. */
  readonly weight: string;
  /** Tensor of shape `[width]`; some models have none. */
  readonly bias?: string | undefined;
  readonly width: number;
  readonly epsilon: number;
}

/** The weights of a module that keeps both: `<module>.weight` and `<module>.bias`. */
export function normAt(module: string, width: number, epsilon: number): LayerNormWeights {
  return { weight: `${module}.weight`, bias: `${module}.bias`, width, epsilon };
}

/** `(x − mean(x)) / √(variance(x) + ε) · weight + bias`, over the last axis. */
export function layerNorm(bench: Workbench, x: Value, norm: LayerNormWeights): Value {
  const name = `${norm.weight}.norm`;
  const inputs = [x, vector(bench, norm.weight, norm.width)];
  if (norm.bias !== undefined) inputs.push(vector(bench, norm.bias, norm.width));
  return bench.g.node('LayerNormalization', name, inputs, {
    attributes: { epsilon: { float: norm.epsilon }, axis: { int: -1 } },
  });
}

/** Adds `update` to the residual `stream`, and normalises the sum. */
export function addLayerNorm(
  bench: Workbench,
  stream: Value,
  update: Value,
  norm: LayerNormWeights,
): { normed: Value; stream: Value } {
  const name = norm.weight;
  const weight = vector(bench, norm.weight, norm.width);
  const bias = norm.bias === undefined ? ABSENT : vector(bench, norm.bias, norm.width);
  const [normed, , , sum] = bench.g.nodes(
    'SkipLayerNormalization',
    [`${name}.norm`, '', '', `${name}.sum`],
    [update, stream, weight, bias],
    { domain: MICROSOFT, attributes: { epsilon: { float: norm.epsilon } } },
  );
  return { normed, stream: sum };
}

/** A tensor of shape `[width]`, as it is. */
export function vector({ g, tensors }: Workbench, tensor: string, width: number): Value {
  requireShape(tensors, tensor, [width]);
  return g.weight({ name: tensor, element: 'float32', dims: [width] }, async (signal) =>
    bytesOf(await tensors.read(tensor, signal)),
  );
}
