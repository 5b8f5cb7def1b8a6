import { describe, expect, test } from 'vitest';
import { keyValueStates } from '../../../../src/graph/architecture';
import { recognise } from '../../../../src/graph/recognise';
import { FailureError } from '../../../../src/domain/failure';
import type { JsonObject } from '../../../../src/checkpoint/json-file';
import type { Failure } from '../../../../src/domain/failure';

const CONFIG = {
  model_type: 'llama',
  vocab_size: 100,
  hidden_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 16,
  intermediate_size: 80,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: [2, 3],
};

function failureOf(config: object): Failure {
  try {
    recognise({ ...CONFIG, ...config } as JsonObject);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
  }
  throw new Error('nothing was refused');
}

test('a llama', () => {
  expect(recognise(CONFIG).architecture).toEqual({
    family: 'llama',
    kind: 'decoder',
    vocab: 100,
    hidden: 48,
    layers: 2,
    heads: 6,
    kvHeads: 2,
    headDim: 16,
    ffn: 80,
    context: 64,
    activation: 'silu',
    norms: { epsilon: 1e-5, offset: 0, place: 'before', heads: false },
    packed: false,
    biases: { qkv: false, o: false, mlp: false },
    scales: { embedding: 1, attention: 1 / 4, residual: 1, logits: 1 },
    softcaps: { attention: null, logits: null },
    ropes: { all: { theta: 10_000, dimensions: 16, scaling: { type: 'default' } } },
    blocks: Array(2).fill({ rope: 'all', window: null }),
    tied: true,
    bos: 1,
    eos: [2, 3],
    pad: null,
    decoderStart: null,
    states: keyValueStates({ layers: 2, kvHeads: 2, headDim: 16 }),
  });
});

test.each([
  ['heads share nothing by default', { num_key_value_heads: undefined }, { kvHeads: 6 }],
  [
    'heads divide the hidden size by default',
    { head_dim: undefined, hidden_size: 96 },
    { headDim: 16 },
  ],
  ['an old rotary base', { rope_theta: 5 }, { ropes: { all: { theta: 5 } } }],
  [
    'a new rotary base',
    { rope_parameters: { rope_theta: 7, rope_type: 'default' } },
    { ropes: { all: { theta: 7 } } },
  ],
  ['no special tokens', { bos_token_id: null, eos_token_id: undefined }, { bos: null, eos: [] }],
  ['one end token', { eos_token_id: 9 }, { eos: [9] }],
  [
    'biases',
    { attention_bias: true, mlp_bias: true },
    { biases: { qkv: true, o: true, mlp: true } },
  ],
  ['a gate of its own', { hidden_act: 'gelu' }, { activation: 'gelu' }],
  ['a head of its own', { tie_word_embeddings: false }, { tied: false }],
])('%s', (_, config, expected) => {
  expect(recognise({ ...CONFIG, ...config } as JsonObject).architecture).toMatchObject(expected);
});

describe('refuses', () => {
  test.each([
    [{ model_type: 'mamba' }, 'architecture', 'mamba'],
    [{ model_type: 3 }, 'architecture', 'model_type'],
    [{ hidden_act: 'sigmoid' }, 'hidden_act', 'sigmoid'],
    [{ hidden_act: 'laplace' }, 'hidden_act', 'laplace'],
    [{ rope_scaling: { rope_type: 'mrope' } }, 'rope', 'mrope'],
    [{ partial_rotary_factor: 0.5 }, 'partial_rotary_factor', '0.5'],
  ])('%j as unsupported', (config, what, detail) => {
    expect(failureOf(config)).toEqual({ code: 'checkpoint-unsupported', what, detail });
  });

  test.each([
    [{ vocab_size: -1 }, 'vocab_size'],
    [{ vocab_size: 1e12 }, 'vocab_size'],
    [{ num_hidden_layers: 1e6 }, 'num_hidden_layers'],
    [{ hidden_size: '48' }, 'hidden_size'],
    [{ intermediate_size: 1.5 }, 'intermediate_size'],
    [{ num_key_value_heads: 4 }, 'num_key_value_heads'],
    [{ rms_norm_eps: 0 }, 'rms_norm_eps'],
    [{ head_dim: 15 }, 'head_dim'],
    [{ rope_scaling: { type: 'linear' } }, 'factor'],
    [{ max_position_embeddings: undefined }, 'max_position_embeddings'],
  ])('%j as damage', (config, detail) => {
    expect(failureOf(config)).toEqual({ code: 'checkpoint-damaged', file: 'config.json', detail });
  });
});
