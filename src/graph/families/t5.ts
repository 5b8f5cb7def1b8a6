/**
 * T5 (Raffel et al., 2020) and its kin mT5 and Flan: pre-normalised blocks, attention that knows
 * positions only by a learned bias for the distance between two tokens, made once for all layers.
 * The second version gates its feed-forward layers and has an output head of its own.
 */
import {
  LIMITS,
  flag,
  positive,
  size,
  tokenId,
  tokenIds,
  unsupported,
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import type { Architecture } from '../architecture';
import type { Matrix, PlacedTable } from '../arithmetic/arithmetic';
import { activate, readActivation } from '../blocks/activation';
import type { Activation } from '../blocks/activation';
import { sourceKeyValue } from '../blocks/cross-attention';
import { nextTokenHead } from '../blocks/head';
import { attendTo, selfAttention } from '../blocks/multi-head';
import type { Growing, MultiHead } from '../blocks/multi-head';
import { addNorm, rmsNorm } from '../blocks/norm';
import type { NormWeights } from '../blocks/norm';
import { project } from '../blocks/projection';
import { bucketTable, distanceBias } from '../blocks/relative-position';
import type { DistanceTable } from '../blocks/relative-position';
import { encoderFrame, targetFrame, targetStates } from '../blocks/seq2seq-frame';
import type { TargetFrame, TokenGrid } from '../blocks/seq2seq-frame';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';

interface T5Architecture extends Architecture {
  readonly decoderLayers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly isGated: boolean;
  readonly activation: Activation;
  readonly normEpsilon: number;
  readonly buckets: number;
  readonly farthest: number;
  /** What the head scores is made smaller first. */
  readonly isScaled: boolean;
  /** The checkpoint may keep an output head of its own beside the embedding table. */
  readonly mayHaveHead: boolean;
}

/** No table ends it, but the bias of a longer source is too large for a browser. */
const LONGEST = 1024;

export const t5: Family<T5Architecture> = {
  modelTypes: ['t5', 'mt5'],
  prefix: 'transformer',
  read,
  build(model, plan) {
    if (plan.role === 'encoder') encode(model, plan);
    else decode(model, plan);
  },
};

function read(config: JsonObject): T5Architecture {
  const isMultilingual = config['model_type'] === 'mt5';
  const layers = size(config, 'num_layers', LIMITS.layers, 6);
  const decoderLayers = size(config, 'num_decoder_layers', LIMITS.layers, layers);
  const heads = size(config, 'num_heads', LIMITS.size, 8);
  const headDim = size(config, 'd_kv', LIMITS.size, 64);
  return {
    family: 't5',
    kind: 'encoder-decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden: size(config, 'd_model', LIMITS.size),
    layers,
    decoderLayers,
    heads,
    headDim,
    ffn: size(config, 'd_ff', LIMITS.size),
    ...feedForwardKind(config, isMultilingual ? 'gated-gelu' : 'relu'),
    context: LONGEST,
    normEpsilon: positive(config, 'layer_norm_epsilon', 1e-6),
    buckets: size(config, 'relative_attention_num_buckets', 4096, 32),
    farthest: size(config, 'relative_attention_max_distance', LIMITS.context, 128),
    ...headKind(config, isMultilingual),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds({ eos_token_id: 1, ...config }, 'eos_token_id'),
    pad: tokenId({ pad_token_id: 0, ...config }, 'pad_token_id'),
    decoderStart: tokenId({ decoder_start_token_id: 0, ...config }, 'decoder_start_token_id'),
    states: targetStates({ layers: decoderLayers, heads, headDim }),
  };
}

/** `relu`, `gelu`…, or `gated-` before it; `gated-gelu` has always meant the approximated one. */
function feedForwardKind(
  config: JsonObject,
  fallback: string,
): Pick<T5Architecture, 'isGated' | 'activation'> {
  const kind = config['feed_forward_proj'] ?? fallback;
  if (typeof kind !== 'string') return unsupported('feed_forward_proj', kind);
  if (kind === 'gated-gelu') return { isGated: true, activation: 'gelu_new' };
  const isGated = kind.startsWith('gated-');
  const name = isGated ? kind.slice('gated-'.length) : kind;
  const activation = readActivation({ feed_forward_proj: name }, 'feed_forward_proj');
  return { isGated, activation };
}

/**
 * The first T5 scores with its embedding table, scaled; the later ones with a head of their own. Older
 * files tell them apart by `tie_word_embeddings`, newer ones always say that it is tied, whatever
 * they keep, and tell them apart by `scale_decoder_outputs`.
 */
function headKind(
  config: JsonObject,
  isMultilingual: boolean,
): Pick<T5Architecture, 'isScaled' | 'mayHaveHead'> {
  const isTied = flag(config, 'tie_word_embeddings', !isMultilingual);
  const isNewFile = config['scale_decoder_outputs'] !== undefined;
  return {
    isScaled: !isMultilingual && flag(config, 'scale_decoder_outputs', isTied),
    mayHaveHead: isMultilingual || isNewFile || !isTied,
  };
}

/** One of the two stacks: its blocks, and what its tensors' names begin with. */
interface Stack {
  readonly model: T5Architecture;
  readonly plan: BuildPlan;
  readonly side: 'encoder' | 'decoder';
  readonly layers: number;
  readonly grid: TokenGrid;
}

function encode(model: T5Architecture, plan: BuildPlan): void {
  const { g } = plan.bench;
  const frame = encoderFrame(g);
  const stack: Stack = { model, plan, side: 'encoder', layers: model.layers, grid: frame };
  const distances = distanceBias(g, buckets(stack), frame.positions, frame.positions);
  const bias = g.node('Add', 'attention.bias', [distances, frame.padding]);
  let stream = embedding(model, plan).lookUp(frame.tokens);
  let normed = rmsNorm(plan.bench, stream, normBefore(stack, 0, 0));
  for (let layer = 0; layer < model.layers; layer += 1) {
    const mixed = attendSelf(stack, normed, layer, bias, null);
    ({ normed, stream } = addNorm(plan.bench, stream, mixed, normBefore(stack, layer, 1)));
    const update = feedForward(stack, normed, layer, 1);
    ({ normed, stream } = addNorm(plan.bench, stream, update, normBefore(stack, layer + 1, 0)));
  }
  const states = g.node('Reshape', 'last_hidden_state', [normed, frame.batchShape]);
  g.output('last_hidden_state', states, 'float32', ['batch_size', 'sequence', model.hidden]);
}

function decode(model: T5Architecture, plan: BuildPlan): void {
  const { bench, topK, logits } = plan;
  const { g } = bench;
  const { hidden, vocab, heads, headDim, decoderLayers: layers } = model;
  const frame = targetFrame(g, { hidden, layers, heads, headDim });
  const stack: Stack = { model, plan, side: 'decoder', layers, grid: frame };
  const bias = distanceBias(g, buckets(stack), frame.positions, frame.seen);
  const table = embedding(model, plan);
  let stream = table.lookUp(frame.tokens);
  let normed = rmsNorm(bench, stream, normBefore(stack, 0, 0));
  for (let layer = 0; layer < layers; layer += 1) {
    const mixed = attendSelf(stack, normed, layer, bias, cacheOf(frame, layer));
    ({ normed, stream } = addNorm(bench, stream, mixed, normBefore(stack, layer, 1)));
    const found = attendSource(stack, normed, layer, frame);
    ({ normed, stream } = addNorm(bench, stream, found, normBefore(stack, layer, 2)));
    const update = feedForward(stack, normed, layer, 2);
    ({ normed, stream } = addNorm(bench, stream, update, normBefore(stack, layer + 1, 0)));
  }
  nextTokenHead(g, normed, head(model, plan, table), frame, { hidden, vocab, topK, logits });
}

/** Under whichever of its names the shared table was saved. */
function embedding({ vocab, hidden }: T5Architecture, { bench, arithmetic }: BuildPlan) {
  const names = ['shared.weight', 'encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'];
  const tensor = names.find((name) => bench.tensors.info(name) !== undefined) ?? 'shared.weight';
  return arithmetic.table(bench, { name: 'embedding', tensor, tokens: vocab, width: hidden });
}

function head(model: T5Architecture, plan: BuildPlan, embedded: PlacedTable): PlacedTable {
  const { bench, arithmetic } = plan;
  const { vocab: tokens, hidden: width, isScaled, mayHaveHead } = model;
  const tensor = 'lm_head.weight';
  const kept = bench.tensors.info(tensor);
  const isOwn = mayHaveHead && kept !== undefined && kept.sameAs === undefined;
  const table = isOwn ? arithmetic.table(bench, { name: 'head', tensor, tokens, width }) : embedded;
  if (!isScaled) return table;
  const scale = bench.g.float32([width ** -0.5]);
  const smaller = (x: Value) => bench.g.node('Mul', 'head.scaled', [x, scale]);
  return { ...table, score: (x) => table.score(smaller(x)) };
}

function buckets({ model, plan, side }: Stack): DistanceTable {
  return bucketTable(plan.bench, {
    tensor: `${side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`,
    count: model.buckets,
    farthest: model.farthest,
    heads: model.heads,
    isTwoWay: side === 'encoder',
  });
}

function cacheOf({ past }: TargetFrame, layer: number): Growing | null {
  const own = past[layer]?.own;
  if (own === undefined) return null;
  const present = `present.${layer}.decoder`;
  return { past: own, key: `${present}.key`, value: `${present}.value` };
}

function attendSelf(
  stack: Stack,
  x: Value,
  layer: number,
  bias: Value,
  growing: Growing | null,
): Value {
  const { bench, arithmetic, ports } = stack.plan;
  const module = 'layer.0.SelfAttention';
  const qkv = project(bench, arithmetic, x, inner(stack, layer, module, ['q', 'k', 'v']), ports);
  const shape = headsOf(stack, `${stack.side}.${layer}.self`);
  const attended = selfAttention(bench.g, qkv, shape, stack.grid.batchShape, bias, growing);
  return project(bench, arithmetic, attended, outer(stack, layer, module), ports);
}

function attendSource(stack: Stack, x: Value, layer: number, frame: TargetFrame): Value {
  const { bench, arithmetic, ports } = stack.plan;
  const module = 'layer.1.EncDecAttention';
  const shape = headsOf(stack, `decoder.${layer}.cross`);
  const query = project(bench, arithmetic, x, inner(stack, layer, module, ['q']), ports);
  const keysValues = inner(stack, layer, module, ['k', 'v']);
  const fresh = project(bench, arithmetic, frame.fresh, keysValues, ports);
  const source = sourceKeyValue(bench.g, fresh, shape, frame, layer);
  const attended = attendTo(bench.g, query, source, shape, frame.batchShape, frame.sourceBias);
  return project(bench, arithmetic, attended, outer(stack, layer, module), ports);
}

/** The scale of the scores is in the weights. */
function headsOf({ model: { heads, headDim } }: Stack, name: string): MultiHead {
  return { name, heads, headDim, scale: 1 };
}

function feedForward(stack: Stack, x: Value, layer: number, at: number): Value {
  const { bench, arithmetic, ports } = stack.plan;
  const { isGated, activation, ffn, hidden } = stack.model;
  const name = `${stack.side}.${layer}`;
  const start = `${stack.side}.block.${layer}.layer.${at}.DenseReluDense`;
  const parts = isGated ? ['wi_0', 'wi_1'] : ['wi'];
  const into: Matrix = {
    name: `${name}.wi`,
    in: hidden,
    // A gate softens what the projections into it get wrong.
    sensitive: !isGated,
    pieces: parts.map((part) => ({ tensor: `${start}.${part}.weight`, out: ffn })),
  };
  const pieces = [{ tensor: `${start}.wo.weight`, out: hidden }];
  const back: Matrix = { name: `${name}.wo`, in: ffn, sensitive: true, pieces };
  const wide = project(bench, arithmetic, x, into, ports);
  const open = isGated
    ? gate(stack, wide, name)
    : activate(bench.g, wide, activation, `${name}.act`);
  return project(bench, arithmetic, open, back, ports);
}

/** `[rows, 2 · width]` → `activation(first half) · second half`. */
function gate({ model, plan }: Stack, wide: Value, name: string): Value {
  const { g } = plan.bench;
  const [opening, value] = g.nodes('Split', [`${name}.gate`, `${name}.up`], [wide], {
    attributes: { axis: { int: -1 }, num_outputs: { int: 2 } },
  });
  const open = activate(g, opening, model.activation, `${name}.gate.open`);
  return g.node('Mul', `${name}.gated`, [open, value]);
}

/** Projections into the heads of one attention. */
function inner({ model, side }: Stack, layer: number, module: string, parts: string[]): Matrix {
  const pieces = parts.map((part) => ({
    tensor: `${side}.block.${layer}.${module}.${part}.weight`,
    out: model.heads * model.headDim,
  }));
  const name = `${side}.${layer}.${shortName(module)}.${parts.join('')}`;
  return { name, in: model.hidden, sensitive: true, pieces };
}

function outer({ model, side }: Stack, layer: number, module: string): Matrix {
  const tensor = `${side}.block.${layer}.${module}.o.weight`;
  return {
    name: `${side}.${layer}.${shortName(module)}.o`,
    in: model.heads * model.headDim,
    sensitive: true,
    pieces: [{ tensor, out: model.hidden }],
  };
}

function shortName(module: string): string {
  return module.endsWith('SelfAttention') ? 'self' : 'cross';
}

/** The norm before a sublayer; after the last block, the stack's own. */
function normBefore({ model, side, layers }: Stack, layer: number, at: number): NormWeights {
  const tensor =
    layer < layers
      ? `${side}.block.${layer}.layer.${at}.layer_norm.weight`
      : `${side}.final_layer_norm.weight`;
  return { tensor, width: model.hidden, epsilon: model.normEpsilon };
}
