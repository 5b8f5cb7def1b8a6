/**
 * BERT (Devlin et al., 2019): words, places and token types are summed; in each layer every token
 * attends to every other, then passes a feed-forward layer, both normalised after their sums.
 */
import {
  LIMITS,
  contextSize,
  damaged,
  flag,
  positive,
  size,
  tokenId,
  tokenIds,
  unsupported,
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import type { Architecture } from '../architecture';
import { readActivation } from '../blocks/activation';
import { encoderEmbeddings } from '../blocks/encoder-embeddings';
import { encoderFrame, positionsFromZero, ROW_CAP } from '../blocks/encoder-frame';
import { encoderHead } from '../blocks/encoder-heads';
import type { EncoderHeads } from '../blocks/encoder-heads';
import { normAt } from '../blocks/layer-norm';
import { bertModules, postNormEncoder } from '../blocks/post-norm-encoder';
import type { EncoderShape } from '../blocks/post-norm-encoder';
import type { Family } from './family';

export interface BertArchitecture extends Architecture, EncoderShape {
  /** Rows of the table of places. */
  readonly positions: number;
  /** Rows of the table of token types. */
  readonly types: number;
  /** The words of a masked text are scored by the embedding table. */
  readonly tied: boolean;
}

export const bert: Family<BertArchitecture> = {
  modelTypes: ['bert'],
  prefix: 'bert',
  read: (config) => readBert(config, 'bert'),
  build(model, plan) {
    const { hidden, vocab, positions, types, tied } = model;
    const frame = encoderFrame(plan.bench.g, { types: types > 1 });
    const tables = {
      module: 'bert.embeddings',
      vocab,
      width: hidden,
      epsilon: model.normEpsilon,
      positions,
      types,
      projection: null,
    };
    const places = positionsFromZero(plan.bench.g, frame);
    const { stream, words } = encoderEmbeddings(plan, frame, tables, places);
    const states = postNormEncoder(plan, stream, model, frame, (layer) =>
      bertModules(`bert.encoder.layer.${layer}`),
    );
    const end = { states, hidden, vocab, frame, words, wordWidth: hidden, tied };
    encoderHead(plan, end, heads(model));
  },
};

/** What BERT's configuration holds, and that of its kin. */
export function readBert(config: JsonObject, family: string): BertArchitecture {
  refuseVariations(config);
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  if (hidden % heads !== 0) damaged('num_attention_heads');
  return {
    family,
    kind: 'encoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers: size(config, 'num_hidden_layers', LIMITS.layers),
    heads,
    headDim: hidden / heads,
    ffn: size(config, 'intermediate_size', LIMITS.size),
    activation: readActivation(config, 'hidden_act', 'gelu'),
    normEpsilon: positive(config, 'layer_norm_eps', 1e-12),
    positions: size(config, 'max_position_embeddings', LIMITS.context),
    types: size(config, 'type_vocab_size', LIMITS.size, 2),
    context: Math.min(contextSize(config), ROW_CAP),
    tied: flag(config, 'tie_word_embeddings', true),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: [],
  };
}

function refuseVariations(config: JsonObject): void {
  const positions = config['position_embedding_type'] ?? 'absolute';
  if (positions !== 'absolute') unsupported('position_embedding_type', positions);
  for (const name of ['is_decoder', 'add_cross_attention']) {
    if (config[name] === true) unsupported(name, 'true');
  }
}

function heads({ hidden, activation, normEpsilon, tied }: BertArchitecture): EncoderHeads {
  const words = 'cls.predictions';
  const biases = [`${words}.bias`, `${words}.decoder.bias`];
  return {
    maskedLm: {
      transform: {
        module: `${words}.transform.dense`,
        out: hidden,
        bias: true,
        activation,
        norm: normAt(`${words}.transform.LayerNorm`, hidden, normEpsilon),
      },
      decoder: `${words}.decoder.weight`,
      biases: tied ? biases : biases.reverse(),
    },
    sequence: {
      pooling: 'cls',
      transform: { module: 'bert.pooler.dense', out: hidden, bias: true, activation: 'tanh' },
      classifier: 'classifier',
    },
    token: { transform: null, classifier: 'classifier' },
    question: { transform: null, classifier: 'qa_outputs' },
  };
}
