/**
 * Llama (Touvron et al., 2023): a decoder of pre-normalised blocks, attention with rotary positions
 * and grouped heads, then a feed-forward layer gated by SiLU. No biases.
 */
import {
  LIMITS,
  contextSize,
  damaged,
  flag,
  positive,
  ropeParameters,
  size,
  tokenId,
  tokenIds,
  unsupported,
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { keyValueStates } from '../architecture';
import type { Architecture } from '../architecture';
import type { Matrix } from '../arithmetic/arithmetic';
import { attention, cachedHeadDim } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { nextTokenHead } from '../blocks/head';
import { siluGate } from '../blocks/mlp';
import { addNorm, rmsNorm } from '../blocks/norm';
import type { NormWeights } from '../blocks/norm';
import { project } from '../blocks/projection';
import { rotaryFrequencies, rotaryTables } from '../blocks/rotary';
import type { RotaryTables } from '../blocks/rotary';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';

interface LlamaArchitecture extends Architecture {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  /** The output head is the embedding table. */
  readonly tied: boolean;
}

export const llama: Family<LlamaArchitecture> = {
  modelTypes: ['llama'],
  prefix: 'model',
  read,
  build(model, plan) {
    const { bench, arithmetic, logits, topK } = plan;
    const { hidden, vocab, headDim, context } = model;
    const frame = decoderFrame(bench.g, model);
    const rotary = rotaryTables(bench.g, frame, {
      name: 'rotary',
      context,
      headDim,
      frequencies: rotaryFrequencies(model.ropeTheta, headDim),
    });
    const table = (name: string, tensor: string) =>
      arithmetic.table(bench, { name, tensor, tokens: vocab, width: hidden });

    const embedding = table('embedding', 'model.embed_tokens.weight');
    let stream = embedding.lookUp(frame.tokens);
    let normed = rmsNorm(bench, stream, norm(model, inputNorm(model, 0)));
    for (let layer = 0; layer < model.layers; layer += 1) {
      const mixed = attend(model, plan, normed, layer, frame, rotary);
      const between = norm(model, `model.layers.${layer}.post_attention_layernorm.weight`);
      ({ normed, stream } = addNorm(bench, stream, mixed, between));
      const update = feedForward(model, plan, normed, layer);
      const after = norm(model, inputNorm(model, layer + 1));
      ({ normed, stream } = addNorm(bench, stream, update, after));
    }

    const head = model.tied ? embedding : table('head', 'lm_head.weight');
    nextTokenHead(bench.g, normed, head, frame, { hidden, vocab, topK, logits });
  },
};

function read(config: JsonObject): LlamaArchitecture {
  refuseVariations(config);
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const layers = size(config, 'num_hidden_layers', LIMITS.layers);
  const kvHeads = size(config, 'num_key_value_heads', LIMITS.size, heads);
  const headDim = size(config, 'head_dim', LIMITS.size, hidden / heads);
  if (heads % kvHeads !== 0) damaged('num_key_value_heads');
  if (headDim % 2 !== 0) damaged('head_dim');
  return {
    family: 'llama',
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    kvHeads,
    headDim,
    ffn: size(config, 'intermediate_size', LIMITS.size),
    context: contextSize(config),
    normEpsilon: positive(config, 'rms_norm_eps', 1e-6),
    ropeTheta: positive({ ...config, ...ropeParameters(config) }, 'rope_theta', 10_000),
    tied: flag(config, 'tie_word_embeddings', false),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: keyValueStates({ layers, kvHeads, headDim: cachedHeadDim(headDim) }),
  };
}

function refuseVariations(config: JsonObject): void {
  const activation = config['hidden_act'] ?? 'silu';
  if (activation !== 'silu') unsupported('hidden_act', String(activation));
  for (const name of ['attention_bias', 'mlp_bias']) {
    if (config[name] === true) unsupported(name, 'true');
  }
  const rope = ropeParameters(config);
  const kind = rope['rope_type'] ?? rope['type'] ?? 'default';
  if (kind !== 'default') unsupported('rope', String(kind));
}

function attend(
  model: LlamaArchitecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  frame: Frame,
  rotary: RotaryTables,
): Value {
  const { hidden, heads, kvHeads, headDim } = model;
  const qkv = matrix(layer, 'qkv', hidden, {
    'self_attn.q_proj': heads * headDim,
    'self_attn.k_proj': kvHeads * headDim,
    'self_attn.v_proj': kvHeads * headDim,
  });
  const o = matrix(layer, 'o', heads * headDim, { 'self_attn.o_proj': hidden });
  const packed = project(bench, arithmetic, x, qkv, ports);
  const attended = attention(bench.g, packed, { ...model, layer, rotary }, frame);
  return project(bench, arithmetic, attended, o, ports);
}

function feedForward(
  { hidden, ffn }: LlamaArchitecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
): Value {
  const wide = matrix(layer, 'gate_up', hidden, { 'mlp.gate_proj': ffn, 'mlp.up_proj': ffn });
  // The gate softens what the projections into it get wrong.
  const gateUp = { ...wide, sensitive: false };
  const down = matrix(layer, 'down', ffn, { 'mlp.down_proj': hidden });
  const gated = siluGate(bench.g, project(bench, arithmetic, x, gateUp, ports), `${layer}.mlp`);
  return project(bench, arithmetic, gated, down, ports);
}

/** Projections of one layer that share their input, with the size of each one's output. */
function matrix(
  layer: number,
  group: string,
  inSize: number,
  parts: Readonly<Record<string, number>>,
): Matrix {
  const pieces = Object.entries(parts).map(([part, out]) => ({
    tensor: `model.layers.${layer}.${part}.weight`,
    out,
  }));
  return { name: `${layer}.${group}`, in: inSize, sensitive: true, pieces };
}

/** The norm before a layer; after the last one, the model's own. */
function inputNorm({ layers }: LlamaArchitecture, layer: number): string {
  return layer < layers ? `model.layers.${layer}.input_layernorm.weight` : 'model.norm.weight';
}

function norm({ hidden, normEpsilon }: LlamaArchitecture, tensor: string): NormWeights {
  return { tensor, width: hidden, epsilon: normEpsilon };
}
