import { expect, test } from 'vitest';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import type { ByteSource } from '../../../src/checkpoint/byte-source';
import { variantFiles } from '../../../src/graph/manifest';
import { buildPackage } from '../../../src/graph/package';
import type { PackageOptions, PackageSink } from '../../../src/graph/package';
import { failureOf } from '../checkpoint/failure-of';
import { floatFile } from '../checkpoint/safetensors-file';

const CONFIG = {
  model_type: 'llama',
  vocab_size: 70,
  hidden_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 16,
  intermediate_size: 48,
  max_position_embeddings: 8,
  tie_word_embeddings: true,
  eos_token_id: 0,
};

const SHAPES: Record<string, number[]> = {
  'model.embed_tokens.weight': [70, 32],
  'model.layers.0.input_layernorm.weight': [32],
  'model.layers.0.self_attn.q_proj.weight': [32, 32],
  'model.layers.0.self_attn.k_proj.weight': [16, 32],
  'model.layers.0.self_attn.v_proj.weight': [16, 32],
  'model.layers.0.self_attn.o_proj.weight': [32, 32],
  'model.layers.0.post_attention_layernorm.weight': [32],
  'model.layers.0.mlp.gate_proj.weight': [48, 32],
  'model.layers.0.mlp.up_proj.weight': [48, 32],
  'model.layers.0.mlp.down_proj.weight': [32, 48],
  'model.norm.weight': [32],
};

const OPTIONS: PackageOptions = { variants: ['cpu8', 'gpu4'], ports: true, logits: 'last' };

/** A checkpoint in memory; `reads` collects the ranges taken from its weights. */
function checkpoint(config: object, shapes: Record<string, number[]>, reads: number[][] = []) {
  const json = new TextEncoder().encode(JSON.stringify({ ...CONFIG, ...config }));
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const values = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0.5);
    return [name, { shape, values }] as const;
  });
  const bytes = floatFile(Object.fromEntries(tensors));
  const weights: ByteSource = {
    ...bytesSource('model.safetensors', bytes),
    read: (start, end) => {
      reads.push([start, end]);
      return Promise.resolve(bytes.subarray(start, end));
    },
  };
  return new Map([
    ['config.json', bytesSource('config.json', json)],
    ['model.safetensors', weights],
    ['tokenizer.json', bytesSource('tokenizer.json', Uint8Array.of(1, 2, 3))],
  ]);
}

function sink(): { files: Map<string, Uint8Array[]>; sink: PackageSink } {
  const files = new Map<string, Uint8Array[]>();
  const open: PackageSink['open'] = (path) => {
    const chunks: Uint8Array[] = [];
    files.set(path, chunks);
    return Promise.resolve({
      write: (chunk) => Promise.resolve(void chunks.push(chunk.slice())),
      close: () => Promise.resolve({ path, bytes: size(chunks), sha256: '' }),
    });
  };
  return { files, sink: { open } };
}

function size(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

const { signal } = new AbortController();

test('a package has the files its manifest names, and a stock loader finds its way', async () => {
  const { files, sink: target } = sink();
  const manifest = await buildPackage(checkpoint({}, SHAPES), OPTIONS, target, signal);
  expect([...files.keys()].sort()).toEqual([
    'config.json',
    'onnx/model_q4.onnx',
    'onnx/model_q4.onnx_data',
    'onnx/model_q4_ports.onnx',
    'onnx/model_quantized.onnx',
    'onnx/model_quantized.onnx_data',
    'onnx/model_quantized_ports.onnx',
    'patio.json',
    'tokenizer.json',
  ]);
  for (const file of manifest.variants.flatMap(variantFiles)) {
    expect(size(files.get(file.path) ?? [])).toBe(file.bytes);
  }
  expect(manifest).toMatchObject({
    family: 'llama',
    kind: 'decoder',
    head: { kind: 'causal-lm' },
    model: { vocab: 70, context: 8, bos: null, eos: [0], pad: null, decoderStart: null },
    topK: 64,
    tokenizer: ['tokenizer.json'],
  });
  expect(manifest.ports.map(({ a, in: rows, out }) => [a, rows, out])).toEqual([
    ['lora.0.qkv.A', 32, 64],
    ['lora.0.o.A', 32, 32],
    ['lora.0.gate_up.A', 32, 96],
    ['lora.0.down.A', 48, 32],
  ]);
  const config = JSON.parse(new TextDecoder().decode(files.get('config.json')?.[0])) as object;
  expect(config).toMatchObject({
    ...CONFIG,
    'transformers.js_config': { use_external_data_format: true },
  });
});

test('a graph without ports lies beside the one with them, for stock loaders', async () => {
  const { files, sink: target } = sink();
  const { variants } = await buildPackage(checkpoint({}, SHAPES), OPTIONS, target, signal);
  const names = (path: string) => Buffer.concat(files.get(path) ?? []).includes('lora.0.qkv.A');
  expect(names('onnx/model_quantized_ports.onnx')).toBe(true);
  expect(names('onnx/model_quantized.onnx')).toBe(false);
  expect(variants[0]?.graphs[0]?.model.path).toBe('onnx/model_quantized_ports.onnx');
  const bare = sink();
  await buildPackage(checkpoint({}, SHAPES), { ...OPTIONS, ports: false }, bare.sink, signal);
  for (const file of ['onnx/model_quantized.onnx', 'onnx/model_quantized.onnx_data']) {
    expect(Buffer.concat(files.get(file) ?? [])).toEqual(Buffer.concat(bare.files.get(file) ?? []));
  }
});

test('a tied table is stored once, and weights take one byte each', async () => {
  const { files, sink: target } = sink();
  const options = { ...OPTIONS, variants: ['cpu8'] } as const;
  await buildPackage(checkpoint({}, SHAPES), options, target, signal);
  const weights = Object.values(SHAPES).reduce(
    (sum, shape) => sum + shape.reduce((a, b) => a * b),
    0,
  );
  const bytes = size(files.get('onnx/model_quantized.onnx_data') ?? []);
  expect(bytes).toBeGreaterThan(weights);
  expect(bytes).toBeLessThan(1.3 * weights);
});

test.each([
  ['sizes that its tensors do not have', { vocab_size: 1_999_999 }, SHAPES, 'checkpoint-damaged'],
  ['a missing head', { tie_word_embeddings: false }, SHAPES, 'checkpoint-missing'],
  ['a missing layer', { num_hidden_layers: 2 }, SHAPES, 'checkpoint-missing'],
  ['a bent norm', {}, { ...SHAPES, 'model.norm.weight': [31] }, 'checkpoint-damaged'],
])('refuses %s before reading a weight', async (_, config, shapes, code) => {
  const reads: number[][] = [];
  const { files, sink: target } = sink();
  const built = buildPackage(checkpoint(config, shapes, reads), OPTIONS, target, signal);
  expect((await failureOf(built)).code).toBe(code);
  expect(reads).toHaveLength(2);
  expect(files.size).toBe(0);
});

test('stops when it is told to', async () => {
  const controller = new AbortController();
  controller.abort();
  const built = buildPackage(checkpoint({}, SHAPES), OPTIONS, sink().sink, controller.signal);
  await expect(built).rejects.toMatchObject({ name: 'AbortError' });
});
