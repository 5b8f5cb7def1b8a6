/** Root-mean-square normalisation, alone or together with the residual sum before it. */
import { requireShape } from '../../checkpoint/tensor-source';
import type { Workbench } from '../arithmetic/arithmetic';
import { bytesOf } from '../elements';
import { MICROSOFT } from '../graph-builder';
import type { Value } from '../graph-builder';

export interface NormWeights {
  readonly tensor: string;
  readonly width: number;
  readonly epsilon: number;
  /** Added to the stored weights: Gemma keeps their distance from one. */
  readonly offset?: number;
}

/** `x / √(mean(x²) + ε) · weight`. */
export function rmsNorm(bench: Workbench, x: Value, norm: NormWeights): Value {
  return bench.g.node(
    'SimplifiedLayerNormalization',
    `${norm.tensor}.norm`,
    [x, scale(bench, norm)],
    {
      attributes: { epsilon: { float: norm.epsilon }, axis: { int: -1 } },
    },
  );
}

/** Adds `update` to the residual `stream`, and normalises the sum. */
export function addNorm(
  bench: Workbench,
  stream: Value,
  update: Value,
  norm: NormWeights,
): { normed: Value; stream: Value } {
  const name = norm.tensor;
  const [normed, , , sum] = bench.g.nodes(
    'SkipSimplifiedLayerNormalization',
    [`${name}.norm`, '', '', `${name}.sum`],
    [update, stream, scale(bench, norm)],
    { domain: MICROSOFT, attributes: { epsilon: { float: norm.epsilon } } },
  );
  return { normed, stream: sum };
}

/** The same over each head of `rows` `[rows, heads · headDim]`, where the norm is as wide as a head. */
export function headNorm(bench: Workbench, rows: Value, heads: number, norm: NormWeights): Value {
  const { g } = bench;
  const split = g.node('Reshape', `${norm.tensor}.heads`, [rows, g.int64([-1, norm.width])]);
  const normed = rmsNorm(bench, split, norm);
  return g.node('Reshape', `${norm.tensor}.rows`, [normed, g.int64([-1, heads * norm.width])]);
}

function scale({ g, tensors }: Workbench, { tensor, width, offset = 0 }: NormWeights): Value {
  requireShape(tensors, tensor, [width]);
  return g.weight({ name: tensor, element: 'float32', dims: [width] }, async (signal) => {
    const weights = await tensors.read(tensor, signal);
    return bytesOf(offset === 0 ? weights : weights.map((weight) => weight + offset));
  });
}
