import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openSafetensors } from '../../../src/checkpoint/safetensors.ts';
import type { Device } from '../../../src/domain/device.ts';
import {
  canStart,
  type Finding,
  type Preflight,
  type PreflightVariant,
} from '../../../src/domain/preflight.ts';
import { buildPackage, type PackageSink } from '../../../src/graph/package.ts';
import { variantBytes } from '../../../src/graph/manifest.ts';
import { openSource } from '../../../src/sources/open.ts';
import { preflight } from '../../../src/sources/preflight.ts';
import { withTokenizer } from '../../../src/sources/tokenizer-files.ts';

const NEVER = new AbortController().signal;
const CPU: Device = { threads: 4, isolated: true, jspi: true, memoryBytes: null, gpu: null };
const GPU: Device = {
  ...CPU,
  gpu: {
    ...{ description: 'x', software: false, f16: true },
    ...{ maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 },
  },
};

type Files = Readonly<Record<string, string | Uint8Array>>;

/** The files of fixtures, the later ones over the earlier, and what a test puts in their place. */
function folder(
  fixtures: readonly string[],
  change: Readonly<Record<string, string | null>> = {},
): Files {
  const files: Record<string, string | Uint8Array> = {};
  for (const fixture of fixtures) {
    const path = `tests/fixtures/${fixture}`;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isFile() && !/^(?:reference|expected)\./u.test(entry.name)) {
        files[entry.name] = readFileSync(`${path}/${entry.name}`);
      }
    }
  }
  for (const [path, text] of Object.entries(change)) {
    if (text === null) Reflect.deleteProperty(files, path);
    else files[path] = text;
  }
  return files;
}

function open(files: Files) {
  const list = Object.entries(files).map(([path, content]) => ({
    path: `modelo/${path}`,
    file: new File([content as string], path),
  }));
  return openSource({ kind: 'files', name: 'modelo', files: list }, NEVER);
}

async function inspect(files: Files, device = CPU, free: number | null = null): Promise<Preflight> {
  return preflight(await open(files), device, NEVER, free);
}

function codes({ findings }: Preflight, severity?: Finding['severity']): string[] {
  return findings
    .filter((finding) => severity === undefined || finding.severity === severity)
    .map(({ code }) => code);
}

/** A tokenizer with as many pieces as a tiny model has rows. */
function tokenizerOf(pieces: number, added: readonly number[] = []): string {
  const vocab = Object.fromEntries(Array.from({ length: pieces }, (_, id) => [`p${id}`, id]));
  return JSON.stringify({
    ...{
      version: '1.0',
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
    },
    added_tokens: added.map((id) => ({ id, content: `<${id}>`, special: true })),
    model: { type: 'BPE', vocab, merges: [] },
  });
}

const VOCAB = (
  JSON.parse(readFileSync('tests/fixtures/llama-tied/config.json', 'utf8')) as {
    vocab_size: number;
  }
).vocab_size;
const CARD =
  '---\nlicense: apache-2.0\nlanguage: es\nbase_model: autor/base\ndatasets: [a, b]\n---\n';
const LLAMA = { 'tokenizer.json': tokenizerOf(VOCAB), 'README.md': CARD };

it('tells what a decoder is, and what building it will store, to the byte', async () => {
  const files = folder(['llama-tied'], LLAMA);
  const seen = await inspect(files);
  expect(seen).toMatchObject({
    ...{ kind: 'checkpoint', name: 'modelo', root: '', family: 'llama', modelType: 'llama' },
    ...{ head: 'causal-lm', tasks: ['text-generation'], vocabulary: VOCAB, license: 'apache-2.0' },
    ...{ languages: ['es'], datasets: ['a', 'b'], base: { name: 'autor/base', license: null } },
    ...{ tokenizer: { status: 'ready' }, chatTemplate: false, downloadBytes: 0, chosen: 'cpu8' },
  });
  expect(codes(seen)).toEqual(['chat-template-missing', 'license-base']);
  expect(canStart(seen)).toBe(true);
  const sink: PackageSink = {
    open: (path) => {
      let bytes = 0;
      return Promise.resolve({
        write: (chunk) => Promise.resolve(void (bytes += chunk.length)),
        close: () => Promise.resolve({ path, bytes, sha256: '' }),
      });
    },
  };
  const opened = await withTokenizer((await open(files)).files, NEVER);
  const options = { variants: ['cpu8', 'gpu4'], ports: true, logits: 'last' } as const;
  const built = await buildPackage(opened, options, sink, NEVER);
  expect(seen.variants.map(({ id, storedBytes }) => [id, storedBytes])).toEqual(
    built.variants.map((variant) => [variant.id, variantBytes(variant)]),
  );
});

it('counts the parameters of a checkpoint in shards', async () => {
  const files = folder(['llama-untied'], LLAMA);
  const { parameters, dtypes, readBytes } = await inspect(files);
  const source = await openSafetensors((await open(files)).files, 'model', NEVER);
  const sizes = source
    .names()
    .map((name) => source.info(name)?.shape.reduce((a, b) => a * b, 1) ?? 0);
  expect(parameters).toBe(sizes.reduce((a, b) => a + b, 0));
  expect(dtypes).toHaveLength(1);
  const shards = Object.entries(files).filter(([path]) => path.includes('.safetensors'));
  const bytes = shards.reduce((sum, [, { length }]) => sum + length, 0);
  expect(readBytes).toBeGreaterThanOrEqual(bytes);
});

it('reads headers, never weights', async () => {
  const opened = await open(folder(['llama-tied'], LLAMA));
  const read: number[] = [];
  const files = new Map(
    [...opened.files].map(([path, file]) => [
      path,
      {
        ...file,
        read: (start: number, end: number, signal: AbortSignal) => {
          if (path === 'model.safetensors') read.push(end);
          return file.read(start, end, signal);
        },
      },
    ]),
  );
  await preflight({ ...opened, files }, CPU, NEVER);
  const weights = readFileSync('tests/fixtures/llama-tied/model.safetensors');
  const header = 8 + Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
  expect(read.length).toBeGreaterThan(0);
  expect(Math.max(...read)).toBe(header);
});

it('is plain data', async () => {
  const seen = await inspect(folder(['llama-tied'], LLAMA));
  expect(structuredClone(seen)).toEqual(seen);
});

it('sees a chat template wherever it is', async () => {
  const config = JSON.stringify({ chat_template: '{{ messages }}' });
  for (const change of [{ 'chat_template.jinja': 'x' }, { 'tokenizer_config.json': config }]) {
    const seen = await inspect(folder(['llama-tied'], { ...LLAMA, ...change }));
    expect(seen).toMatchObject({ chatTemplate: true, tasks: ['chat', 'text-generation'] });
  }
});

it('tells a classifier with its labels and the tokenizer made for it', async () => {
  const seen = await inspect(folder(['tokenizers/bert-cased', 'bert-classification']));
  expect(seen).toMatchObject({ family: 'bert', head: 'sequence-classification' });
  expect(seen.labels.length).toBeGreaterThan(1);
  expect(seen.tokenizer).toEqual({ status: 'converted', from: ['vocab.txt'] });
  expect(codes(seen)).toContain('tokenizer-converted');
});

it.each<[string, Readonly<Record<string, string | null>>, string, string]>([
  ['no weights', { 'model.safetensors': null }, 'weights-missing', 'stop'],
  ['TensorFlow only', { 'model.safetensors': null, 'tf_model.h5': 'x' }, 'weights-foreign', 'stop'],
  ['GGUF only', { 'model.safetensors': null, 'modelo.gguf': 'x' }, 'weights-foreign', 'stop'],
  ['no tokenizer', { 'tokenizer.json': null }, 'tokenizer-missing', 'stop'],
  [
    'a tokenizer of another kind',
    { 'tokenizer.json': null, 'tokenizer.model': 'x' },
    'tokenizer-unreadable',
    'stop',
  ],
  ['a tokenizer of no kind', { 'tokenizer.json': '{}' }, 'tokenizer-unreadable', 'stop'],
  [
    'a larger vocabulary',
    { 'tokenizer.json': tokenizerOf(VOCAB + 1) },
    'tokenizer-foreign',
    'stop',
  ],
  ['a tiny vocabulary', { 'tokenizer.json': tokenizerOf(10) }, 'tokenizer-foreign', 'warn'],
  [
    'an added token without a row',
    { 'tokenizer.json': tokenizerOf(VOCAB, [VOCAB]) },
    'tokenizer-foreign',
    'note',
  ],
  ['no licence', { 'README.md': '# x' }, 'license-missing', 'warn'],
  [
    'a licence with limits',
    { 'README.md': '---\nlicense: cc-by-nc-4.0\n---\n' },
    'license-noncommercial',
    'note',
  ],
  ['a damaged card', { 'README.md': '---\nlicense: [\n---\n' }, 'card-damaged', 'note'],
  ['what training left', { 'optimizer.pt': 'xxxx' }, 'leftovers', 'note'],
  ['a truncated file', { 'model.safetensors': 'x' }, 'refused', 'stop'],
  ['a damaged configuration', { 'config.json': '{' }, 'refused', 'stop'],
  ['an unknown family', { 'config.json': '{"model_type":"mamba"}' }, 'refused', 'stop'],
])('finds %s', async (_, change, code, severity) => {
  const seen = await inspect(folder(['llama-tied'], { ...LLAMA, ...change }));
  expect(seen.findings).toContainEqual(expect.objectContaining({ code, severity }));
  expect(canStart(seen)).toBe(severity !== 'stop');
});

it('puts first what stops it', async () => {
  const seen = await inspect(folder(['llama-tied'], { 'tokenizer.json': null }));
  expect(seen.findings.map(({ severity }) => severity)).toEqual(['stop', 'warn', 'note']);
});

it('weighs the device and the room that is left', async () => {
  const files = folder(['llama-tied'], LLAMA);
  const limited = (maxBufferSize: number) => ({
    ...GPU,
    gpu: { ...(GPU.gpu as NonNullable<Device['gpu']>), maxBufferSize },
  });
  const seen = await inspect(files, GPU);
  expect(seen.chosen).toBe('gpu4');
  const { largestWeightBytes = 0, storedBytes } = seen.variants[1] as PreflightVariant;
  expect(largestWeightBytes).toBeLessThan(storedBytes);
  expect((await inspect(files, limited(largestWeightBytes))).chosen).toBe('gpu4');
  expect((await inspect(files, limited(largestWeightBytes - 1))).chosen).toBe('cpu8');
  expect(codes(await inspect(files, CPU, 10))).toContain('storage-short');
  expect(codes(await inspect(files, CPU, 1e9))).not.toContain('storage-short');
});

it('tells an adapter and the base that it needs', async () => {
  const files = folder(['llama-tied/adapter'], { 'README.md': CARD });
  const seen = await inspect(files);
  const config = JSON.parse(
    readFileSync('tests/fixtures/llama-tied/adapter/adapter_config.json', 'utf8'),
  ) as { r: number; lora_alpha: number; base_model_name_or_path: string };
  expect(seen).toMatchObject({
    ...{ kind: 'adapter', family: null, variants: [], chosen: null },
    adapter: { rank: config.r, alpha: config.lora_alpha },
  });
  expect(seen.parameters).toBeGreaterThan(0);
  expect(canStart(seen)).toBe(true);
  const dora = JSON.stringify({ ...config, use_dora: true });
  const refused = await inspect({ ...files, 'adapter_config.json': dora });
  expect(refused.findings).toContainEqual({
    ...{ severity: 'stop', code: 'refused' },
    failure: { code: 'adapter-unsupported', detail: 'DoRA' },
  });
});

const ONNX = {
  'config.json': JSON.stringify({
    model_type: 'bert',
    architectures: ['BertForTokenClassification'],
    vocab_size: 9,
    id2label: { 0: 'O' },
  }),
  'tokenizer.json': tokenizerOf(9),
  'onnx/model.onnx': 'x'.repeat(400),
  'onnx/model_quantized.onnx': 'x'.repeat(100),
  'onnx/model_q4.onnx': 'x'.repeat(10),
  'onnx/model_q4.onnx_data': 'x'.repeat(20),
  'onnx/model_q4.onnx_data_1': 'x'.repeat(30),
};

it('tells the dtypes of a repository made for transformers.js', async () => {
  const seen = await inspect(ONNX, GPU);
  expect(seen).toMatchObject({
    ...{ kind: 'onnx', head: 'token-classification', tasks: ['token-classification'] },
    ...{ labels: ['O'], chosen: 'gpu4', dtypes: ['fp32', 'q8', 'q4'] },
  });
  expect(seen.onnx?.dtypes.map(({ id, bytes }) => [id, bytes])).toEqual([
    ['fp32', 400],
    ['q8', 100],
    ['q4', 60],
  ]);
  expect(seen.variants.map(({ id, storedBytes }) => [id, storedBytes])).toEqual([
    ['cpu8', 100],
    ['gpu4', 60],
  ]);
  expect(canStart(seen)).toBe(true);
});

it('counts one decoder, not its halves, and needs a task', async () => {
  const graphs = [
    'encoder_model',
    'decoder_model',
    'decoder_with_past_model',
    'decoder_model_merged',
  ];
  const onnx = Object.fromEntries(
    graphs.map((name) => [`onnx/${name}_quantized.onnx`, 'x'.repeat(10)]),
  );
  const files = { 'config.json': '{"model_type":"t5"}', 'tokenizer.json': tokenizerOf(9), ...onnx };
  const unknown = await inspect(files);
  expect(unknown.onnx?.dtypes).toEqual([
    {
      id: 'q8',
      bytes: 20,
      files: ['onnx/encoder_model_quantized.onnx', 'onnx/decoder_model_merged_quantized.onnx'],
    },
  ]);
  expect(codes(unknown, 'stop')).toEqual(['onnx-task-unknown']);
  const tagged = await inspect({ ...files, 'README.md': '---\npipeline_tag: translation\n---\n' });
  expect(tagged.tasks).toEqual(['text2text-generation']);
});
