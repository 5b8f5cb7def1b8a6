/** The layers of BERT and its kin: attention, then a feed-forward layer, each normalised after its sum. */
import type { BuildPlan } from '../families/family';
import type { Value } from '../graph-builder';
import { activate } from './activation';
import type { Activation } from './activation';
import { encoderAttention, splitProjected } from './encoder-attention';
import type { Projected } from './encoder-attention';
import type { EncoderFrame } from './encoder-frame';
import { addLayerNorm, normAt } from './layer-norm';
import { project } from './projection';

export interface EncoderShape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

/** Full names of a layer's modules. */
export interface LayerModules {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attended: string;
  readonly attentionNorm: string;
  readonly up: string;
  readonly down: string;
  readonly outputNorm: string;
}

/** How BERT names the modules of a layer. */
export function bertModules(layer: string): LayerModules {
  return {
    query: `${layer}.attention.self.query`,
    key: `${layer}.attention.self.key`,
    value: `${layer}.attention.self.value`,
    attended: `${layer}.attention.output.dense`,
    attentionNorm: `${layer}.attention.output.LayerNorm`,
    up: `${layer}.intermediate.dense`,
    down: `${layer}.output.dense`,
    outputNorm: `${layer}.output.LayerNorm`,
  };
}

/** What a family's attention adds to the frame's bias, and how it scales its scores. */
export interface Scoring {
  readonly bias: Value;
  readonly scale?: number;
}

export type Score = (projected: Projected, layer: number) => Scoring;

/** `[batch · sequence, hidden]` → the same after every layer. */
export function postNormEncoder(
  plan: BuildPlan,
  first: Value,
  shape: EncoderShape,
  frame: EncoderFrame,
  modulesOf: (layer: number) => LayerModules,
  score: Score = () => ({ bias: frame.bias }),
): Value {
  const { bench } = plan;
  const norm = (module: string) => normAt(module, shape.hidden, shape.normEpsilon);
  let stream = first;
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const modules = modulesOf(layer);
    const attended = attend(plan, stream, shape, frame, modules, layer, score);
    const between = addLayerNorm(bench, stream, attended, norm(modules.attentionNorm)).normed;
    const update = feedForward(plan, between, shape, modules, layer);
    stream = addLayerNorm(bench, between, update, norm(modules.outputNorm)).normed;
  }
  return stream;
}

function attend(
  { bench, arithmetic }: BuildPlan,
  x: Value,
  shape: EncoderShape,
  frame: EncoderFrame,
  { query, key, value, attended }: LayerModules,
  layer: number,
  score: Score,
): Value {
  const { hidden, heads, headDim } = shape;
  const width = heads * headDim;
  const qkv = affine(`${layer}.qkv`, hidden, { [query]: width, [key]: width, [value]: width });
  const o = affine(`${layer}.o`, width, { [attended]: hidden });
  const side = project(bench, arithmetic, x, qkv, null);
  const projected = splitProjected(bench.g, side, `${layer}.attention`);
  const { bias, scale } = score(projected, layer);
  const attention = { heads, headDim, ...(scale === undefined ? {} : { scale }) };
  const name = `${layer}.attention`;
  const mixed = encoderAttention(bench.g, projected, attention, frame, bias, name);
  return project(bench, arithmetic, mixed, o, null);
}

function feedForward(
  { bench, arithmetic }: BuildPlan,
  x: Value,
  { hidden, ffn, activation }: EncoderShape,
  { up, down }: LayerModules,
  layer: number,
): Value {
  const wide = project(bench, arithmetic, x, affine(`${layer}.up`, hidden, { [up]: ffn }), null);
  const active = activate(bench.g, wide, activation, `${layer}.active`);
  return project(bench, arithmetic, active, affine(`${layer}.down`, ffn, { [down]: hidden }), null);
}

/** Layers with biases that share their input, with the size of each one's output. */
function affine(name: string, inSize: number, outputs: Readonly<Record<string, number>>) {
  const pieces = Object.entries(outputs).map(([module, out]) => ({
    tensor: `${module}.weight`,
    bias: `${module}.bias`,
    out,
  }));
  return { name, in: inSize, sensitive: true, pieces };
}
