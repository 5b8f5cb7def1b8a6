/**
 * Gemma (2024): Llama's layers with a gate of GELU, embeddings as long as the hidden state is wide,
 * and norm weights kept as their distance from one.
 */
import { flag, unsupported } from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import type { Family } from './family';
import { readGate, readGated, wholeHeadsTurn, withDefaults } from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';

const DEFAULTS = { head_dim: 256, tie_word_embeddings: true };

export const gemma: Family<GatedDecoder> = {
  modelTypes: ['gemma'],
  prefix: 'model',
  read: (given) => {
    const config = withDefaults(given, DEFAULTS);
    // The first files name the exact GELU, and were trained with its approximation.
    const named = readGate(config, 'hidden_act', 'gelu_pytorch_tanh');
    const activation = named === 'gelu' ? 'gelu_pytorch_tanh' : named;
    return { ...readGemma('gemma', config), activation };
  },
  build: buildGated,
};

/** What all Gemmas share. */
export function readGemma(family: string, config: JsonObject): GatedDecoder {
  if (config['use_bidirectional_attention'] === true) {
    unsupported('use_bidirectional_attention', 'true');
  }
  const model = wholeHeadsTurn(readGated(family, config));
  const biased = flag(config, 'attention_bias', false);
  return {
    ...model,
    biases: { qkv: biased, o: biased, mlp: false },
    norms: { ...model.norms, offset: 1 },
    scales: { ...model.scales, embedding: Math.sqrt(model.hidden) },
  };
}
