/** SmolLM3 (2025): Llama's layers, of which every fourth is told no positions (Yang et al., 2025). */
import { LIMITS, damaged, flag, size } from '../../checkpoint/config-reader';
import type { Json, JsonObject } from '../../checkpoint/json-file';
import type { Family } from './family';
import {
  eachLayer,
  readGated,
  readWindow,
  slidingLayers,
  wholeHeadsTurn,
  withDefaults,
} from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';

const DEFAULTS = { tie_word_embeddings: true, num_key_value_heads: 4 };

export const smollm3: Family<GatedDecoder> = {
  modelTypes: ['smollm3'],
  prefix: 'model',
  read: (given) => {
    const config = withDefaults(given, DEFAULTS);
    const model = wholeHeadsTurn(readGated('smollm3', config));
    const biased = flag(config, 'attention_bias', false);
    const turns = turningLayers(config, model.layers);
    const slides = slidingLayers(config, model.layers, (layer) => turns[layer] === false);
    const hasWindows = flag(config, 'use_sliding_window', false);
    const window = hasWindows ? readWindow(config, model.context) : null;
    return {
      ...model,
      biases: { qkv: biased, o: biased, mlp: flag(config, 'mlp_bias', false) },
      blocks: eachLayer(model.layers, (layer) => ({
        rope: turns[layer] === true ? 'all' : null,
        window: slides[layer] === true ? window : null,
      })),
    };
  },
  build: buildGated,
};

/** In `no_rope_layers`, as the library has it, one stands for a layer that turns. */
function turningLayers(config: JsonObject, layers: number): boolean[] {
  const listed = config['no_rope_layers'] ?? null;
  if (listed === null) {
    const interval = size(config, 'no_rope_layer_interval', LIMITS.layers, 4);
    return eachLayer(layers, (layer) => (layer + 1) % interval !== 0);
  }
  if (!Array.isArray(listed) || listed.length !== layers) return damaged('no_rope_layers');
  return (listed as readonly Json[]).map((turns) => Boolean(turns));
}
