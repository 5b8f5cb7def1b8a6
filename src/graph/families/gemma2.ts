/**
 * Gemma 2 (2024): Gemma with norms around each part, every other layer looking back over a window,
 * and scores that are bent towards a bound.
 */
import { positive } from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import type { Family } from './family';
import { readGate, readWindow, slidingLayers, windowed, withDefaults } from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';
import { readGemma } from './gemma';

const DEFAULTS = {
  head_dim: 256,
  num_key_value_heads: 4,
  sliding_window: 4096,
  tie_word_embeddings: true,
};

export const gemma2: Family<GatedDecoder> = {
  modelTypes: ['gemma2'],
  prefix: 'model',
  read: (given) => {
    const config = withDefaults(given, DEFAULTS);
    const model = aroundNorms(readGemma('gemma2', config), config);
    const slides = slidingLayers(config, model.layers, (layer) => layer % 2 === 0);
    return {
      ...model,
      softcaps: {
        attention: readCap(given, 'attn_logit_softcapping', 50),
        logits: readCap(given, 'final_logit_softcapping', 30),
      },
      blocks: windowed(slides, readWindow(config, model.context)),
    };
  },
  build: buildGated,
};

/** What the second and the third Gemma share. */
export function aroundNorms(model: GatedDecoder, config: JsonObject): GatedDecoder {
  const scalar = positive(config, 'query_pre_attn_scalar', 256);
  return {
    ...model,
    activation: readGate(config, 'hidden_activation', 'gelu_pytorch_tanh'),
    norms: { ...model.norms, place: 'around' },
    scales: { ...model.scales, attention: 1 / Math.sqrt(scalar) },
  };
}

/** Null in the file is no bound; absent, the family's own. */
export function readCap(config: JsonObject, key: string, fallback: number | null): number | null {
  const value = config[key] === undefined ? fallback : config[key];
  return value === null ? null : positive({ [key]: value }, key);
}
