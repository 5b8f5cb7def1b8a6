/** DistilBERT (Sanh et al., 2019): BERT with fewer layers, no token types and names of its own. */
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
import { encoderEmbeddings } from '../blocks/encoder-embeddings';
import { encoderFrame, positionsFromZero, ROW_CAP } from '../blocks/encoder-frame';
import { encoderHead } from '../blocks/encoder-heads';
import type { EncoderHeads } from '../blocks/encoder-heads';
import { normAt } from '../blocks/layer-norm';
import { postNormEncoder } from '../blocks/post-norm-encoder';
import type { LayerModules } from '../blocks/post-norm-encoder';
import type { BertArchitecture } from './bert';
import type { Family } from './family';

/** The reference's code holds it, not its configuration. */
const EPSILON = 1e-12;

export const distilbert: Family<BertArchitecture> = {
  modelTypes: ['distilbert'],
  prefix: 'distilbert',
  read,
  build(model, plan) {
    const { hidden, vocab, positions, types, tied } = model;
    const frame = encoderFrame(plan.bench.g, { types: false });
    const tables = {
      module: 'distilbert.embeddings',
      vocab,
      width: hidden,
      epsilon: EPSILON,
      positions,
      types,
      projection: null,
    };
    const places = positionsFromZero(plan.bench.g, frame);
    const { stream, words } = encoderEmbeddings(plan, frame, tables, places);
    const states = postNormEncoder(plan, stream, model, frame, layerModules);
    const end = { states, hidden, vocab, frame, words, wordWidth: hidden, tied };
    encoderHead(plan, end, heads(model));
  },
};

/** Older files call some sizes by BERT's names. */
function read(config: JsonObject): BertArchitecture {
  const hidden = size(config, 'dim', LIMITS.size, size(config, 'hidden_size', LIMITS.size, 768));
  const heads = size(config, 'n_heads', LIMITS.size, 12);
  if (hidden % heads !== 0) damaged('n_heads');
  return {
    family: 'distilbert',
    kind: 'encoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers: size(config, 'n_layers', LIMITS.layers, 6),
    heads,
    headDim: hidden / heads,
    ffn: size(config, 'hidden_dim', LIMITS.size, 4 * hidden),
    activation: readActivation(config, 'activation', 'gelu'),
    normEpsilon: EPSILON,
    // Sines where the configuration says so, and then too the file holds the table.
    positions: size(config, 'max_position_embeddings', LIMITS.context),
    types: 0,
    context: Math.min(contextSize(config), ROW_CAP),
    tied: flag(config, 'tie_word_embeddings', true),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: [],
  };
}

function layerModules(layer: number): LayerModules {
  const module = `distilbert.transformer.layer.${layer}`;
  return {
    query: `${module}.attention.q_lin`,
    key: `${module}.attention.k_lin`,
    value: `${module}.attention.v_lin`,
    attended: `${module}.attention.out_lin`,
    attentionNorm: `${module}.sa_layer_norm`,
    up: `${module}.ffn.lin1`,
    down: `${module}.ffn.lin2`,
    outputNorm: `${module}.output_layer_norm`,
  };
}

function heads({ hidden, activation }: BertArchitecture): EncoderHeads {
  return {
    maskedLm: {
      transform: {
        module: 'vocab_transform',
        out: hidden,
        bias: true,
        activation,
        norm: normAt('vocab_layer_norm', hidden, EPSILON),
      },
      decoder: 'vocab_projector.weight',
      biases: ['vocab_projector.bias'],
    },
    sequence: {
      pooling: 'cls',
      transform: { module: 'pre_classifier', out: hidden, bias: true, activation: 'relu' },
      classifier: 'classifier',
    },
    token: { transform: null, classifier: 'classifier' },
    question: { transform: null, classifier: 'qa_outputs' },
  };
}
