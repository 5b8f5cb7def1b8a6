import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/checkpoint/json-file';
import { FailureError } from '../../../../src/domain/failure';
import type { Failure } from '../../../../src/domain/failure';
import { recognise } from '../../../../src/graph/recognise';

const BERT = {
  model_type: 'bert',
  vocab_size: 100,
  hidden_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  intermediate_size: 80,
  max_position_embeddings: 64,
  layer_norm_eps: 1e-5,
  pad_token_id: 0,
};
const DISTILBERT = {
  model_type: 'distilbert',
  vocab_size: 100,
  dim: 48,
  n_layers: 2,
  n_heads: 4,
  hidden_dim: 90,
  max_position_embeddings: 64,
};
const DEBERTA = {
  ...BERT,
  model_type: 'deberta-v2',
  relative_attention: true,
  position_buckets: 16,
  max_relative_positions: -1,
  pos_att_type: 'p2c|c2p',
  share_att_key: true,
  norm_rel_ebd: 'layer_norm',
  position_biased_input: false,
  type_vocab_size: 0,
};
const MODERNBERT = {
  model_type: 'modernbert',
  vocab_size: 100,
  hidden_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 6,
  intermediate_size: 80,
  max_position_embeddings: 64,
};

function read(config: object) {
  return recognise(config as JsonObject).architecture;
}

function failureOf(config: object): Failure {
  try {
    read(config);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
  }
  throw new Error('nothing was refused');
}

test.each([
  ['a BERT', BERT, { family: 'bert', heads: 6, headDim: 8, context: 64, types: 2, tied: true }],
  [
    'a BERT for longer texts than a page has room for',
    { ...BERT, max_position_embeddings: 8194 },
    { positions: 8194, context: 2048 },
  ],
  ['a BERT without a padding token', { ...BERT, pad_token_id: null }, { pad: null }],
  [
    'a RoBERTa, whose places begin after the padding token',
    { ...BERT, model_type: 'roberta', pad_token_id: 1, type_vocab_size: 1 },
    { family: 'roberta', positions: 64, context: 62, types: 1, pad: 1 },
  ],
  [
    'a CamemBERT without a word on padding',
    { ...BERT, model_type: 'camembert', pad_token_id: undefined },
    { family: 'roberta', pad: 1, context: 62 },
  ],
  ['an XLM-RoBERTa', { ...BERT, model_type: 'xlm-roberta' }, { family: 'roberta', context: 63 }],
  [
    'a DistilBERT',
    DISTILBERT,
    { family: 'distilbert', hidden: 48, layers: 2, headDim: 12, ffn: 90, types: 0 },
  ],
  [
    'a small ELECTRA',
    { ...BERT, model_type: 'electra', embedding_size: 16 },
    { family: 'electra', wordWidth: 16, hidden: 48 },
  ],
  [
    'a DeBERTa of the third version',
    DEBERTA,
    {
      family: 'deberta-v2',
      distances: { span: 16, buckets: { count: 16, farthest: 64 } },
      contentToPlace: true,
      placeToContent: true,
      types: 0,
    },
  ],
  [
    'a DeBERTa whose distances all have a row',
    { ...DEBERTA, position_buckets: undefined, max_relative_positions: 20 },
    { distances: { span: 20, buckets: null } },
  ],
  [
    'a ModernBERT, every third layer of which sees all',
    MODERNBERT,
    {
      kinds: ['full_attention', 'sliding_attention', 'sliding_attention', 'full_attention'],
      thetas: { full_attention: 160_000, sliding_attention: 10_000 },
      reach: 64,
    },
  ],
  [
    'an older ModernBERT',
    {
      ...MODERNBERT,
      global_attn_every_n_layers: 2,
      global_rope_theta: 7,
      local_rope_theta: null,
      local_attention: 9,
    },
    {
      kinds: ['full_attention', 'sliding_attention', 'full_attention', 'sliding_attention'],
      thetas: { full_attention: 7, sliding_attention: 7 },
      reach: 4,
    },
  ],
])('%s', (_, config, expected) => {
  expect(read(config)).toMatchObject({ kind: 'encoder', states: [], ...expected });
});

describe('refuses', () => {
  test.each([
    [{ ...BERT, position_embedding_type: 'relative_key' }, 'position_embedding_type'],
    [{ ...BERT, is_decoder: true }, 'is_decoder'],
    [{ ...BERT, add_cross_attention: true }, 'add_cross_attention'],
    [{ ...BERT, hidden_act: 'mish' }, 'hidden_act'],
    [{ ...BERT, architectures: ['BertForNextSentencePrediction'] }, 'head'],
    [{ ...BERT, architectures: ['BertForCausalLM'] }, 'head'],
    [{ ...BERT, architectures: ['BertForMultipleChoice'] }, 'head'],
    [{ ...DISTILBERT, activation: 'mish' }, 'activation'],
    [{ ...DEBERTA, relative_attention: false }, 'relative_attention'],
    [{ ...DEBERTA, conv_kernel_size: 3 }, 'conv_kernel_size'],
    [{ ...DEBERTA, pos_att_type: 'c2p|p2p' }, 'pos_att_type'],
    [{ ...DEBERTA, pooler_hidden_size: 40 }, 'pooler_hidden_size'],
    [{ ...MODERNBERT, classifier_pooling: 'max' }, 'classifier_pooling'],
    [{ ...MODERNBERT, layer_types: ['full_attention', 'x', 'x', 'x'] }, 'layer_types'],
    [{ ...MODERNBERT, rope_parameters: { full_attention: { rope_type: 'yarn' } } }, 'rope'],
  ])('%j as unsupported: %s', (config, what) => {
    expect(failureOf(config)).toMatchObject({ code: 'checkpoint-unsupported', what });
  });

  test.each([
    [{ ...BERT, num_attention_heads: 7 }, 'num_attention_heads'],
    [{ ...BERT, vocab_size: 1e12 }, 'vocab_size'],
    [{ ...BERT, model_type: 'roberta', pad_token_id: 63 }, 'max_position_embeddings'],
    [{ ...DISTILBERT, n_heads: 7 }, 'n_heads'],
    [{ ...DEBERTA, position_buckets: 2.5 }, 'position_buckets'],
    [{ ...MODERNBERT, num_attention_heads: 16 }, 'num_attention_heads'],
    [{ ...MODERNBERT, layer_types: ['full_attention'] }, 'layer_types'],
  ])('%j as damage: %s', (config, detail) => {
    expect(failureOf(config)).toEqual({ code: 'checkpoint-damaged', file: 'config.json', detail });
  });
});
