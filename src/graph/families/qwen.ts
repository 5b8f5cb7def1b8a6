/**
 * Qwen2 (2024) and Qwen3 (2025): Llama's layers. The former adds biases to queries, keys and
 * values; the latter norms the queries and keys of each head instead.
 */
import { finite, flag } from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import type { Family } from './family';
import {
  readGated,
  readWindow,
  slidingLayers,
  wholeHeadsTurn,
  windowed,
  withDefaults,
} from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';

export const qwen2: Family<GatedDecoder> = {
  modelTypes: ['qwen2'],
  prefix: 'model',
  read: (config) => ({ ...readQwen('qwen2', config), biases: { qkv: true, o: false, mlp: false } }),
  build: buildGated,
};

export const qwen3: Family<GatedDecoder> = {
  modelTypes: ['qwen3'],
  prefix: 'model',
  read: (config) => {
    const model = readQwen('qwen3', withDefaults(config, { head_dim: 128 }));
    const biased = flag(config, 'attention_bias', false);
    return {
      ...model,
      norms: { ...model.norms, heads: true },
      biases: { qkv: biased, o: biased, mlp: false },
    };
  },
  build: buildGated,
};

/** From layer `max_window_layers` on, a layer may look back over a window only. */
function readQwen(family: string, config: JsonObject): GatedDecoder {
  const model = wholeHeadsTurn(readGated(family, config));
  const slides = flag(config, 'use_sliding_window', false);
  if (!slides) return model;
  const full = finite(config, 'max_window_layers', 28);
  const window = readWindow({ sliding_window: 4096, ...config }, model.context);
  return {
    ...model,
    blocks: windowed(
      slidingLayers(config, model.layers, (i) => i >= full),
      window,
    ),
  };
}
