/**
 * BART (Lewis et al., 2020), whose norms stand after each sublayer, and two models with norms before
 * them: mBART (Liu et al., 2020) and M2M-100 (Fan et al., 2021), which NLLB has the shape of.
 */
import {
  LIMITS,
  contextSize,
  damaged,
  flag,
  size,
  tokenId,
  tokenIds,
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { readActivation } from '../blocks/activation';
import { targetStates } from '../blocks/seq2seq-frame';
import { buildBart } from './bart-like';
import type { BartArchitecture, StackShape } from './bart-like';
import type { Family } from './family';

/** The first rows of a learned table are those of padding, which nothing looks up. */
const LEARNED = { kind: 'learned', offset: 2 } as const;

/** What all of BART's kin say alike; families say the rest. */
export function readBart(config: JsonObject) {
  const hidden = size(config, 'd_model', LIMITS.size);
  const decoder = readStack(config, 'decoder', hidden);
  const isScaled = flag(config, 'scale_embedding', false);
  const vocab = size(config, 'vocab_size', LIMITS.vocab);
  const { layers, heads } = decoder;
  return {
    kind: 'encoder-decoder' as const,
    vocab,
    sourceVocab: vocab,
    hidden,
    layers: size(config, 'encoder_layers', LIMITS.layers),
    encoder: readStack(config, 'encoder', hidden),
    decoder,
    activation: readActivation(config, 'activation_function', 'gelu'),
    embeddingScale: isScaled ? Math.fround(Math.sqrt(hidden)) : 1,
    context: contextSize(config),
    isShared: true,
    isTied: flag(config, 'tie_word_embeddings', true),
    hasLogitsBias: true,
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds({ eos_token_id: 2, ...config }, 'eos_token_id'),
    pad: tokenId({ pad_token_id: 1, ...config }, 'pad_token_id'),
    decoderStart:
      tokenId(config, 'decoder_start_token_id') ?? tokenId(config, 'bos_token_id') ?? null,
    states: targetStates({ layers, heads, headDim: hidden / heads }),
  };
}

function readStack(config: JsonObject, side: string, hidden: number): StackShape {
  const heads = size(config, `${side}_attention_heads`, LIMITS.size);
  if (hidden % heads !== 0) damaged(`${side}_attention_heads`);
  return {
    heads,
    layers: size(config, `${side}_layers`, LIMITS.layers),
    ffn: size(config, `${side}_ffn_dim`, LIMITS.size),
  };
}

export const bart: Family<BartArchitecture> = {
  modelTypes: ['bart'],
  prefix: 'model',
  read: (config) => ({
    ...readBart({ decoder_start_token_id: 2, ...config }),
    family: 'bart',
    positions: LEARNED,
    isPreNormed: false,
    isEmbeddingNormed: true,
  }),
  build: buildBart,
};

export const mbart: Family<BartArchitecture> = {
  modelTypes: ['mbart'],
  prefix: 'model',
  read: (config) => ({
    ...readBart(config),
    family: 'mbart',
    positions: LEARNED,
    isPreNormed: true,
    isEmbeddingNormed: true,
  }),
  build: buildBart,
};

export const m2m100: Family<BartArchitecture> = {
  modelTypes: ['m2m_100'],
  prefix: 'model',
  read: (config) => {
    const shared = readBart({ decoder_start_token_id: 2, ...config });
    const pad = shared.pad ?? 1;
    return {
      ...shared,
      family: 'm2m_100',
      positions: { kind: 'computed', row: (at, width) => waves(at + pad + 1, width) },
      isPreNormed: true,
      isEmbeddingNormed: false,
      hasLogitsBias: false,
    };
  },
  build: buildBart,
};

/** All sines, then all cosines, of frequencies from 1 down to 1/10,000, that one included. */
function waves(position: number, width: number): Float32Array {
  const { fround } = Math;
  const half = Math.floor(width / 2);
  const step = fround(-Math.log(10_000) / (half - 1));
  const row = new Float32Array(width);
  for (let i = 0; i < half; i += 1) {
    const angle = fround(position * fround(Math.exp(fround(i * step))));
    row[i] = Math.sin(angle);
    row[half + i] = Math.cos(angle);
  }
  return row;
}
