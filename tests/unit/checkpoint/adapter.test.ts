import { describe, expect, test } from 'vitest';
import { adapterBase, readAdapter } from '../../../src/checkpoint/adapter';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import { failureOf } from './failure-of';
import { floatFile } from './safetensors-file';

const { signal } = new AbortController();
const Q = 'model.layers.0.self_attn.q_proj';
const key = (half: string, module = Q) => `base_model.model.${module}.lora_${half}.weight`;
const A = { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] };
const B = { shape: [1, 2], values: [10, 20] };
const CONFIG = { peft_type: 'LORA', r: 2, lora_alpha: 8, bias: 'none' };

type Tensors = Parameters<typeof floatFile>[0];

function read(config: object, tensors: Tensors = { [key('A')]: A, [key('B')]: B }) {
  const json = new TextEncoder().encode(JSON.stringify(config));
  const files = new Map([
    ['adapter_config.json', bytesSource('adapter_config.json', json)],
    ['adapter_model.safetensors', bytesSource('adapter_model.safetensors', floatFile(tensors))],
  ]);
  return readAdapter(files, signal);
}

async function scaleOf(config: object): Promise<number> {
  const adapter = await read({ ...CONFIG, ...config });
  return (adapter.modules.get(Q)?.B[0] ?? NaN) / 10;
}

test('folds the scale into B and keeps A', async () => {
  const { modules } = await read(CONFIG);
  expect([...modules.keys()]).toEqual([Q]);
  expect(modules.get(Q)).toEqual({
    rank: 2,
    in: 3,
    out: 1,
    A: Float32Array.from(A.values),
    B: Float32Array.of(40, 80),
  });
});

test.each([
  ['alpha over rank', {}, 4],
  ['alpha over the root of the rank', { use_rslora: true }, 8 / Math.SQRT2],
  ['alpha of the module', { alpha_pattern: { q_proj: 6 } }, 3],
  ['alpha by the whole name', { alpha_pattern: { [`^${Q}`]: 6 } }, 3],
  ['alpha of another module', { alpha_pattern: { proj: 6, v_proj: 2 } }, 4],
  ['rank of the module', { r: 16, rank_pattern: { 'self_attn.q_proj': 2 } }, 4],
  ['a real expression', { alpha_pattern: { 'layers\\.(0|1)\\.self_attn\\.[qk]_proj': 6 } }, 3],
  ['an expression of other layers', { alpha_pattern: { 'layers\\.[1-9]\\..*': 6 } }, 4],
  ['the first key that fits', { alpha_pattern: { '.*q_proj': 6, q_proj: 2 } }, 3],
  ['escaped dots', { alpha_pattern: { 'layers\\.0\\.self_attn\\.q_proj$': 2 } }, 1],
])('scales by %s', async (_, config, expected) => {
  expect(await scaleOf(config)).toBeCloseTo(expected, 5);
});

const LORA = { [key('A')]: A, [key('B')]: B };
const HEAD = { shape: [2], values: [7, 8] };

describe('keeps whole tensors under the names of the base', () => {
  test.each([
    ['base_model.model.score.weight', { modules_to_save: ['score'] }, 'score.weight'],
    [
      'base_model.model.classifier.dense.bias',
      { modules_to_save: ['classifier'] },
      'classifier.dense.bias',
    ],
    ['base_model.model.classifier.weight', { task_type: 'TOKEN_CLS' }, 'classifier.weight'],
    ['base_model.model.qa_outputs.bias', { task_type: 'QUESTION_ANS' }, 'qa_outputs.bias'],
    [
      'base_model.model.score.modules_to_save.default.weight',
      { modules_to_save: ['score'] },
      'score.weight',
    ],
    ['base_model.model.lm_head.weight', {}, 'lm_head.weight'],
    ['base_model.model.model.embed_tokens.base_layer.weight', {}, 'model.embed_tokens.weight'],
  ])('%s with %j', async (stored, config, name) => {
    const { saved } = await read({ ...CONFIG, ...config }, { ...LORA, [stored]: HEAD });
    expect([...saved]).toEqual([[name, { shape: [2], data: Float32Array.of(7, 8) }]]);
  });

  test('and refuses by name what nobody said was saved', async () => {
    const stranger = 'base_model.model.pooler.weight';
    const failure = await failureOf(read(CONFIG, { ...LORA, [stranger]: HEAD }));
    expect(failure).toEqual({ code: 'adapter-unsupported', detail: stranger });
  });
});

test.each([
  ['an embedding table', {}, { embedding_A: A, embedding_B: B }],
  ['the layers of GPT-2', { fan_in_fan_out: true }, { 'A.weight': A, 'B.weight': B }],
])('%s lies the other way round', async (_, config, halves) => {
  const tensors = Object.entries(halves).map(([half, value]) => [`${Q}.lora_${half}`, value]);
  const { modules } = await read({ ...CONFIG, ...config }, Object.fromEntries(tensors));
  expect(modules.get(Q)?.transposed).toBe(true);
});

test('whose it is', () => {
  const config = { base_model_name_or_path: 'a/b', revision: null, task_type: 'SEQ_CLS' };
  expect(adapterBase(config)).toEqual({ base: 'a/b', revision: null, task: 'SEQ_CLS' });
  expect(adapterBase({})).toEqual({ base: null, revision: null, task: null });
});

test('patterns of a stranger take no longer than they may', async () => {
  const patterns = Array.from({ length: 50 }, (_, i) => [`(a|b|.*)*${i}.*.*`, 1] as const);
  const modules = Array.from({ length: 3_000 }, (_, i) => `m${i}.${'a'.repeat(100)}`);
  const tensors = modules.flatMap((name) => [
    [key('A', name), A],
    [key('B', name), B],
  ]);
  const start = performance.now();
  const config = { ...CONFIG, alpha_pattern: Object.fromEntries(patterns) };
  const failure = await failureOf(read(config, Object.fromEntries(tensors)));
  expect(failure).toMatchObject({ detail: 'rank_pattern, alpha_pattern' });
  expect(performance.now() - start).toBeLessThan(2_000);
});

describe('refuses by name', () => {
  test.each([
    [{ use_dora: true }, 'DoRA'],
    [{ peft_type: 'IA3' }, 'peft_type IA3'],
    [{ bias: 'lora_only' }, 'bias lora_only'],
    [{ init_lora_weights: 'pissa_niter_4' }, 'init_lora_weights pissa_niter_4'],
    [{ target_parameters: ['experts.0'] }, 'target_parameters'],
    [{ alpha_pattern: { '(?=q)': 3 } }, 'pattern (?=q)'],
  ])('%j', async (config, detail) => {
    const failure = await failureOf(read({ ...CONFIG, ...config }));
    expect(failure).toEqual({ code: 'adapter-unsupported', detail });
  });

  test('a tensor that is no LoRA matrix', async () => {
    const stranger = `base_model.model.${Q}.lora_magnitude_vector`;
    const failure = await failureOf(read(CONFIG, { [stranger]: B }));
    expect(failure).toEqual({ code: 'adapter-unsupported', detail: stranger });
  });

  test('half a pair', async () => {
    expect((await failureOf(read(CONFIG, { [key('A')]: A }))).code).toBe('adapter-unsupported');
  });
});

test.each([
  [{ r: 3 }, { [key('A')]: A, [key('B')]: B }],
  [{}, { [key('A')]: A, [key('B')]: { shape: [2, 1], values: [1, 2] } }],
  [{}, { [key('A')]: { shape: [6], values: A.values }, [key('B')]: B }],
  [{ lora_alpha: 'much' }, { [key('A')]: A, [key('B')]: B }],
])('sees damage in %j', async (config, tensors) => {
  const failure = await failureOf(read({ ...CONFIG, ...config }, tensors));
  expect(failure.code).toBe('checkpoint-damaged');
});

test('misses its files', async () => {
  const failure = await failureOf(readAdapter(new Map(), signal));
  expect(failure).toEqual({ code: 'checkpoint-missing', file: 'adapter_config.json' });
});
