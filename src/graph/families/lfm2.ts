/**
 * LFM2 (Liquid AI, 2025): most layers mix neighbouring tokens by a short gated convolution, a few
 * by attention with normalised queries and keys; after each, a feed-forward layer gated by SiLU.
 */
import {
  LIMITS,
  contextSize,
  damaged,
  flag,
  ownNames,
  positive,
  ropeParameters,
  size,
  tokenId,
  tokenIds,
  unsupported,
} from '../../checkpoint/config-reader';
import type { Json, JsonObject } from '../../checkpoint/json-file';
import { layerStates } from '../architecture';
import type { Architecture } from '../architecture';
import { attention, cachedHeadDim, separate } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { nextTokenHead } from '../blocks/head';
import { gated } from '../blocks/mlp';
import { addNorm, headNorm, rmsNorm } from '../blocks/norm';
import type { NormWeights } from '../blocks/norm';
import { project } from '../blocks/projection';
import { readRope } from '../blocks/rope';
import type { Rope } from '../blocks/rope';
import type { RotaryTables } from '../blocks/rotary';
import { convStates, lastTaps, shortConv } from '../blocks/short-conv';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';
import { bare, biased, matrix, soleRotary } from './pieces';

type LayerKind = 'full_attention' | 'conv';

interface Lfm2Architecture extends Architecture {
  readonly kinds: readonly LayerKind[];
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  /** How many tokens a convolution sees, its own among them. */
  readonly taps: number;
  readonly convBias: boolean;
  readonly normEpsilon: number;
  readonly rope: Rope;
  /** The output head is the embedding table. */
  readonly tied: boolean;
}

/** What the layers of one graph share. */
interface Shared {
  readonly frame: Frame;
  readonly rotary: RotaryTables;
  readonly lastTaps: Value;
}

export const lfm2: Family<Lfm2Architecture> = {
  modelTypes: ['lfm2'],
  prefix: 'model',
  read,
  stock: ({ kinds }) => ({ layer_types: kinds }),
  build(model, plan) {
    const { bench, arithmetic, logits, topK } = plan;
    const { hidden, vocab } = model;
    const frame = decoderFrame(bench.g, model);
    const rotary = soleRotary(bench.g, frame, model);
    const shared = { frame, rotary, lastTaps: lastTaps(bench.g, frame, model.taps) };
    const table = (name: string, tensor: string) =>
      arithmetic.table(bench, { name, tensor, tokens: vocab, width: hidden });

    const embedding = table('embedding', 'model.embed_tokens.weight');
    let stream = embedding.lookUp(frame.tokens);
    let normed = rmsNorm(bench, stream, norm(model, inputNorm(model, 0)));
    for (const [layer, kind] of model.kinds.entries()) {
      const mix = kind === 'conv' ? convolve : attend;
      const between = norm(model, `model.layers.${layer}.ffn_norm.weight`);
      const mixed = mix(model, plan, normed, layer, shared);
      ({ normed, stream } = addNorm(bench, stream, mixed, between));
      const update = feedForward(model, plan, normed, layer);
      const after = norm(model, inputNorm(model, layer + 1));
      ({ normed, stream } = addNorm(bench, stream, update, after));
    }

    const head = model.tied ? embedding : table('head', 'lm_head.weight');
    nextTokenHead(bench.g, normed, head, frame, { hidden, vocab, topK, logits });
  },
};

function read(given: JsonObject): Lfm2Architecture {
  const older = { tie_embedding: 'tie_word_embeddings', block_ff_dim: 'intermediate_size' };
  const config = { rope_theta: 1_000_000, ...ownNames(given, older) };
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const layers = size(config, 'num_hidden_layers', LIMITS.layers);
  const kvHeads = size(config, 'num_key_value_heads', LIMITS.size, 8);
  const headDim = size(config, 'head_dim', LIMITS.size, hidden / heads);
  const { rope, limit } = readRope(ropeParameters(config), config, headDim);
  const taps = size(config, 'conv_L_cache', 64, 3);
  const kinds = layerKinds(config, layers);
  if (heads % kvHeads !== 0) damaged('num_key_value_heads');
  if (headDim % 2 !== 0) damaged('head_dim');
  return {
    family: 'lfm2',
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    kinds,
    heads,
    kvHeads,
    headDim,
    ffn: feedForwardSize(config),
    taps,
    convBias: flag(config, 'conv_bias', false),
    context: Math.min(contextSize(config), limit ?? Infinity),
    normEpsilon: positive(config, 'norm_eps', 1e-5),
    rope,
    tied: flag(config, 'tie_word_embeddings', true),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: kinds.flatMap((each, layer) =>
      each === 'conv'
        ? convStates(layer, hidden, taps)
        : layerStates(layer, kvHeads, cachedHeadDim(headDim)),
    ),
  };
}

/** Newer files name each layer's kind, older ones say which layers attend. */
function layerKinds(config: JsonObject, layers: number): LayerKind[] {
  const named = list(config, 'layer_types');
  if (named === null) {
    const attending = list(config, 'full_attn_idxs');
    return Array.from({ length: layers }, (_, layer) =>
      attending === null || attending.includes(layer) ? 'full_attention' : 'conv',
    );
  }
  if (named.length !== layers) damaged('layer_types');
  return named.map((kind) =>
    kind === 'conv' || kind === 'full_attention' ? kind : unsupported('layer_types', kind),
  );
}

function list(config: JsonObject, key: string): readonly Json[] | null {
  const value = config[key] ?? null;
  return value === null || Array.isArray(value) ? (value as readonly Json[] | null) : damaged(key);
}

/** The size in the file may be the one before two thirds of it are taken and rounded up. */
function feedForwardSize(config: JsonObject): number {
  const given = size(config, 'intermediate_size', LIMITS.size);
  if (!flag(config, 'block_auto_adjust_ff_dim', true)) return given;
  const third = Math.trunc((2 * given) / 3);
  const multiplier = config['block_ffn_dim_multiplier'];
  if (multiplier === null) return third;
  const multiple = size(config, 'block_multiple_of', LIMITS.size, 256);
  const wanted = Math.trunc(positive(config, 'block_ffn_dim_multiplier', 1) * third);
  return size({ ffn: multiple * Math.ceil(wanted / multiple) }, 'ffn', LIMITS.size);
}

/** The layer's input times one of its projections, mixed along the sequence, times another. */
function convolve(
  { hidden, taps, convBias }: Lfm2Architecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  shared: Shared,
): Value {
  const { g } = bench;
  const piece = convBias ? biased : bare;
  const module = `model.layers.${layer}.conv`;
  const wide = matrix(layer, 'conv.in', hidden, piece(`${module}.in_proj`, 3 * hidden));
  const out = matrix(layer, 'conv.out', hidden, piece(`${module}.out_proj`, hidden));
  const [before, after, input] = g.nodes(
    'Split',
    [`${layer}.conv.before`, `${layer}.conv.after`, `${layer}.conv.input`],
    [project(bench, arithmetic, x, wide, ports)],
    { attributes: { axis: { int: -1 }, num_outputs: { int: 3 } } },
  );
  const entering = g.node('Mul', `${layer}.conv.entering`, [before, input]);
  const conv = {
    ...{ layer, taps, channels: hidden, weight: `${module}.conv.weight` },
    bias: convBias ? `${module}.conv.bias` : undefined,
  };
  const mixed = shortConv(bench, entering, conv, shared.frame, shared.lastTaps);
  const leaving = g.node('Mul', `${layer}.conv.leaving`, [after, mixed]);
  return project(bench, arithmetic, leaving, out, ports);
}

function attend(
  model: Lfm2Architecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  { frame, rotary }: Shared,
): Value {
  const { hidden, heads, kvHeads, headDim, normEpsilon } = model;
  const module = `model.layers.${layer}.self_attn`;
  const qkv = matrix(
    layer,
    'qkv',
    hidden,
    bare(`${module}.q_proj`, heads * headDim),
    bare(`${module}.k_proj`, kvHeads * headDim),
    bare(`${module}.v_proj`, kvHeads * headDim),
  );
  const o = matrix(layer, 'o', heads * headDim, bare(`${module}.out_proj`, hidden));
  const shape = { heads, kvHeads, headDim };
  const { q, k, v } = separate(bench.g, project(bench, arithmetic, x, qkv, ports), shape, layer);
  const normed = (rows: Value, count: number, name: string) => {
    const tensor = `${module}.${name}.weight`;
    return headNorm(bench, rows, count, { tensor, width: headDim, epsilon: normEpsilon });
  };
  const given = { q: normed(q, heads, 'q_layernorm'), k: normed(k, kvHeads, 'k_layernorm'), v };
  const attended = attention(bench.g, given, { ...shape, layer, rotary }, frame);
  return project(bench, arithmetic, attended, o, ports);
}

function feedForward(
  { hidden, ffn }: Lfm2Architecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
): Value {
  const piece = (name: string, out: number) =>
    bare(`model.layers.${layer}.feed_forward.${name}`, out);
  const wide = matrix(layer, 'gate_up', hidden, piece('w1', ffn), piece('w3', ffn));
  // The gate softens what the projections into it get wrong.
  const gateUp = { ...wide, sensitive: false };
  const down = matrix(layer, 'down', ffn, piece('w2', hidden));
  const both = project(bench, arithmetic, x, gateUp, ports);
  const open = gated(bench.g, both, 'silu', `${layer}.mlp`);
  return project(bench, arithmetic, open, down, ports);
}

/** The norm before a layer; after the last one, the model's own. */
function inputNorm({ layers }: Lfm2Architecture, layer: number): string {
  return layer < layers
    ? `model.layers.${layer}.operator_norm.weight`
    : 'model.embedding_norm.weight';
}

function norm({ hidden, normEpsilon }: Lfm2Architecture, tensor: string): NormWeights {
  return { tensor, width: hidden, epsilon: normEpsilon };
}
