import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/checkpoint/json-file';
import { FailureError } from '../../../../src/domain/failure';
import type { Failure } from '../../../../src/domain/failure';
import { keyValueStates, layerStates } from '../../../../src/graph/architecture';
import { recognise } from '../../../../src/graph/recognise';

/** The least that each family's `config.json` says. */
const CONFIGS = {
  gpt2: { vocab_size: 100, n_positions: 64, n_embd: 48, n_layer: 2, n_head: 3 },
  gpt_neox: {
    vocab_size: 100,
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 80,
    max_position_embeddings: 64,
  },
  bloom: { vocab_size: 100, hidden_size: 48, n_layer: 2, n_head: 3 },
  falcon: {
    vocab_size: 100,
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
  },
  phi: {
    vocab_size: 100,
    hidden_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 3,
    intermediate_size: 80,
    max_position_embeddings: 64,
  },
  lfm2: {
    vocab_size: 100,
    hidden_size: 48,
    intermediate_size: 96,
    num_hidden_layers: 3,
    num_attention_heads: 3,
    num_key_value_heads: 1,
    max_position_embeddings: 64,
    layer_types: ['conv', 'full_attention', 'conv'],
  },
} as const satisfies Readonly<Record<string, JsonObject>>;

type Name = keyof typeof CONFIGS;

function read(name: Name, config: JsonObject = {}) {
  return recognise({ model_type: name, ...CONFIGS[name], ...config });
}

function failureOf(name: Name, config: JsonObject): Failure {
  try {
    read(name, config);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
  }
  throw new Error('nothing was refused');
}

describe('what a file leaves out', () => {
  test.each<[Name, JsonObject]>([
    ['gpt2', { ffn: 192, activation: 'gelu_new', scalesBySize: true, scalesByLayer: false }],
    ['gpt2', { tied: true, headDim: 16, context: 64, places: 64, normEpsilon: 1e-5 }],
    ['gpt_neox', { tied: false, attentionBias: true, parallel: true, activation: 'gelu' }],
    ['gpt_neox', { rope: { theta: 10_000, dimensions: 8, scaling: { type: 'default' } } }],
    ['bloom', { ffn: 192, tied: true, context: 2048, residualAfterNorm: false }],
    ['falcon', { kvHeads: 1, ffn: 256, biases: false, halves: 'one-norm', tied: true }],
    ['falcon', { context: 2048, rope: { theta: 10_000, dimensions: 16 } }],
    ['phi', { tied: false, kvHeads: 3, activation: 'gelu_new' }],
    ['phi', { rope: { theta: 10_000, dimensions: 16, scaling: { type: 'default' } } }],
    ['lfm2', { tied: true, taps: 3, convBias: false, ffn: 256 }],
    ['lfm2', { rope: { theta: 1_000_000, dimensions: 16, scaling: { type: 'default' } } }],
  ])('%s: %j', (name, expected) => {
    expect(read(name).architecture).toMatchObject({ family: name, kind: 'decoder', ...expected });
  });
});

describe('fields by their other names', () => {
  test.each<[Name, JsonObject, JsonObject]>([
    ['gpt2', { num_attention_heads: 6, num_hidden_layers: 4 }, { heads: 6, layers: 4 }],
    ['gpt2', { hidden_size: 96, max_position_embeddings: 32 }, { hidden: 96, places: 32 }],
    ['bloom', { n_embed: 96, num_attention_heads: 6 }, { hidden: 96, heads: 6 }],
    ['bloom', { n_embed: null }, { hidden: 48 }],
    ['gpt_neox', { rotary_pct: 0.5, rotary_emb_base: 7 }, { rope: { theta: 7, dimensions: 16 } }],
    [
      'gpt_neox',
      { rotary_pct: 0.5, rope_parameters: { rope_theta: 9, partial_rotary_factor: 1 } },
      { rope: { theta: 9, dimensions: 32 } },
    ],
    ['falcon', { n_embed: 128 }, { hidden: 128, headDim: 32 }],
    ['phi', { partial_rotary_factor: 0.25, rope_theta: 5 }, { rope: { theta: 5, dimensions: 8 } }],
    ['lfm2', { tie_embedding: false, tie_word_embeddings: true }, { tied: false }],
    ['lfm2', { block_ff_dim: 300, block_auto_adjust_ff_dim: false }, { ffn: 300 }],
    [
      'lfm2',
      { layer_types: null, full_attn_idxs: [2] },
      { kinds: ['conv', 'conv', 'full_attention'] },
    ],
  ])('%s: %j', (name, config, expected) => {
    expect(read(name, config).architecture).toMatchObject(expected);
  });
});

test.each<[JsonObject, JsonObject]>([
  [
    { alibi: true, multi_query: false, parallel_attn: false },
    { kvHeads: 4, halves: 'sequential' },
  ],
  [{ alibi: true }, { rope: null }],
  [
    { new_decoder_architecture: true, num_kv_heads: 2 },
    { kvHeads: 2, halves: 'two-norms' },
  ],
  [{ new_decoder_architecture: true, num_ln_in_parallel_attn: 1 }, { halves: 'one-norm' }],
])('a Falcon with %j', (config, expected) => {
  expect(read('falcon', config).architecture).toMatchObject(expected);
});

test.each([
  [{ block_auto_adjust_ff_dim: false }, 96],
  [{ block_ffn_dim_multiplier: null }, 64],
  [{ block_ffn_dim_multiplier: 1.2, block_multiple_of: 8 }, 80],
])('the feed-forward size of an LFM2 with %j', (config, ffn) => {
  expect(read('lfm2', config).architecture).toMatchObject({ ffn });
});

describe('states', () => {
  test('a convolution keeps its last inputs, attention what stock loaders call keys and values', () => {
    expect(read('lfm2', { conv_L_cache: 4 }).architecture.states).toEqual([
      { past: 'past_conv.0', present: 'present_conv.0', dims: [48, 4] },
      ...layerStates(1, 1, 16),
      { past: 'past_conv.2', present: 'present_conv.2', dims: [48, 4] },
    ]);
  });

  test('every head of the older decoders has its own', () => {
    const states = keyValueStates({ layers: 2, kvHeads: 3, headDim: 16 });
    expect(read('gpt2').architecture.states).toEqual(states);
    expect(read('bloom').architecture.states).toEqual(states);
  });
});

test('stock loaders find the names that they look for', () => {
  const renamed = { num_hidden_layers: 2, num_attention_heads: 3, hidden_size: 48 };
  expect(read('gpt2', renamed).stock).toEqual({ n_embd: 48, n_layer: 2, n_head: 3 });
  expect(read('bloom', renamed).stock).toEqual({ hidden_size: 48, n_layer: 2, n_head: 3 });
  const older = { layer_types: null, full_attn_idxs: [0] };
  expect(read('lfm2', older).stock).toEqual({ layer_types: ['full_attention', 'conv', 'conv'] });
});

describe('refuses', () => {
  test.each<[Name, JsonObject, string, string]>([
    ['gpt2', { add_cross_attention: true }, 'add_cross_attention', 'true'],
    ['gpt2', { activation_function: 'mish' }, 'activation_function', 'mish'],
    ['gpt_neox', { rope_scaling: { type: 'su' } }, 'rope', 'su'],
    ['falcon', { new_decoder_architecture: true, parallel_attn: false }, 'parallel_attn', 'false'],
    ['falcon', { num_ln_in_parallel_attn: 2 }, 'num_ln_in_parallel_attn', '2'],
    ['phi', { qk_layernorm: true }, 'qk_layernorm', 'true'],
    ['lfm2', { layer_types: ['conv', 'conv', 'mamba'] }, 'layer_types', 'mamba'],
  ])('%s with %j', (name, config, what, detail) => {
    expect(failureOf(name, config)).toEqual({ code: 'checkpoint-unsupported', what, detail });
  });

  test.each<[Name, JsonObject, string]>([
    ['gpt2', { n_head: 7 }, 'head_dim'],
    ['gpt2', { n_positions: 0 }, 'n_positions'],
    ['bloom', { n_head: 5 }, 'head_dim'],
    ['falcon', { new_decoder_architecture: true, num_kv_heads: 3 }, 'num_kv_heads'],
    ['phi', { num_key_value_heads: 2 }, 'num_key_value_heads'],
    ['phi', { partial_rotary_factor: 1.5 }, 'partial_rotary_factor'],
    ['lfm2', { layer_types: ['conv'] }, 'layer_types'],
    ['lfm2', { full_attn_idxs: 2, layer_types: null }, 'full_attn_idxs'],
    ['lfm2', { conv_L_cache: 1000 }, 'conv_L_cache'],
  ])('%s damaged by %j', (name, config, detail) => {
    expect(failureOf(name, config)).toEqual({
      code: 'checkpoint-damaged',
      file: 'config.json',
      detail,
    });
  });
});
