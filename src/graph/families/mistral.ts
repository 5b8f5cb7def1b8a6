/** Mistral (Jiang et al., 2023): Llama's layers, each looking back over a window of tokens. */
import type { Family } from './family';
import {
  eachLayer,
  readGated,
  readWindow,
  wholeHeadsTurn,
  windowed,
  withDefaults,
} from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';

const DEFAULTS = { num_key_value_heads: 8 };

export const mistral: Family<GatedDecoder> = {
  modelTypes: ['mistral'],
  prefix: 'model',
  read: (config) => {
    const model = wholeHeadsTurn(readGated('mistral', withDefaults(config, DEFAULTS)));
    const window = readWindow(config, model.context);
    return {
      ...model,
      blocks: windowed(
        eachLayer(model.layers, () => true),
        window,
      ),
    };
  },
  build: buildGated,
};
