import { describe, expect, test } from 'vitest';
import { FailureError } from '../../../../src/domain/failure';
import type { Failure } from '../../../../src/domain/failure';
import type { JsonObject } from '../../../../src/checkpoint/json-file';
import { recognise } from '../../../../src/graph/recognise';

const SIZES = {
  vocab_size: 100,
  hidden_size: 64,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  intermediate_size: 80,
  max_position_embeddings: 64,
};

function read(config: object): object {
  return recognise({ ...SIZES, ...config } as JsonObject).architecture;
}

function refusal(config: object): Failure {
  try {
    read(config);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
  }
  throw new Error('nothing was refused');
}

const all = { rope: 'all', window: null };
const near = { rope: 'all', window: 8 };

test.each([
  ['mistral', { sliding_window: 8 }, { blocks: [near, near, near] }],
  ['mistral', { sliding_window: 64 }, { blocks: [all, all, all] }],
  ['mistral', { sliding_window: null }, { blocks: [all, all, all] }],
  ['mistral', { num_attention_heads: 8, num_key_value_heads: undefined }, { kvHeads: 8 }],
  ['qwen2', {}, { biases: { qkv: true, o: false, mlp: false }, blocks: [all, all, all] }],
  ['qwen2', { sliding_window: 8, use_sliding_window: false }, { blocks: [all, all, all] }],
  [
    'qwen2',
    { sliding_window: 8, use_sliding_window: true, max_window_layers: 1 },
    { blocks: [all, near, near] },
  ],
  [
    'qwen3',
    {
      sliding_window: 8,
      use_sliding_window: true,
      layer_types: ['sliding_attention', 'full_attention', 'sliding_attention'],
    },
    { blocks: [near, all, near], norms: { heads: true } },
  ],
  ['qwen3', { head_dim: undefined }, { headDim: 128 }],
  [
    'smollm3',
    { no_rope_layer_interval: 2 },
    { tied: true, blocks: [all, { rope: null, window: null }, all] },
  ],
  ['smollm3', { no_rope_layers: [0, 1, 1] }, { blocks: [{ rope: null, window: null }, all, all] }],
  [
    'granite',
    { embedding_multiplier: 12, logits_scaling: 8, residual_multiplier: 0.2 },
    { scales: { embedding: 12, attention: 1, residual: 0.2, logits: 1 / 8 } },
  ],
  ['phi3', {}, { packed: true, norms: { epsilon: 1e-5 } }],
  ['gemma', { hidden_act: 'gelu' }, { activation: 'gelu_pytorch_tanh', tied: true }],
  ['gemma', {}, { norms: { offset: 1 }, scales: { embedding: 8, attention: 1 / 4 } }],
  [
    'gemma2',
    { sliding_window: 8 },
    { softcaps: { attention: 50, logits: 30 }, blocks: [near, all, near] },
  ],
  [
    'gemma2',
    { attn_logit_softcapping: null, final_logit_softcapping: null, query_pre_attn_scalar: 64 },
    { softcaps: { attention: null, logits: null }, scales: { attention: 1 / 8 } },
  ],
] as const)('%s with %j', (family, config, expected) => {
  expect(read({ model_type: family, ...config })).toMatchObject(expected);
});

describe('Gemma 3', () => {
  const local = { rope: 'local', window: 8 };
  const global = { rope: 'global', window: null };

  test.each([
    [
      'newer files',
      {
        layer_types: ['sliding_attention', 'full_attention', 'sliding_attention'],
        rope_parameters: {
          full_attention: { rope_type: 'linear', factor: 8, rope_theta: 5e5 },
          sliding_attention: { rope_type: 'default', rope_theta: 300 },
        },
      },
    ],
    [
      'older files',
      {
        sliding_window_pattern: 2,
        rope_theta: 5e5,
        rope_local_base_freq: 300,
        rope_scaling: { rope_type: 'linear', factor: 8 },
      },
    ],
  ])('as %s spell it', (_, config) => {
    const text = { ...SIZES, model_type: 'gemma3_text', sliding_window: 8, ...config };
    const expected = {
      blocks: [local, global, local],
      ropes: {
        local: { theta: 300, scaling: { type: 'default' } },
        global: { theta: 5e5, scaling: { type: 'linear', factor: 8 } },
      },
      softcaps: { attention: null, logits: null },
      norms: { place: 'around', heads: true, offset: 1 },
    };
    expect(read(text)).toMatchObject(expected);
    expect(read({ model_type: 'gemma3', text_config: text })).toMatchObject(expected);
  });

  test('of a model that also sees, its class fills what the file leaves out', () => {
    const text_config = { hidden_size: 2560, intermediate_size: 10_240, num_hidden_layers: 34 };
    const config = { model_type: 'gemma3', text_config, eos_token_id: [1, 106] };
    expect(recognise(config).architecture).toMatchObject({
      vocab: 262_208,
      heads: 8,
      kvHeads: 4,
      headDim: 256,
      eos: [1, 106],
      context: 32_768,
    });
  });
});

describe('refuses', () => {
  test.each([
    [{ model_type: 'mistral', sliding_window: -1 }, 'sliding_window'],
    [{ model_type: 'gemma2', layer_types: ['full_attention'] }, 'layer_types'],
    [{ model_type: 'smollm3', no_rope_layers: [1] }, 'no_rope_layers'],
    [{ model_type: 'granite', logits_scaling: 0 }, 'logits_scaling'],
    [{ model_type: 'gemma2', attn_logit_softcapping: -2 }, 'attn_logit_softcapping'],
  ])('%j as damage', (config, detail) => {
    expect(refusal(config)).toEqual({ code: 'checkpoint-damaged', file: 'config.json', detail });
  });

  test.each([
    [
      { model_type: 'gemma3_text', use_bidirectional_attention: true },
      'use_bidirectional_attention',
      'true',
    ],
    [
      { model_type: 'gemma2', layer_types: ['full_attention', 'chunked_attention', 'a'] },
      'layer_types',
      'chunked_attention',
    ],
    [{ model_type: 'qwen2', hidden_act: 'tanh' }, 'hidden_act', 'tanh'],
  ])('%j as unsupported', (config, what, detail) => {
    expect(refusal(config)).toEqual({ code: 'checkpoint-unsupported', what, detail });
  });
});
