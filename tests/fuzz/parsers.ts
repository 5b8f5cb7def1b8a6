/** Everything that reads a stranger's file. A new reader is one more row. */
import type fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { readAdapter } from '../../src/checkpoint/adapter';
import { bytesSource } from '../../src/checkpoint/byte-source';
import type { FileSet } from '../../src/checkpoint/byte-source';
import { openCheckpoint } from '../../src/checkpoint/checkpoint';
import type { WeightsStem } from '../../src/checkpoint/checkpoint';
import { parseObject } from '../../src/checkpoint/json-file';
import { linearPattern } from '../../src/checkpoint/linear-pattern';
import { openSafetensorsFile } from '../../src/checkpoint/safetensors';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { openTorchFile } from '../../src/checkpoint/torch-file';
import { refuse } from '../../src/domain/failure';
import { recognise, recogniseFolder } from '../../src/graph/recognise';
import { readCard } from '../../src/sources/card';
import { withTokenizer } from '../../src/sources/tokenizer-files';
import { openZip } from '../../src/sources/zip';
import { storedZip, torchZip } from '../unit/checkpoint/stored-zip';
import { byteMutation, jsonMutation } from './mutations';
import type { Mutate } from './mutations';

export interface ParserRow {
  readonly name: string;
  /** Sound files, to be changed. */
  readonly seeds: readonly Uint8Array[];
  readonly mutation: fc.Arbitrary<Mutate>;
  /** Makes the best of anything, and so refuses nothing. */
  readonly forgives?: true;
  /** Reads the file as the application would, and everything that it offers. */
  parse(bytes: Uint8Array, signal: AbortSignal): Promise<unknown>;
}

const FIXTURES = 'tests/fixtures';
const READING = `${FIXTURES}/reading`;

const load = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

function folder(path: string): Map<string, Uint8Array> {
  const entries = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(entries.map(({ name }) => [name, load(`${path}/${name}`)]));
}

function fileSet(files: ReadonlyMap<string, Uint8Array>, name: string, bytes: Uint8Array): FileSet {
  const changed = new Map([...files, [name, bytes] as const]);
  return new Map([...changed].map(([path, content]) => [path, bytesSource(path, content)]));
}

async function readAll(source: TensorSource, signal: AbortSignal): Promise<void> {
  for (const name of source.names()) {
    const elements = await source.read(name, signal);
    const count = source.info(name)?.shape.reduce((product, size) => product * size, 1);
    if (elements.length !== count) throw new Error(`${name} has ${elements.length} elements`);
  }
}

/** One file of a folder, changed, and the whole folder opened. */
function inFolder(
  path: string,
  name: string,
  mutation: fc.Arbitrary<Mutate>,
  stem: WeightsStem = 'model',
): ParserRow {
  const files = folder(`${READING}/${path}`);
  return {
    name: `${path}/${name}`,
    seeds: [load(`${READING}/${path}/${name}`)],
    mutation,
    parse: async (bytes, signal) =>
      readAll(await openCheckpoint(fileSet(files, name, bytes), stem, signal), signal),
  };
}

function inAdapter(path: string, name: string, mutation: fc.Arbitrary<Mutate>): ParserRow {
  const files = folder(`${READING}/${path}/adapter`);
  return {
    name: `${path}/adapter/${name}`,
    seeds: [load(`${READING}/${path}/adapter/${name}`)],
    mutation,
    parse: (bytes, signal) => readAdapter(fileSet(files, name, bytes), signal),
  };
}

/** The pickle alone is changed, within a zip that is sound: few changes of a whole zip reach it. */
function pickles(): ParserRow {
  const storage = new Uint8Array(2_048);
  const names = ['zip', 'protocol5', 'training'];
  return {
    name: 'pickle',
    seeds: names.map((name) => pickleOf(load(`${READING}/torch/${name}.bin`))),
    mutation: byteMutation,
    parse: async (bytes, signal) => {
      const storages = Array.from({ length: 24 }, () => storage);
      const file = bytesSource('m.bin', torchZip(bytes, storages));
      await readAll(await openTorchFile(file, signal), signal);
    },
  };
}

/** From the start of the pickle, which says its protocol, to the last stop before the next entry. */
function pickleOf(zip: Uint8Array): Uint8Array {
  const text = new TextDecoder('latin1').decode(zip);
  const start = zip.findIndex((byte, i) => byte === 0x80 && [2, 5].includes(zip[i + 1] ?? 0));
  const end = text.indexOf('PK', start);
  return zip.slice(start, text.lastIndexOf('.', end) + 1);
}

/** One of each model that the other tests are about. */
const CONFIGURATIONS = readdirSync(FIXTURES, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('/config.json') && !path.startsWith('reading/'))
  .sort()
  .map((path) => load(`${FIXTURES}/${path}`))
  .filter(isRecognised);

/** Fixtures of other readers have configurations as well. */
function isRecognised(bytes: Uint8Array): boolean {
  try {
    recognise(parseObject('config.json', bytes));
    return true;
  } catch {
    return false;
  }
}

const safetensors: ParserRow = {
  name: 'safetensors',
  seeds: [load(`${READING}/bitsandbytes/model.safetensors`).slice(0), ...smallSafetensors()],
  mutation: byteMutation,
  parse: async (bytes, signal) =>
    readAll(await openSafetensorsFile(bytesSource('m.safetensors', bytes), signal), signal),
};

function smallSafetensors(): Uint8Array[] {
  return [
    load(`${READING}/torch/reference.safetensors`),
    load(`${READING}/adapter-gpt2/adapter/adapter_model.safetensors`),
  ];
}

const torchFiles = (name: string, forms: readonly string[]): ParserRow => ({
  name,
  seeds: forms.map((form) => load(`${READING}/torch/${form}.bin`)),
  mutation: byteMutation,
  parse: async (bytes, signal) =>
    readAll(await openTorchFile(bytesSource('m.bin', bytes), signal), signal),
});

const config = (name: string, mutation: fc.Arbitrary<Mutate>): ParserRow => ({
  name,
  seeds: CONFIGURATIONS,
  mutation,
  parse: (bytes, signal) => recogniseFolder(fileSet(new Map(), 'config.json', bytes), signal),
});

const pattern: ParserRow = {
  name: 'pattern of an adapter',
  seeds: ['layers\\.(0|1|1[0-9])\\.self_attn', '.*[qv]_proj', '(a{2,3}|b+)*c?'].map((text) =>
    new TextEncoder().encode(text),
  ),
  mutation: byteMutation,
  parse: (bytes) => {
    const compiled = linearPattern(new TextDecoder().decode(bytes));
    if (compiled === null) return refuse({ code: 'adapter-unsupported', detail: 'pattern' });
    return Promise.resolve(compiled.matches('model.layers.11.self_attn.q_proj'.repeat(4)));
  },
};

const zip: ParserRow = {
  name: 'zip',
  seeds: [
    load(`${READING}/torch/zip.bin`),
    storedZip([
      { name: 'm/config.json', bytes: new TextEncoder().encode('{}') },
      { name: 'm/model.safetensors', bytes: load(`${READING}/torch/reference.safetensors`) },
    ]),
  ],
  mutation: byteMutation,
  parse: async (bytes, signal) => {
    const { files } = await openZip(new File([new Uint8Array(bytes)], 'm.zip'), signal);
    for (const file of files.values()) await file.read(0, Math.min(file.size, 5_000), signal);
  },
};

const TOKENIZERS = `${FIXTURES}/tokenizers`;

/** A slow tokenizer's folder with one of its files changed, made into `tokenizer.json`. */
function tokenizer(family: string, name: string, mutation: fc.Arbitrary<Mutate>): ParserRow {
  const files = folder(`${TOKENIZERS}/${family}`);
  return {
    name: `tokenizer of ${family}: ${name}`,
    seeds: [load(`${TOKENIZERS}/${family}/${name}`)],
    mutation,
    parse: (bytes, signal) => withTokenizer(fileSet(files, name, bytes), signal),
  };
}

/** The folders of sentence-transformers, where `modules.json` names what is done in which order. */
function sentences(name: string): ParserRow {
  const root = `${FIXTURES}/bert-embedding`;
  const files = new Map(
    ['config.json', 'modules.json', '1_Pooling/config.json'].map((path) => [
      path,
      load(`${root}/${path}`),
    ]),
  );
  return {
    name: `sentence-transformers: ${name}`,
    seeds: [load(`${root}/${name}`)],
    mutation: jsonMutation,
    parse: (bytes, signal) => recogniseFolder(fileSet(files, name, bytes), signal),
  };
}

const card: ParserRow = {
  name: 'card',
  seeds: [
    `---\nlicense: apache-2.0\nlanguage: [es, gl]\nbase_model: &b\n  - some/base\ntags: *b\n---\n# Hola`,
  ].map((text) => new TextEncoder().encode(text)),
  mutation: byteMutation,
  forgives: true,
  parse: (bytes, signal) => readCard(fileSet(new Map(), 'README.md', bytes), signal),
};

export const PARSERS: readonly ParserRow[] = [
  safetensors,
  inFolder('bitsandbytes', 'model.safetensors', byteMutation),
  inFolder('bert-bin-shards', 'pytorch_model.bin.index.json', jsonMutation),
  inFolder('bert-bin-shards', 'pytorch_model-00001-of-00002.bin', byteMutation),
  pickles(),
  torchFiles('torch zip', ['zip', 'protocol5', 'training']),
  torchFiles('torch legacy', ['legacy']),
  config('config.json, its values', jsonMutation),
  config('config.json, its bytes', byteMutation),
  inAdapter('adapter-patterns', 'adapter_config.json', jsonMutation),
  inAdapter('adapter-patterns', 'adapter_model.safetensors', byteMutation),
  inAdapter('adapter-head', 'adapter_model.bin', byteMutation),
  pattern,
  zip,
  sentences('modules.json'),
  sentences('1_Pooling/config.json'),
  tokenizer('t5', 'spiece.model', byteMutation),
  tokenizer('bert-cased', 'vocab.txt', byteMutation),
  tokenizer('gpt2', 'merges.txt', byteMutation),
  tokenizer('gpt2', 'vocab.json', jsonMutation),
  tokenizer('bert-cased', 'tokenizer_config.json', jsonMutation),
  card,
];
