/**
 * BLOOM (BigScience, 2022): no positions but a bias on attention that grows with distance, and a
 * norm right after the embeddings.
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
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { keyValueStates } from '../architecture';
import { alibi } from '../blocks/alibi';
import { attention, cachedHeadDim } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { apart } from '../blocks/interleaved';
import { layerNorm, normAt } from '../blocks/layer-norm';
import { project } from '../blocks/projection';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';
import { feedForward, scoreNext, throughBlocks } from './layer-norm-decoder';
import type { LayerNormArchitecture } from './layer-norm-decoder';
import { biased, matrix } from './pieces';

interface BloomArchitecture extends LayerNormArchitecture {
  /** Residuals start from the normalised stream. */
  readonly residualAfterNorm: boolean;
}

export const bloom: Family<BloomArchitecture> = {
  modelTypes: ['bloom'],
  prefix: 'transformer',
  read,
  stock: ({ hidden, layers, heads }) => ({ hidden_size: hidden, n_layer: layers, n_head: heads }),
  build(model, plan) {
    const { bench, arithmetic } = plan;
    const { hidden, vocab, layers, heads, context, normEpsilon } = model;
    const frame = decoderFrame(bench.g, model);
    const bias = alibi(bench.g, frame, { heads, context });
    const norm = (module: string) => normAt(`transformer.${module}`, hidden, normEpsilon);

    const tensor = 'transformer.word_embeddings.weight';
    const embedding = arithmetic.table(bench, {
      name: 'embedding',
      tensor,
      tokens: vocab,
      width: hidden,
    });
    const tokens = embedding.lookUp(frame.tokens);
    const embedded = layerNorm(bench, tokens, norm('word_embeddings_layernorm'));
    const states = throughBlocks(plan, embedded, {
      layers,
      inputNorm: (layer) => norm(layer < layers ? `h.${layer}.input_layernorm` : 'ln_f'),
      middleNorm: (layer) => norm(`h.${layer}.post_attention_layernorm`),
      residual: model.residualAfterNorm ? 'normed' : 'sequential',
      attend: (x, layer) => attend(model, plan, x, layer, frame, bias),
      feedForward: (x, layer) =>
        feedForward(plan, x, layer, model, {
          up: biased(`transformer.h.${layer}.mlp.dense_h_to_4h`, model.ffn),
          down: biased(`transformer.h.${layer}.mlp.dense_4h_to_h`, hidden),
        }),
    });
    scoreNext(plan, states, embedding, 'lm_head.weight', model, frame);
  },
};

function read(given: JsonObject): BloomArchitecture {
  const config = ownNames(given, {
    n_embed: 'hidden_size',
    num_attention_heads: 'n_head',
    num_hidden_layers: 'n_layer',
  });
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'n_head', LIMITS.size);
  const layers = size(config, 'n_layer', LIMITS.layers);
  const headDim = size({ head_dim: hidden / heads }, 'head_dim', LIMITS.size);
  return {
    family: 'bloom',
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    headDim,
    ffn: 4 * hidden,
    activation: 'gelu_new',
    // The bias has no end of its own; this is what the published models were trained on.
    context: Math.min(size(config, 'seq_length', LIMITS.context, 2048), CONTEXT_CAP),
    normEpsilon: positive(config, 'layer_norm_epsilon', 1e-5),
    residualAfterNorm: flag(config, 'apply_residual_connection_post_layernorm', false),
    tied: flag(config, 'tie_word_embeddings', true),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: keyValueStates({ layers, kvHeads: heads, headDim: cachedHeadDim(headDim) }),
  };
}

function attend(
  { hidden, heads, headDim }: BloomArchitecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  frame: Frame,
  bias: Value,
): Value {
  const module = `transformer.h.${layer}.self_attention`;
  const qkv = matrix(layer, 'qkv', hidden, biased(`${module}.query_key_value`, 3 * hidden));
  const o = matrix(layer, 'o', hidden, biased(`${module}.dense`, hidden));
  const mixed = project(bench, arithmetic, x, qkv, ports);
  const packed = apart(bench.g, mixed, { heads, headDim }, `${layer}.qkv`);
  const shape = { heads, kvHeads: heads, headDim, layer, rotary: null, bias };
  return project(bench, arithmetic, attention(bench.g, packed, shape, frame), o, ports);
}
