import { expect, test } from 'vitest';
import type { AdaptedModule, Adapter, SavedTensor } from '../../../src/checkpoint/adapter';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import type { FileSet } from '../../../src/checkpoint/byte-source';
import { adaptedConfig } from '../../../src/graph/adapted-config';
import { buildPackage } from '../../../src/graph/package';
import type { PackageSink } from '../../../src/graph/package';
import { failureOf } from '../checkpoint/failure-of';
import { floatFile } from '../checkpoint/safetensors-file';

const { signal } = new AbortController();
const CONFIG = {
  model_type: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  vocab_size: 12,
  n_embd: 8,
  n_layer: 1,
  n_head: 2,
  n_positions: 8,
};
const SHAPES = {
  'transformer.wte.weight': [12, 8],
  'transformer.wpe.weight': [8, 8],
  'transformer.h.0.ln_1.weight': [8],
  'transformer.h.0.ln_1.bias': [8],
  'transformer.h.0.attn.c_attn.weight': [8, 24],
  'transformer.h.0.attn.c_attn.bias': [24],
  'transformer.h.0.attn.c_proj.weight': [8, 8],
  'transformer.h.0.attn.c_proj.bias': [8],
  'transformer.h.0.ln_2.weight': [8],
  'transformer.h.0.ln_2.bias': [8],
  'transformer.h.0.mlp.c_fc.weight': [8, 32],
  'transformer.h.0.mlp.c_fc.bias': [32],
  'transformer.h.0.mlp.c_proj.weight': [32, 8],
  'transformer.h.0.mlp.c_proj.bias': [8],
  'transformer.ln_f.weight': [8],
  'transformer.ln_f.bias': [8],
};
const LORA: AdaptedModule = {
  rank: 1,
  in: 8,
  out: 24,
  A: new Float32Array(8).fill(1),
  B: new Float32Array(24).fill(1),
};
const TARGET = { 'transformer.h.0.attn.c_attn': LORA };

function base(): FileSet {
  const weights = Object.entries(SHAPES).map(([name, shape]) => {
    const values = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0.1);
    return [name, { shape, values }] as const;
  });
  const json = new TextEncoder().encode(JSON.stringify(CONFIG));
  const bytes = floatFile(Object.fromEntries(weights));
  return new Map([
    ['config.json', bytesSource('config.json', json)],
    ['model.safetensors', bytesSource('model.safetensors', bytes)],
  ]);
}

function adapter(
  saved: Readonly<Record<string, SavedTensor>>,
  modules: Readonly<Record<string, AdaptedModule>> = TARGET,
): Adapter {
  return { modules: new Map(Object.entries(modules)), saved: new Map(Object.entries(saved)) };
}

function ones(...shape: number[]): SavedTensor {
  return { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1) };
}

function build(over: Adapter, written: string[] = []) {
  const sink: PackageSink = {
    open: (path) => {
      written.push(path);
      return Promise.resolve({
        write: () => Promise.resolve(),
        close: () => Promise.resolve({ path, bytes: 0, sha256: '' }),
      });
    },
  };
  const options = { variants: ['fp32'], ports: false, logits: 'last', adapter: over } as const;
  return buildPackage(base(), options, sink, signal);
}

test('a table with tokens that training added makes the vocabulary as long', async () => {
  const { model } = await build(adapter({ 'transformer.wte.weight': ones(15, 8) }));
  expect(model.vocab).toBe(15);
});

test('of a tied model, table and head may both be saved, if they are one', async () => {
  const table = ones(15, 8);
  const tied = { 'transformer.wte.weight': table, 'lm_head.weight': table };
  expect((await build(adapter(tied))).model.vocab).toBe(15);
  const apart = { ...tied, 'score.weight': ones(2, 8) };
  expect(await failureOf(build(adapter(apart)))).toEqual({
    code: 'adapter-unsupported',
    detail: 'score.weight',
  });
});

test('what no graph asks for is refused by name before anything is written', async () => {
  const written: string[] = [];
  const down = { ...LORA, in: 32, out: 8, A: new Float32Array(32), B: new Float32Array(8) };
  const elsewhere = { ...TARGET, 'transformer.h.0.mlp.c_proj': down };
  const foreign = adapter({ 'v_head.summary.weight': ones(1, 8) }, elsewhere);
  expect(await failureOf(build(foreign, written))).toEqual({
    code: 'adapter-unsupported',
    detail: 'v_head.summary.weight',
  });
  expect(written).toEqual([]);
});

test('a classifier over a base saved with its head for words is a classifier', () => {
  const config = {
    architectures: ['RobertaForMaskedLM'],
    vocab_size: 12,
    id2label: { 0: 'A', 1: 'B' },
  };
  const trained = { ...adapter({ 'classifier.out_proj.weight': ones(3, 8) }), task: 'SEQ_CLS' };
  expect(adaptedConfig(config, trained)).toEqual({
    architectures: ['RobertaForSequenceClassification'],
    vocab_size: 12,
    num_labels: 3,
  });
  const same = { ...config, architectures: ['RobertaForSequenceClassification'] };
  expect(adaptedConfig(same, trained)).toBe(same);
  expect(adaptedConfig(config, { ...trained, task: 'CAUSAL_LM' })).toBe(config);
});
