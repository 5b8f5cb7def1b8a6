/** `npm run package`, as a process of its own, on folders and zips made on the spot. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobReader, BlobWriter, ZipWriter } from '@zip.js/zip.js';
import { afterAll, beforeAll, expect, test } from 'vitest';

const FIXTURES = 'tests/fixtures';
let work = '';

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'patio-package-'));
});
afterAll(() => rmSync(work, { recursive: true }));

function pack(...args: string[]) {
  const command = ['--import', 'tsx', 'scripts/package.ts', ...args];
  return spawnSync(process.execPath, command, { encoding: 'utf8' });
}

/** A fixture's folder with files of others; the values are paths or the texts themselves. */
function folder(name: string, fixture: string, more: Readonly<Record<string, string>> = {}) {
  const path = join(work, name);
  cpSync(`${FIXTURES}/${fixture}`, path, { recursive: true });
  for (const [file, text] of Object.entries(more)) {
    if (text.startsWith(FIXTURES)) cpSync(text, join(path, file));
    else writeFileSync(join(path, file), text);
  }
  return path;
}

function manifest(out: string): object {
  return JSON.parse(readFileSync(join(out, 'patio.json'), 'utf8')) as object;
}

const TOKENIZER = { 'tokenizer.json': `${FIXTURES}/bert-embedding/tokenizer.json` };

test('a zip gives the package that its folder gives', async () => {
  const zip = new ZipWriter(new BlobWriter());
  for (const path of readdirSync(`${FIXTURES}/bert-embedding`, { recursive: true })) {
    const source = `${FIXTURES}/bert-embedding/${String(path)}`;
    if (!/\.\w+$/u.test(source)) continue;
    await zip.add(`modelo/${String(path)}`, new BlobReader(new Blob([readFileSync(source)])));
  }
  const packed = join(work, 'modelo.zip');
  writeFileSync(packed, new Uint8Array(await (await zip.close()).arrayBuffer()));
  const [one, other] = [join(work, 'of-zip'), join(work, 'of-folder')];
  expect(pack(packed, '--out', one).status).toBe(0);
  expect(pack(`${FIXTURES}/bert-embedding`, '--out', other).status).toBe(0);
  expect(manifest(one)).toEqual(manifest(other));
  expect(manifest(one)).toMatchObject({
    head: { kind: 'embedding', pooling: ['mean'], normalize: true },
    variants: [{ id: 'cpu8' }, { id: 'gpu4' }],
  });
});

test('torch files and a slow tokenizer', () => {
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const words = Array.from({ length: 200 }, (_, at) => tokens[at] ?? `palabra${at}`);
  const { vocab_size: rows } = JSON.parse(
    readFileSync(`${FIXTURES}/reading/bert-bin-shards/config.json`, 'utf8'),
  ) as { vocab_size: number };
  const model = folder('torch', 'reading/bert-bin-shards', {
    'vocab.txt': words.slice(0, rows).join('\n'),
    'README.md': '---\nlicense: mit\nbase_model: casa/base\n---\n',
  });
  const out = join(work, 'of-torch');
  const { status, stdout } = pack(model, '--out', out, '--variant', 'fp32');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^fp32\t[\d.]+ MB\n$/u);
  expect(manifest(out)).toMatchObject({
    family: 'bert',
    tokenizer: ['tokenizer.json', 'tokenizer_config.json'],
  });
  expect(existsSync(join(out, 'tokenizer.json'))).toBe(true);
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('license: mit\n');
});

test('an encoder–decoder has its two graphs', () => {
  const out = join(work, 'of-t5');
  const model = folder('t5', 't5-tied', TOKENIZER);
  expect(pack(model, '--out', out, '--variant', 'cpu8').status).toBe(0);
  expect(readdirSync(join(out, 'onnx')).sort()).toEqual([
    'decoder_model_merged_quantized.onnx',
    'decoder_model_merged_quantized.onnx_data',
    'encoder_model_quantized.onnx',
    'encoder_model_quantized.onnx_data',
  ]);
  expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({
    'transformers.js_config': { use_external_data_format: true },
  });
});

test('an adapter is merged with the head it brings, over a base saved without one', () => {
  const config = JSON.parse(
    readFileSync(`${FIXTURES}/roberta-classification/config.json`, 'utf8'),
  ) as Record<string, unknown>;
  delete config['id2label'];
  const model = folder('base', 'roberta-classification', {
    ...TOKENIZER,
    'config.json': JSON.stringify({ ...config, architectures: ['RobertaModel'] }),
  });
  const out = join(work, 'of-adapter');
  const adapter = `${FIXTURES}/roberta-classification/adapter`;
  const built = pack(model, '--out', out, '--variant', 'cpu8', '--adapter', adapter);
  expect(built.stderr).not.toContain('package:');
  expect(manifest(out)).toMatchObject({ head: { kind: 'sequence-classification' }, ports: [] });
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('Adaptador LoRA fundido');
});

test.each([
  [
    'a family that is not built',
    { ...TOKENIZER, 'config.json': '{"model_type":"mamba"}' },
    [],
    /mamba.*\n.*mamba/u,
  ],
  ['no tokenizer', {}, [], /Falta el tokenizer/u],
  ['a variant that there is none of', TOKENIZER, ['--variant', 'int3'], /int3/u],
  [
    'an adapter for another model',
    TOKENIZER,
    ['--adapter', `${FIXTURES}/reading/adapter-gpt2/adapter`],
    /adaptador.*\n.*adapter/u,
  ],
])('%s ends with a sentence, and leaves nothing', (name, more, args, sentence) => {
  const out = join(work, `of-${name}`);
  const model = folder(name, 'llama-tied', more);
  const { status, stderr } = pack(model, '--out', out, ...args);
  expect(status).toBe(1);
  expect(stderr.slice(stderr.indexOf('package: '))).toMatch(sentence);
  expect(existsSync(out)).toBe(false);
  expect(readdirSync(work).filter((each) => each.startsWith('.'))).toEqual([]);
});

test('what is not there, or is no model, is told by its name', () => {
  expect(pack(join(work, 'nada'), '--out', join(work, 'x')).stderr).toContain('nada');
  expect(pack('docs', '--out', join(work, 'x')).stderr).toContain('docs');
});
