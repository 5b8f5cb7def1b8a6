import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Device } from '../../../src/domain/device';
import type { BuildOrder } from '../../../src/engine/builder';
import { openSource } from '../../../src/sources/open';
import type { Origin } from '../../../src/sources/origin';
import { preflight } from '../../../src/sources/preflight';
import type { PackageStore, StoredPackage } from '../../../src/storage/packages';
import { build } from '../../../workers/build';
import { failureOf } from '../checkpoint/failure-of';

const { signal } = new AbortController();
const DEVICE: Device = { threads: 1, isolated: true, jspi: true, memoryBytes: null, gpu: null };
const FIXTURES = 'tests/fixtures';
const TOKENIZER = `${FIXTURES}/bert-embedding`;

/** A folder as a person drops it, with files of others or texts of its own. */
function dropped(
  name: string,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Origin {
  const paths = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => /\.(?:json|safetensors|md)$/u.test(path));
  const own = paths.map((path) => [path, readFileSync(`${folder}/${path}`)] as const);
  const all = new Map<string, string | Uint8Array<ArrayBuffer>>([
    ...own.map(([path, bytes]) => [path, new Uint8Array(bytes)] as const),
    ...Object.entries(more),
  ]);
  const files = [...all].map(([path, content]) => ({
    path: `${name}/${path}`,
    file: new File([content], path),
  }));
  return { kind: 'files', name, files };
}

/** Keeps what is committed, and forgets what is not. */
function memoryStore() {
  const files = new Map<string, Uint8Array>();
  const entries: StoredPackage[] = [];
  let pending = new Map<string, Uint8Array>();
  const draft: PackageStore['draft'] = (id) =>
    Promise.resolve({
      id,
      open: (path) => {
        const chunks: Uint8Array[] = [];
        return Promise.resolve({
          write: (chunk) => Promise.resolve(void chunks.push(chunk.slice())),
          close: () => {
            const bytes = new Uint8Array(Buffer.concat(chunks));
            pending.set(path, bytes);
            return Promise.resolve({ path, bytes: bytes.length, sha256: '' });
          },
        });
      },
      commit: (entry) => {
        for (const [path, bytes] of pending) files.set(path, bytes);
        return Promise.resolve(void entries.push(entry));
      },
      abandon: () => {
        pending = new Map();
        return Promise.resolve();
      },
    });
  return { store: { draft } as unknown as PackageStore, files, entries };
}

async function order(origin: Origin, adapter: BuildOrder['adapter']): Promise<BuildOrder> {
  const seen = await preflight(await openSource(origin, signal), DEVICE, signal);
  return { origin, preflight: seen, name: 'Prueba', variants: ['cpu8'], adapter };
}

function told(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

const tokenizer = { 'tokenizer.json': readFileSync(`${TOKENIZER}/tokenizer.json`, 'utf8') };

test('a model is stored with a README that says no more than its own', async () => {
  const { store, files, entries } = memoryStore();
  const readme = '---\nlicense: cc-by-4.0\nlanguage: es\nbase_model: casa/base\n---\n';
  const origin = dropped('mio', TOKENIZER, { 'README.md': readme });
  await build(await order(origin, null), store, () => undefined, signal);
  expect(entries).toMatchObject([{ head: 'embedding', tasks: ['sentence-similarity'] }]);
  expect([...files.keys()].sort()).toEqual([
    'README.md',
    'config.json',
    'onnx/model_quantized.onnx',
    'onnx/model_quantized.onnx_data',
    'patio.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  const draft = told(files.get('README.md'));
  expect(draft).toContain('license: cc-by-4.0\n');
  expect(draft).toContain('- Del modelo base casa/base: no consta aquí');
});

test('a merged adapter is a model of its own, with the head, the classes and the base it has', async () => {
  const { store, files, entries } = memoryStore();
  const folder = `${FIXTURES}/roberta-classification`;
  const config = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8')) as object;
  const headless = { ...config, architectures: ['RobertaForMaskedLM'], id2label: undefined };
  const base = dropped('base', folder, {
    ...tokenizer,
    'config.json': JSON.stringify(headless),
    'README.md': '---\nlicense: mit\n---\n',
  });
  const origin = dropped('lora', `${folder}/adapter`);
  const asked = await order(origin, { kind: 'merged', base });
  await build(asked, store, () => undefined, signal);
  const [entry] = entries;
  expect(entry).toMatchObject({
    head: 'sequence-classification',
    family: 'roberta',
    tasks: ['text-classification'],
    adapterOf: null,
  });
  expect(entry?.labels).toHaveLength(
    (JSON.parse(told(files.get('patio.json'))) as { head: { labels: string[] } }).head.labels
      .length,
  );
  expect(entry?.parameters).toBeGreaterThan(asked.preflight.parameters ?? Infinity);
  expect(told(files.get('README.md'))).toMatch(/Del modelo base .*: mit; sus condiciones/u);
});

test('what fails leaves nothing behind', async () => {
  const { store, files, entries } = memoryStore();
  const broken = dropped('roto', `${FIXTURES}/llama-tied`, {
    ...tokenizer,
    'config.json': readFileSync(`${FIXTURES}/llama-untied/config.json`, 'utf8').replace(
      /"vocab_size": \d+/u,
      '"vocab_size": 7',
    ),
  });
  const asked = await order(broken, null);
  const failure = await failureOf(build(asked, store, () => undefined, signal));
  expect(failure.code).toBe('checkpoint-damaged');
  expect([files.size, entries.length]).toEqual([0, 0]);
});
