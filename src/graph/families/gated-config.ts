/** What the configurations of all gated decoders say alike; a family adds its differences. */
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
import type { Json, JsonObject } from '../../checkpoint/json-file';
import { keyValueStates } from '../architecture';
import { readActivation } from '../blocks/activation';
import type { Activation } from '../blocks/activation';
import { cachedHeadDim } from '../blocks/attention';
import { readRope } from '../blocks/rope';
import type { BlockKind, GatedDecoder } from './gated-decoder';

/** Activations that the gates of these families are trained with. */
const GATES: readonly Activation[] = ['silu', 'gelu', 'gelu_pytorch_tanh', 'relu'];

/** A plain decoder: one rotation for every layer, no windows, biases, scales, caps or head norms. */
export function readGated(family: string, config: JsonObject): GatedDecoder {
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const layers = size(config, 'num_hidden_layers', LIMITS.layers);
  const kvHeads = size(config, 'num_key_value_heads', LIMITS.size, heads);
  const headDim = size(config, 'head_dim', LIMITS.size, hidden / heads);
  if (heads % kvHeads !== 0) damaged('num_key_value_heads');
  if (headDim % 2 !== 0) damaged('head_dim');
  const { rope, limit } = readRope(ropeParameters(config), config, headDim);
  const context = contextSize(config);
  return {
    family,
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    kvHeads,
    headDim,
    ffn: size(config, 'intermediate_size', LIMITS.size),
    context: Math.min(context, limit ?? context),
    activation: readGate(config, 'hidden_act'),
    norms: {
      epsilon: positive(config, 'rms_norm_eps', 1e-6),
      offset: 0,
      place: 'before',
      heads: false,
    },
    packed: false,
    biases: { qkv: false, o: false, mlp: false },
    scales: { embedding: 1, attention: 1 / Math.sqrt(headDim), residual: 1, logits: 1 },
    softcaps: { attention: null, logits: null },
    ropes: { all: rope },
    blocks: eachLayer(layers, () => ({ rope: 'all', window: null })),
    tied: flag(config, 'tie_word_embeddings', false),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: keyValueStates({ layers, kvHeads, headDim: cachedHeadDim(headDim) }),
  };
}

export function readGate(
  config: JsonObject,
  key: string,
  fallback: Activation = 'silu',
): Activation {
  const gate = readActivation(config, key, fallback);
  return GATES.includes(gate) ? gate : unsupported(key, gate);
}

/** Refuses a share of turning dimensions that the reference would not honour in this family. */
export function wholeHeadsTurn(model: GatedDecoder): GatedDecoder {
  for (const { dimensions } of Object.values(model.ropes)) {
    const share = String(dimensions / model.headDim);
    if (dimensions !== model.headDim) unsupported('partial_rotary_factor', share);
  }
  return model;
}

/** Fields that are absent or null take the value that the family's own class gives them. */
export function withDefaults(config: JsonObject, defaults: JsonObject): JsonObject {
  const given = Object.entries(config).filter(([, value]) => (value ?? null) !== null);
  return { ...defaults, ...Object.fromEntries(given) };
}

export function eachLayer<T>(layers: number, kind: (layer: number) => T): T[] {
  return Array.from({ length: layers }, (_, layer) => kind(layer));
}

/** The window of layers that have one; null where it never hides a token. */
export function readWindow(config: JsonObject, context: number): number | null {
  if ((config['sliding_window'] ?? null) === null) return null;
  const window = size(config, 'sliding_window', LIMITS.context);
  return window >= context ? null : window;
}

/** Which layers have a window: as the file lists them, else as the family's rule says. */
export function slidingLayers(
  config: JsonObject,
  layers: number,
  rule: (layer: number) => boolean,
): boolean[] {
  const listed = config['layer_types'] ?? null;
  if (listed === null) return eachLayer(layers, rule);
  if (!Array.isArray(listed) || listed.length !== layers) return damaged('layer_types');
  return (listed as readonly Json[]).map((type) => {
    if (type === 'sliding_attention') return true;
    return type === 'full_attention' ? false : unsupported('layer_types', type);
  });
}

/** The same rotation in every layer, a window where `slides` says so. */
export function windowed(slides: readonly boolean[], window: number | null): BlockKind[] {
  return slides.map((isSliding) => ({ rope: 'all', window: isSliding ? window : null }));
}
