/** Marian (Junczys-Dowmunt et al., 2018) as OPUS-MT's translators have it: BART with computed positions. */
import { LIMITS, flag, size } from '../../checkpoint/config-reader';
import { readBart } from './bart';
import { buildBart } from './bart-like';
import type { BartArchitecture } from './bart-like';
import type { Family } from './family';

export const marian: Family<BartArchitecture> = {
  modelTypes: ['marian'],
  prefix: 'model',
  read: (config) => {
    const last = size(config, 'vocab_size', LIMITS.vocab) - 1;
    const tokens = { decoder_start_token_id: last, pad_token_id: last, eos_token_id: 0 };
    const shared = readBart({ ...tokens, ...config });
    return {
      ...shared,
      family: 'marian',
      vocab: size(config, 'decoder_vocab_size', LIMITS.vocab, shared.vocab),
      isShared: flag(config, 'share_encoder_decoder_embeddings', true),
      positions: { kind: 'computed', row: waves },
      isPreNormed: false,
      isEmbeddingNormed: false,
    };
  },
  build: buildBart,
};

/** Sines in the first half of a row, cosines in the second, of the frequencies of Vaswani et al. */
function waves(position: number, width: number): Float32Array {
  const half = Math.ceil(width / 2);
  return Float32Array.from({ length: width }, (_, at) => {
    const pair = at < half ? at : at - half;
    const angle = position / 10_000 ** ((2 * pair) / width);
    return at < half ? Math.sin(angle) : Math.cos(angle);
  });
}
