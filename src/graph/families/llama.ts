/**
 * Llama (Touvron et al., 2023): a decoder of pre-normalised blocks, attention with rotary positions
 * and grouped heads, then a feed-forward layer gated by SiLU. Later ones stretch the rotation.
 */
import { flag } from '../../checkpoint/config-reader';
import type { Family } from './family';
import { readGated, wholeHeadsTurn } from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';

export const llama: Family<GatedDecoder> = {
  modelTypes: ['llama'],
  prefix: 'model',
  read: (config) => {
    const biased = flag(config, 'attention_bias', false);
    return {
      ...wholeHeadsTurn(readGated('llama', config)),
      biases: { qkv: biased, o: biased, mlp: flag(config, 'mlp_bias', false) },
    };
  },
  build: buildGated,
};
