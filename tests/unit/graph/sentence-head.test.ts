import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import type { FileSet } from '../../../src/checkpoint/byte-source';
import { FailureError } from '../../../src/domain/failure';
import { sentenceHead, sentenceLimit } from '../../../src/graph/sentence-head';

const signal = new AbortController().signal;
const DENSE = { in_features: 30, out_features: 12, bias: false };

function folder(modules: readonly string[], configs: Readonly<Record<string, object>>): FileSet {
  const list = modules.map((type, idx) => ({
    idx,
    path: idx === 0 ? '' : `${idx}_${type}`,
    type: `sentence_transformers.models.${type}`,
  }));
  const files = Object.entries({ 'modules.json': list, ...configs });
  return new Map(
    files.map(([path, value]) => [
      path,
      bytesSource(path, new TextEncoder().encode(JSON.stringify(value))),
    ]),
  );
}

function headOf(modules: readonly string[], configs: Readonly<Record<string, object>> = {}) {
  return sentenceHead(folder(['Transformer', ...modules], configs), signal);
}

test('a folder without modules.json is no folder of sentence-transformers', async () => {
  expect(await sentenceHead(new Map(), signal)).toBeUndefined();
});

test.each([
  ['an older flag', { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }, ['cls']],
  [
    'several flags, in the order of the library',
    { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true, pooling_mode_lasttoken: true },
    ['cls', 'mean', 'last'],
  ],
  ['flags that are all down', { pooling_mode_cls_token: false }, ['mean']],
  ['a word', { pooling_mode: 'lasttoken' }, ['last']],
  ['words, in their own order', { pooling_mode: ['max', 'cls'] }, ['max', 'cls']],
])('pooling by %s', async (_, config, pooling) => {
  const head = await headOf(['Pooling'], { '1_Pooling/config.json': config });
  expect(head).toEqual({ kind: 'embedding', pooling, normalize: false });
});

test('dense layers and unit length after the pooling', async () => {
  const head = await headOf(['Pooling', 'Dense', 'Normalize'], {
    '1_Pooling/config.json': { pooling_mode: 'mean' },
    '2_Dense/config.json': { ...DENSE, activation_function: 'torch.nn.modules.linear.Identity' },
  });
  expect(head).toEqual({
    kind: 'embedding',
    pooling: ['mean'],
    dense: [{ folder: '2_Dense', in: 30, out: 12, bias: false, activation: 'linear' }],
    normalize: true,
  });
});

test.each([
  ['a number', { max_seq_length: 128 }, 128],
  ['no number', { max_seq_length: null }, undefined],
  ['nothing', {}, undefined],
])('a folder that says %s of where texts are cut', async (_, config, limit) => {
  const files = folder(['Transformer'], { 'sentence_bert_config.json': config });
  expect(await sentenceLimit(files, signal)).toBe(limit);
});

test('a folder that is none of the library cuts nothing', async () => {
  const files = folder([], { 'sentence_bert_config.json': { max_seq_length: 128 } });
  const others = new Map([...files].filter(([path]) => path !== 'modules.json'));
  expect(await sentenceLimit(others, signal)).toBeUndefined();
});

describe('refuses', () => {
  async function failureOf(modules: string[], configs: Readonly<Record<string, object>>) {
    const outcome = await headOf(modules, configs).catch((error: unknown) => error);
    if (outcome instanceof FailureError) return outcome.failure;
    throw new Error('nothing was refused');
  }

  test.each([
    [['LSTM'], {}, 'sentence-transformers', 'LSTM'],
    [['Normalize', 'Dense'], {}, 'sentence-transformers', 'Dense'],
    [
      ['Pooling'],
      { '1_Pooling/config.json': { pooling_mode_weightedmean_tokens: true } },
      'pooling',
      'pooling_mode_weightedmean_tokens',
    ],
    [
      ['Pooling'],
      { '1_Pooling/config.json': { pooling_mode: 'mean_sqrt_len_tokens' } },
      'pooling',
      'mean_sqrt_len_tokens',
    ],
    [
      ['Dense'],
      { '1_Dense/config.json': { ...DENSE, activation_function: 'torch.nn.Softplus' } },
      'activation_function',
      'torch.nn.Softplus',
    ],
    [
      ['Dense'],
      { '1_Dense/config.json': { ...DENSE, module_input_name: 'token_embeddings' } },
      'module_input_name',
      'token_embeddings',
    ],
    [
      ['Dense'],
      { '1_Dense/config.json': { ...DENSE, use_residual: true } },
      'use_residual',
      'true',
    ],
  ])('%j with %j', async (modules, configs, what, detail) => {
    const failure = { code: 'checkpoint-unsupported', what, detail };
    expect(await failureOf(modules, configs)).toEqual(failure);
  });

  test('a pooling whose file is missing', async () => {
    expect(await failureOf(['Pooling'], {})).toEqual({
      code: 'checkpoint-missing',
      file: '1_Pooling/config.json',
    });
  });

  test('a list of modules that is none', async () => {
    const files = new Map([
      ['modules.json', bytesSource('modules.json', new TextEncoder().encode('{}'))],
    ]);
    await expect(sentenceHead(files, signal)).rejects.toThrow(FailureError);
  });
});
