/**
 * Gemma 3 (2025): Gemma 2 with normed queries and keys in place of bounds. Layers that look back
 * over a window turn fast, one in six looks back over all and turns slowly. Of a checkpoint that
 * also sees, this is the part that writes.
 */
import { ropeParameters, section, size, LIMITS } from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { readRope } from '../blocks/rope';
import type { BuildPlan, Family } from './family';
import { readWindow, slidingLayers, withDefaults } from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';
import { readGemma } from './gemma';
import { aroundNorms, readCap } from './gemma2';

/** Files of the models that also see leave out what their class would say anyway. */
const DEFAULTS = {
  vocab_size: 262_208,
  hidden_size: 2304,
  intermediate_size: 9216,
  num_hidden_layers: 26,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  max_position_embeddings: 131_072,
  sliding_window: 4096,
  bos_token_id: 2,
  eos_token_id: 1,
  pad_token_id: 0,
  tie_word_embeddings: true,
};

export const gemma3Text: Family<GatedDecoder> = {
  modelTypes: ['gemma3_text'],
  prefix: 'model',
  read,
  build: buildGated,
};

export const gemma3: Family<GatedDecoder> = {
  modelTypes: ['gemma3'],
  prefix: 'model.language_model',
  read: (config) => {
    const text = section(config, 'text_config');
    const { eos_token_id: eos = text['eos_token_id'] ?? null } = config;
    return read({ ...text, eos_token_id: eos });
  },
  build: (model, plan) => buildGated(model, plan, textPart(plan)),
};

function read(given: JsonObject): GatedDecoder {
  const config = withDefaults(given, DEFAULTS);
  const ropes = readRopes(config);
  // The rotation that the shared reader looks for is replaced below.
  const plain = { ...config, rope_parameters: {}, rope_scaling: null };
  const model = aroundNorms(readGemma('gemma3', plain), config);
  const interval = size(config, 'sliding_window_pattern', LIMITS.layers, 6);
  const slides = slidingLayers(config, model.layers, (layer) => (layer + 1) % interval !== 0);
  const window = readWindow(config, model.context);
  return {
    ...model,
    norms: { ...model.norms, heads: true },
    softcaps: {
      attention: readCap(config, 'attn_logit_softcapping', null),
      logits: readCap(config, 'final_logit_softcapping', null),
    },
    ropes: {
      local: readRope(ropes.local, config, model.headDim).rope,
      global: readRope(ropes.global, config, model.headDim).rope,
    },
    blocks: slides.map((isSliding) =>
      isSliding ? { rope: 'local', window } : { rope: 'global', window: null },
    ),
  };
}

/** By kind of layer in newer files; in older ones the scaling is that of the layers without a window. */
function readRopes(config: JsonObject): { local: JsonObject; global: JsonObject } {
  const parameters = ropeParameters(config);
  const isNested = 'full_attention' in parameters || 'sliding_attention' in parameters;
  const local = isNested ? section(parameters, 'sliding_attention') : {};
  const global = isNested ? section(parameters, 'full_attention') : parameters;
  return {
    local: { rope_theta: config['rope_local_base_freq'] ?? 10_000, ...local },
    global: { rope_theta: config['rope_theta'] ?? 1_000_000, ...global },
  };
}

/** Where a checkpoint that also sees keeps the part that writes, which its library once moved. */
function textPart({ bench: { tensors } }: BuildPlan): string {
  const older = 'language_model.model';
  const isOlder = tensors.info(`${older}.embed_tokens.weight`) !== undefined;
  return isOlder ? older : 'model.language_model';
}
