/**
 * The decoders that came before Llama differ in how they tell positions and name their tensors; this
 * is what they share: layer normalisation before each half of a block, and a feed-forward layer
 * without a gate.
 */
import type { Architecture } from '../architecture';
import type { Piece, PlacedTable } from '../arithmetic/arithmetic';
import { activate } from '../blocks/activation';
import type { Activation } from '../blocks/activation';
import type { Frame } from '../blocks/frame';
import { nextTokenHead } from '../blocks/head';
import { addLayerNorm, layerNorm } from '../blocks/layer-norm';
import type { LayerNormWeights } from '../blocks/layer-norm';
import { project } from '../blocks/projection';
import type { Value } from '../graph-builder';
import type { BuildPlan } from './family';
import { matrix } from './pieces';

export interface LayerNormArchitecture extends Architecture {
  readonly heads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
  /** The output head is the embedding table. */
  readonly tied: boolean;
}

export interface Blocks {
  readonly layers: number;
  /** Of the layer's input; after the last layer, the model's own. */
  readonly inputNorm: (layer: number) => LayerNormWeights;
  /** Before the feed-forward layer; null where it reads what attention reads. */
  readonly middleNorm: (layer: number) => LayerNormWeights | null;
  /**
   * What a half's result is added to: the stream, attention's first; the stream, both at once; or,
   * one after the other, the normalised stream that the half has read.
   */
  readonly residual: 'sequential' | 'parallel' | 'normed';
  readonly attend: (x: Value, layer: number) => Value;
  readonly feedForward: (x: Value, layer: number) => Value;
}

/** Embedded tokens `[rows, hidden]` → normalised states of the same shape. */
export function throughBlocks(plan: BuildPlan, embedded: Value, blocks: Blocks): Value {
  const { bench } = plan;
  let stream = embedded;
  let normed = layerNorm(bench, stream, blocks.inputNorm(0));
  for (let layer = 0; layer < blocks.layers; layer += 1) {
    const half = blocks.residual === 'parallel' ? sideBySide : inTurn;
    const { base, update } = half(plan, { stream, normed }, blocks, layer);
    ({ normed, stream } = addLayerNorm(bench, base, update, blocks.inputNorm(layer + 1)));
  }
  return normed;
}

interface Streams {
  readonly stream: Value;
  readonly normed: Value;
}

/** What the layer adds, and to which stream. */
interface Addition {
  readonly base: Value;
  readonly update: Value;
}

function sideBySide(
  { bench }: BuildPlan,
  { stream, normed }: Streams,
  { middleNorm, attend, feedForward }: Blocks,
  layer: number,
): Addition {
  const norm = middleNorm(layer);
  const fed = feedForward(norm === null ? normed : layerNorm(bench, stream, norm), layer);
  const update = bench.g.node('Add', `${layer}.both`, [attend(normed, layer), fed]);
  return { base: stream, update };
}

function inTurn(
  { bench }: BuildPlan,
  streams: Streams,
  { middleNorm, residual, attend, feedForward }: Blocks,
  layer: number,
): Addition {
  const norm = middleNorm(layer);
  if (norm === null) throw new RangeError('halves that take turns have a norm each');
  const baseOf = ({ stream, normed }: Streams) => (residual === 'normed' ? normed : stream);
  const middle = addLayerNorm(bench, baseOf(streams), attend(streams.normed, layer), norm);
  return { base: baseOf(middle), update: feedForward(middle.normed, layer) };
}

/** Two projections with an activation between them; each tensor has its bias beside it. */
export function feedForward(
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  { hidden, ffn, activation }: LayerNormArchitecture,
  { up, down }: { readonly up: Piece; readonly down: Piece },
): Value {
  const wide = project(bench, arithmetic, x, matrix(layer, 'up', hidden, up), ports);
  const active = activate(bench.g, wide, activation, `${layer}.activation`);
  return project(bench, arithmetic, active, matrix(layer, 'down', ffn, down), ports);
}

/** Scores with a head of the model's own, or with its embedding table where the two are tied. */
export function scoreNext(
  { bench, arithmetic, logits, topK }: BuildPlan,
  states: Value,
  embedding: PlacedTable,
  tensor: string,
  { hidden, vocab, tied }: LayerNormArchitecture,
  frame: Frame,
): void {
  const own = () => arithmetic.table(bench, { name: 'head', tensor, tokens: vocab, width: hidden });
  nextTokenHead(bench.g, states, tied ? embedding : own(), frame, { hidden, vocab, topK, logits });
}
