/**
 * Phi-3 (Abdin et al., 2024): Llama's layers with queries, keys and values in one tensor, gate and
 * up in another, and for long texts a factor for each pair of dimensions that turns.
 */
import { ropeParameters } from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import type { Family } from './family';
import { eachLayer, readGated, readWindow, windowed, withDefaults } from './gated-config';
import { buildGated } from './gated-decoder';
import type { GatedDecoder } from './gated-decoder';

const DEFAULTS = { rms_norm_eps: 1e-5, original_max_position_embeddings: 4096 };

export const phi3: Family<GatedDecoder> = {
  modelTypes: ['phi3'],
  prefix: 'model',
  read: (given) => {
    const config = withDefaults(given, DEFAULTS);
    const model = readGated('phi3', { ...config, rope_parameters: readParameters(config) });
    const window = readWindow(config, model.context);
    return {
      ...model,
      packed: true,
      blocks: windowed(
        eachLayer(model.layers, () => true),
        window,
      ),
    };
  },
  build: buildGated,
};

/** Its first files named the rotation after the method's draft, or after another's. */
function readParameters(config: JsonObject): JsonObject {
  const { type: older, ...parameters } = ropeParameters(config);
  const type = parameters['rope_type'] ?? older ?? 'default';
  return { ...parameters, rope_type: type === 'su' || type === 'yarn' ? 'longrope' : type };
}
