/**
 * Phi-1 to Phi-2 (Gunasekar et al., 2023): one norm feeds attention and feed-forward layer side by
 * side, rotary positions turn a part of each head, and everything has a bias, the head too.
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
import type { PlacedTable } from '../arithmetic/arithmetic';
import { readActivation } from '../blocks/activation';
import { attention, cachedHeadDim } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { nextTokenHead } from '../blocks/head';
import { normAt, vector } from '../blocks/layer-norm';
import { project } from '../blocks/projection';
import { readRope } from '../blocks/rope';
import type { Rope } from '../blocks/rope';
import type { RotaryTables } from '../blocks/rotary';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';
import { feedForward, throughBlocks } from './layer-norm-decoder';
import type { LayerNormArchitecture } from './layer-norm-decoder';
import { biased, matrix, soleRotary } from './pieces';

interface PhiArchitecture extends LayerNormArchitecture {
  readonly kvHeads: number;
  readonly rope: Rope;
}

export const phi: Family<PhiArchitecture> = {
  modelTypes: ['phi'],
  prefix: 'model',
  read,
  build(model, plan) {
    const { bench, arithmetic, logits, topK } = plan;
    const { hidden, vocab, layers, normEpsilon } = model;
    const frame = decoderFrame(bench.g, model);
    const rotary = soleRotary(bench.g, frame, model);
    const norm = (module: string) => normAt(`model.${module}`, hidden, normEpsilon);
    const table = (name: string, tensor: string) =>
      arithmetic.table(bench, { name, tensor, tokens: vocab, width: hidden });

    const embedding = table('embedding', 'model.embed_tokens.weight');
    const states = throughBlocks(plan, embedding.lookUp(frame.tokens), {
      layers,
      inputNorm: (layer) =>
        norm(layer < layers ? `layers.${layer}.input_layernorm` : 'final_layernorm'),
      middleNorm: () => null,
      residual: 'parallel',
      attend: (x, layer) => attend(model, plan, x, layer, frame, rotary),
      feedForward: (x, layer) =>
        feedForward(plan, x, layer, model, {
          up: biased(`model.layers.${layer}.mlp.fc1`, model.ffn),
          down: biased(`model.layers.${layer}.mlp.fc2`, hidden),
        }),
    });
    const scores = model.tied ? embedding : table('head', 'lm_head.weight');
    const head = withBias(plan, scores, 'lm_head.bias', vocab);
    nextTokenHead(bench.g, states, head, frame, { hidden, vocab, topK, logits });
  },
};

function read(given: JsonObject): PhiArchitecture {
  const config = { partial_rotary_factor: 0.5, ...given };
  if (flag(config, 'qk_layernorm', false)) unsupported('qk_layernorm', 'true');
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const layers = size(config, 'num_hidden_layers', LIMITS.layers);
  const kvHeads = size(config, 'num_key_value_heads', LIMITS.size, heads);
  const headDim = size(config, 'head_dim', LIMITS.size, hidden / heads);
  if (heads % kvHeads !== 0) damaged('num_key_value_heads');
  const { rope, limit } = readRope(ropeParameters(config), config, headDim);
  return {
    family: 'phi',
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    kvHeads,
    headDim,
    ffn: size(config, 'intermediate_size', LIMITS.size),
    activation: readActivation(config, 'hidden_act', 'gelu_new'),
    context: Math.min(contextSize(config), limit ?? Infinity),
    normEpsilon: positive(config, 'layer_norm_eps', 1e-5),
    rope,
    tied: flag(config, 'tie_word_embeddings', false),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: keyValueStates({ layers, kvHeads, headDim: cachedHeadDim(headDim) }),
  };
}

function attend(
  { hidden, heads, kvHeads, headDim }: PhiArchitecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  frame: Frame,
  rotary: RotaryTables,
): Value {
  const piece = (name: string, out: number) =>
    biased(`model.layers.${layer}.self_attn.${name}`, out);
  const qkv = matrix(
    layer,
    'qkv',
    hidden,
    piece('q_proj', heads * headDim),
    piece('k_proj', kvHeads * headDim),
    piece('v_proj', kvHeads * headDim),
  );
  const o = matrix(layer, 'o', heads * headDim, piece('dense', hidden));
  const packed = project(bench, arithmetic, x, qkv, ports);
  const shape = { heads, kvHeads, headDim, layer, rotary };
  return project(bench, arithmetic, attention(bench.g, packed, shape, frame), o, ports);
}

function withBias({ bench }: BuildPlan, table: PlacedTable, tensor: string, size: number) {
  const bias = vector(bench, tensor, size);
  const score = (x: Value) => bench.g.node('Add', 'head.biased', [table.score(x), bias]);
  return { ...table, score };
}
