/**
 * GPT-NeoX (Black et al., 2022) and Pythia: rotary positions on a part of each head, attention and
 * feed-forward layer side by side on one stream.
 */
import {
  LIMITS,
  contextSize,
  flag,
  ownNames,
  positive,
  ropeParameters,
  size,
  tokenId,
  tokenIds,
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { keyValueStates } from '../architecture';
import { readActivation } from '../blocks/activation';
import { attention, cachedHeadDim } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { apart } from '../blocks/interleaved';
import { normAt } from '../blocks/layer-norm';
import { project } from '../blocks/projection';
import { readRope } from '../blocks/rope';
import type { Rope } from '../blocks/rope';
import type { RotaryTables } from '../blocks/rotary';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';
import { feedForward, scoreNext, throughBlocks } from './layer-norm-decoder';
import type { LayerNormArchitecture } from './layer-norm-decoder';
import { bare, biased, matrix, soleRotary } from './pieces';

interface GptNeoxArchitecture extends LayerNormArchitecture {
  readonly rope: Rope;
  readonly attentionBias: boolean;
  readonly parallel: boolean;
}

export const gptNeox: Family<GptNeoxArchitecture> = {
  modelTypes: ['gpt_neox'],
  prefix: 'gpt_neox',
  read,
  build(model, plan) {
    const { bench, arithmetic } = plan;
    const { hidden, vocab, layers, normEpsilon } = model;
    const frame = decoderFrame(bench.g, model);
    const rotary = soleRotary(bench.g, frame, model);
    const norm = (module: string) => normAt(`gpt_neox.${module}`, hidden, normEpsilon);

    const tensor = 'gpt_neox.embed_in.weight';
    const embedding = arithmetic.table(bench, {
      name: 'embedding',
      tensor,
      tokens: vocab,
      width: hidden,
    });
    const states = throughBlocks(plan, embedding.lookUp(frame.tokens), {
      layers,
      inputNorm: (layer) =>
        norm(layer < layers ? `layers.${layer}.input_layernorm` : 'final_layer_norm'),
      middleNorm: (layer) => norm(`layers.${layer}.post_attention_layernorm`),
      residual: model.parallel ? 'parallel' : 'sequential',
      attend: (x, layer) => attend(model, plan, x, layer, frame, rotary),
      feedForward: (x, layer) =>
        feedForward(plan, x, layer, model, {
          up: biased(`gpt_neox.layers.${layer}.mlp.dense_h_to_4h`, model.ffn),
          down: biased(`gpt_neox.layers.${layer}.mlp.dense_4h_to_h`, hidden),
        }),
    });
    scoreNext(plan, states, embedding, 'embed_out.weight', model, frame);
  },
};

function read(given: JsonObject): GptNeoxArchitecture {
  const older = { rotary_emb_base: 'rope_theta', rotary_pct: 'partial_rotary_factor' };
  const config = { partial_rotary_factor: 0.25, ...ownNames(given, older) };
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const layers = size(config, 'num_hidden_layers', LIMITS.layers);
  const headDim = size({ head_dim: hidden / heads }, 'head_dim', LIMITS.size);
  const { rope, limit } = readRope(ropeParameters(config), config, headDim);
  return {
    family: 'gpt_neox',
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    headDim,
    ffn: size(config, 'intermediate_size', LIMITS.size),
    activation: readActivation(config, 'hidden_act', 'gelu'),
    context: Math.min(contextSize(config), limit ?? Infinity),
    normEpsilon: positive(config, 'layer_norm_eps', 1e-5),
    rope,
    attentionBias: flag(config, 'attention_bias', true),
    parallel: flag(config, 'use_parallel_residual', true),
    tied: flag(config, 'tie_word_embeddings', false),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: keyValueStates({ layers, kvHeads: heads, headDim: cachedHeadDim(headDim) }),
  };
}

function attend(
  model: GptNeoxArchitecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  frame: Frame,
  rotary: RotaryTables,
): Value {
  const { hidden, heads, headDim, attentionBias } = model;
  const piece = (name: string, out: number) =>
    (attentionBias ? biased : bare)(`gpt_neox.layers.${layer}.attention.${name}`, out);
  const qkv = matrix(layer, 'qkv', hidden, piece('query_key_value', 3 * hidden));
  const o = matrix(layer, 'o', hidden, piece('dense', hidden));
  const mixed = project(bench, arithmetic, x, qkv, ports);
  const packed = apart(bench.g, mixed, { heads, headDim }, `${layer}.qkv`);
  const shape = { heads, kvHeads: heads, headDim, layer, rotary };
  return project(bench, arithmetic, attention(bench.g, packed, shape, frame), o, ports);
}
