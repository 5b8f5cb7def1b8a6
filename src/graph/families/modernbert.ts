/**
 * ModernBERT (Warner et al., 2024): layers normalised before their sums, rotary positions, a gated
 * feed-forward layer. Some layers see every token, the others those within a window, and each kind
 * turns positions at a rate of its own.
 */
import {
  LIMITS,
  contextSize,
  damaged,
  flag,
  oneOf,
  positive,
  ropeParameters,
  section,
  size,
  tokenId,
  tokenIds,
  unsupported,
} from '../../checkpoint/config-reader';
import type { Json, JsonObject } from '../../checkpoint/json-file';
import type { Architecture } from '../architecture';
import type { Matrix } from '../arithmetic/arithmetic';
import { activate, readActivation } from '../blocks/activation';
import type { Activation } from '../blocks/activation';
import { encoderAttention, splitProjected } from '../blocks/encoder-attention';
import { encoderFrame, ROW_CAP, windowBias } from '../blocks/encoder-frame';
import type { EncoderFrame } from '../blocks/encoder-frame';
import { encoderHead } from '../blocks/encoder-heads';
import type { DenseStep, EncoderHeads } from '../blocks/encoder-heads';
import { rowRotary } from '../blocks/encoder-rotary';
import type { Turn } from '../blocks/encoder-rotary';
import { addLayerNorm, layerNorm } from '../blocks/layer-norm';
import type { LayerNormWeights } from '../blocks/layer-norm';
import { project } from '../blocks/projection';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';

const KINDS = ['full_attention', 'sliding_attention'] as const;
type LayerKind = (typeof KINDS)[number];

interface ModernBertArchitecture extends Architecture {
  readonly heads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
  readonly kinds: readonly LayerKind[];
  readonly thetas: Readonly<Record<LayerKind, number>>;
  /** A windowed layer's token sees those at most so far on either side. */
  readonly reach: number;
  readonly biases: {
    readonly norm: boolean;
    readonly attention: boolean;
    readonly mlp: boolean;
    readonly head: boolean;
    readonly decoder: boolean;
  };
  readonly headActivation: Activation;
  readonly pooling: 'cls' | 'mean';
  readonly tied: boolean;
}

/** What a layer's attention sees and how it turns. */
type Sights = Readonly<Record<LayerKind, { readonly bias: Value; readonly turn: Turn }>>;

export const modernbert: Family<ModernBertArchitecture> = {
  modelTypes: ['modernbert'],
  prefix: 'model',
  read,
  build(model, plan) {
    const { hidden, vocab, tied } = model;
    const { bench, arithmetic } = plan;
    const frame = encoderFrame(bench.g, { types: false });
    const sights = sightsOf(model, plan, frame);
    const words = arithmetic.table(bench, {
      name: 'words',
      tensor: 'model.embeddings.tok_embeddings.weight',
      tokens: vocab,
      width: hidden,
    });
    const first = words.lookUp(frame.tokens);
    let stream = layerNorm(bench, first, norm(model, 'model.embeddings.norm'));
    // The first layer's attention reads what the embeddings' norm has just left.
    let normed = stream;
    for (const [layer, kind] of model.kinds.entries()) {
      const mixed = attend(model, plan, normed, layer, frame, sights[kind]);
      const between = norm(model, `model.layers.${layer}.mlp_norm`);
      ({ normed, stream } = addLayerNorm(bench, stream, mixed, between));
      const update = feedForward(model, plan, normed, layer);
      const last = layer + 1 === model.layers;
      const after = last ? 'model.final_norm' : `model.layers.${layer + 1}.attn_norm`;
      ({ normed, stream } = addLayerNorm(bench, stream, update, norm(model, after)));
    }
    const end = { states: normed, hidden, vocab, frame, words, wordWidth: hidden, tied };
    encoderHead(plan, end, heads(model));
  },
};

function read(config: JsonObject): ModernBertArchitecture {
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const layers = size(config, 'num_hidden_layers', LIMITS.layers);
  if (hidden % (2 * heads) !== 0) damaged('num_attention_heads');
  return {
    family: 'modernbert',
    kind: 'encoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    headDim: hidden / heads,
    ffn: size(config, 'intermediate_size', LIMITS.size),
    activation: readActivation(config, 'hidden_activation', 'gelu'),
    normEpsilon: positive(config, 'norm_eps', 1e-5),
    kinds: readKinds(config, layers),
    thetas: readThetas(config),
    reach: Math.floor(size(config, 'local_attention', LIMITS.context, 128) / 2),
    biases: {
      norm: flag(config, 'norm_bias', false),
      attention: flag(config, 'attention_bias', false),
      mlp: flag(config, 'mlp_bias', false),
      head: flag(config, 'classifier_bias', false),
      decoder: flag(config, 'decoder_bias', true),
    },
    headActivation: readActivation(config, 'classifier_activation', 'gelu'),
    pooling: oneOf(config, 'classifier_pooling', ['cls', 'mean'], 'cls'),
    tied: flag(config, 'tie_word_embeddings', true),
    context: Math.min(contextSize(config), ROW_CAP),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: [],
  };
}

/** Named one by one, or every so many layers one that sees all. */
function readKinds(config: JsonObject, layers: number): LayerKind[] {
  const named: Json | undefined = config['layer_types'];
  const every = size(config, 'global_attn_every_n_layers', LIMITS.layers, 3);
  if (!Array.isArray(named)) {
    return Array.from({ length: layers }, (_, layer) => KINDS[layer % every === 0 ? 0 : 1]);
  }
  if (named.length !== layers) damaged('layer_types');
  return (named as readonly Json[]).map(
    (name) => KINDS.find((kind) => kind === name) ?? unsupported('layer_types', name),
  );
}

function readThetas(config: JsonObject): Record<LayerKind, number> {
  const parameters = ropeParameters(config);
  const theta = (kind: LayerKind, old: string, fallback: number): number => {
    const own = section(parameters, kind);
    const type = own['rope_type'] ?? parameters['rope_type'] ?? 'default';
    if (type !== 'default') unsupported('rope', type);
    return positive({ rope_theta: config[old] ?? fallback, ...own }, 'rope_theta');
  };
  const full = theta('full_attention', 'global_rope_theta', 160_000);
  // Where the field is there and empty, windows turn like the rest.
  const local = config['local_rope_theta'] === null ? full : 10_000;
  return {
    full_attention: full,
    sliding_attention: theta('sliding_attention', 'local_rope_theta', local),
  };
}

function sightsOf(
  { context, headDim, thetas, reach }: ModernBertArchitecture,
  { bench: { g } }: BuildPlan,
  frame: EncoderFrame,
): Sights {
  const turn = (name: LayerKind): Turn =>
    rowRotary(g, frame, { name, theta: thetas[name], context, headDim });
  return {
    full_attention: { bias: frame.bias, turn: turn('full_attention') },
    sliding_attention: { bias: windowBias(g, frame, reach), turn: turn('sliding_attention') },
  };
}

function norm(
  { hidden, normEpsilon, biases }: ModernBertArchitecture,
  module: string,
): LayerNormWeights {
  const bias = biases.norm ? `${module}.bias` : undefined;
  return { weight: `${module}.weight`, bias, width: hidden, epsilon: normEpsilon };
}

function attend(
  { hidden, heads, headDim, biases }: ModernBertArchitecture,
  { bench, arithmetic }: BuildPlan,
  x: Value,
  layer: number,
  frame: EncoderFrame,
  { bias, turn }: Sights[LayerKind],
): Value {
  const module = `model.layers.${layer}.attn`;
  const qkv = matrix(`${layer}.qkv`, `${module}.Wqkv`, hidden, 3 * hidden, biases.attention);
  const o = matrix(`${layer}.o`, `${module}.Wo`, hidden, hidden, biases.attention);
  const name = `${layer}.attention`;
  const side = project(bench, arithmetic, x, qkv, null);
  const { query, key, value } = splitProjected(bench.g, side, name);
  const turned = {
    query: turn(query, `${name}.query.turned`),
    key: turn(key, `${name}.key.turned`),
    value,
  };
  const mixed = encoderAttention(bench.g, turned, { heads, headDim }, frame, bias, name);
  return project(bench, arithmetic, mixed, o, null);
}

function feedForward(
  { hidden, ffn, activation, biases }: ModernBertArchitecture,
  { bench, arithmetic }: BuildPlan,
  x: Value,
  layer: number,
): Value {
  const { g } = bench;
  const module = `model.layers.${layer}.mlp`;
  const wide = matrix(`${layer}.wi`, `${module}.Wi`, hidden, 2 * ffn, biases.mlp);
  const down = matrix(`${layer}.wo`, `${module}.Wo`, ffn, hidden, biases.mlp);
  const both = project(bench, arithmetic, x, wide, null);
  const [input, gate] = g.nodes('Split', [`${layer}.mlp.input`, `${layer}.mlp.gate`], [both], {
    attributes: { axis: { int: -1 }, num_outputs: { int: 2 } },
  });
  const active = activate(g, input, activation, `${layer}.mlp.active`);
  const gated = g.node('Mul', `${layer}.mlp.gated`, [active, gate]);
  return project(bench, arithmetic, gated, down, null);
}

function matrix(
  name: string,
  module: string,
  inSize: number,
  out: number,
  hasBias: boolean,
): Matrix {
  const bias = hasBias ? `${module}.bias` : undefined;
  return { name, in: inSize, sensitive: true, pieces: [{ tensor: `${module}.weight`, out, bias }] };
}

/** One step before every head. */
function heads(model: ModernBertArchitecture): EncoderHeads {
  const { hidden, biases, headActivation, pooling } = model;
  const transform: DenseStep = {
    module: 'head.dense',
    out: hidden,
    bias: biases.head,
    activation: headActivation,
    norm: norm(model, 'head.norm'),
  };
  const labels = { transform, classifier: 'classifier' };
  return {
    maskedLm: {
      transform,
      decoder: 'decoder.weight',
      biases: biases.decoder ? ['decoder.bias'] : [],
    },
    sequence: { ...labels, pooling },
    token: labels,
    question: labels,
  };
}
