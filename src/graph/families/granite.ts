/** Granite (IBM, 2024): Llama's layers with a factor at each joint. */
import { flag, positive } from '../../checkpoint/config-reader';
import type { Family } from './family';
import { readGated, wholeHeadsTurn } from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';

export const granite: Family<GatedDecoder> = {
  modelTypes: ['granite'],
  prefix: 'model',
  read: (config) => {
    const biased = flag(config, 'attention_bias', false);
    return {
      ...wholeHeadsTurn(readGated('granite', config)),
      biases: { qkv: biased, o: biased, mlp: flag(config, 'mlp_bias', false) },
      scales: {
        embedding: positive(config, 'embedding_multiplier', 1),
        attention: positive(config, 'attention_multiplier', 1),
        residual: positive(config, 'residual_multiplier', 1),
        logits: 1 / positive(config, 'logits_scaling', 1),
      },
    };
  },
  build: buildGated,
};
