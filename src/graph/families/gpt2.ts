/**
 * GPT-2 (Radford et al., 2019): a decoder with learned positions. Its files keep weights
 * transposed, because its linear layers were written as convolutions of width one.
 */
import {
  CONTEXT_CAP,
  LIMITS,
  flag,
  ownNames,
  positive,
  size,
  tokenId,
  tokenIds,
  unsupported,
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { keyValueStates } from '../architecture';
import type { Piece } from '../arithmetic/arithmetic';
import { readActivation } from '../blocks/activation';
import { attention, cachedHeadDim } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { normAt } from '../blocks/layer-norm';
import { addPositions } from '../blocks/positions';
import { project } from '../blocks/projection';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';
import { feedForward, scoreNext, throughBlocks } from './layer-norm-decoder';
import type { LayerNormArchitecture } from './layer-norm-decoder';
import { biased, matrix } from './pieces';

interface Gpt2Architecture extends LayerNormArchitecture {
  /** Rows of the position table, which may be more than a browser has room for. */
  readonly places: number;
  /** Scores are divided by the square root of the head's size. */
  readonly scalesBySize: boolean;
  /** Scores of layer `i` are divided by `i + 1`. */
  readonly scalesByLayer: boolean;
}

export const gpt2: Family<Gpt2Architecture> = {
  modelTypes: ['gpt2'],
  prefix: 'transformer',
  read,
  stock: ({ hidden, layers, heads }) => ({ n_embd: hidden, n_layer: layers, n_head: heads }),
  build(model, plan) {
    const { bench, arithmetic } = plan;
    const { hidden, vocab, layers, places, normEpsilon } = model;
    const frame = decoderFrame(bench.g, model);
    const norm = (module: string) => normAt(`transformer.${module}`, hidden, normEpsilon);

    const tensor = 'transformer.wte.weight';
    const embedding = arithmetic.table(bench, {
      name: 'embedding',
      tensor,
      tokens: vocab,
      width: hidden,
    });
    const tokens = embedding.lookUp(frame.tokens);
    const table = { tensor: 'transformer.wpe.weight', places, width: hidden };
    const states = throughBlocks(plan, addPositions(bench, tokens, table, frame), {
      layers,
      inputNorm: (layer) => norm(layer < layers ? `h.${layer}.ln_1` : 'ln_f'),
      middleNorm: (layer) => norm(`h.${layer}.ln_2`),
      residual: 'sequential',
      attend: (x, layer) => attend(model, plan, x, layer, frame),
      feedForward: (x, layer) =>
        feedForward(plan, x, layer, model, {
          up: conv1d(`transformer.h.${layer}.mlp.c_fc`, model.ffn),
          down: conv1d(`transformer.h.${layer}.mlp.c_proj`, hidden),
        }),
    });
    scoreNext(plan, states, embedding, 'lm_head.weight', model, frame);
  },
};

function read(given: JsonObject): Gpt2Architecture {
  const config = ownNames(given, {
    hidden_size: 'n_embd',
    max_position_embeddings: 'n_positions',
    num_attention_heads: 'n_head',
    num_hidden_layers: 'n_layer',
  });
  if (flag(config, 'add_cross_attention', false)) unsupported('add_cross_attention', 'true');
  const hidden = size(config, 'n_embd', LIMITS.size);
  const heads = size(config, 'n_head', LIMITS.size);
  const layers = size(config, 'n_layer', LIMITS.layers);
  const headDim = size({ head_dim: hidden / heads }, 'head_dim', LIMITS.size);
  const places = size(config, 'n_positions', LIMITS.context);
  return {
    family: 'gpt2',
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    headDim,
    ffn: size(config, 'n_inner', LIMITS.size, 4 * hidden),
    activation: readActivation(config, 'activation_function', 'gelu_new'),
    context: Math.min(places, CONTEXT_CAP),
    places,
    normEpsilon: positive(config, 'layer_norm_epsilon', 1e-5),
    scalesBySize: flag(config, 'scale_attn_weights', true),
    scalesByLayer: flag(config, 'scale_attn_by_inverse_layer_idx', false),
    tied: flag(config, 'tie_word_embeddings', true),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: keyValueStates({ layers, kvHeads: heads, headDim: cachedHeadDim(headDim) }),
  };
}

function attend(
  model: Gpt2Architecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  frame: Frame,
): Value {
  const { hidden, heads, headDim } = model;
  const module = `transformer.h.${layer}.attn`;
  const qkv = matrix(layer, 'qkv', hidden, conv1d(`${module}.c_attn`, 3 * hidden));
  const o = matrix(layer, 'o', hidden, conv1d(`${module}.c_proj`, hidden));
  const packed = project(bench, arithmetic, x, qkv, ports);
  const shape = { heads, kvHeads: heads, headDim, layer, rotary: null, scale: scale(model, layer) };
  return project(bench, arithmetic, attention(bench.g, packed, shape, frame), o, ports);
}

function scale({ headDim, scalesBySize, scalesByLayer }: Gpt2Architecture, layer: number): number {
  return (scalesBySize ? 1 / Math.sqrt(headDim) : 1) / (scalesByLayer ? layer + 1 : 1);
}

function conv1d(module: string, out: number): Piece {
  return { ...biased(module, out), stored: 'in-out' };
}
