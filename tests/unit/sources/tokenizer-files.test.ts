import { Tokenizer } from '@huggingface/tokenizers';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bytesSource, type FileSet } from '../../../src/checkpoint/byte-source.ts';
import { tokenizerState, withTokenizer } from '../../../src/sources/tokenizer-files.ts';
import { parseSentencePiece } from '../../../src/sources/tokenizer/sentencepiece.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const NEVER = new AbortController().signal;
const FOLDER = 'tests/fixtures/tokenizers';

interface Expected {
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly pairs: readonly {
    readonly pair: readonly [string, string];
    readonly ids: readonly number[];
  }[];
  readonly decoded: readonly { readonly ids: readonly number[]; readonly text: string }[];
}

function read(name: string): Map<string, ReturnType<typeof bytesSource>> {
  const paths = readdirSync(`${FOLDER}/${name}`).filter((path) => path !== 'expected.json');
  return new Map(
    paths.map((path) => [path, bytesSource(path, readFileSync(`${FOLDER}/${name}/${path}`))]),
  );
}

async function json(files: FileSet, path: string): Promise<object> {
  const file = files.get(path);
  const bytes = await file?.read(0, file.size, NEVER);
  return JSON.parse(new TextDecoder().decode(bytes)) as object;
}

async function load(name: string): Promise<Tokenizer> {
  const files = await withTokenizer(read(name), NEVER);
  return new Tokenizer(
    await json(files, 'tokenizer.json'),
    await json(files, 'tokenizer_config.json'),
  );
}

const NAMES = readdirSync(FOLDER);
const cases = NAMES.flatMap((name) => {
  const expected = JSON.parse(readFileSync(`${FOLDER}/${name}/expected.json`, 'utf8')) as Expected;
  return expected.texts.map(({ text, ids }) => [name, text, ids] as const);
});

it('holds every kind of slow tokenizer', () => {
  expect(NAMES.length).toBe(10);
});

it.each(cases)('%s gives the ids of the reference for %j', async (name, text, ids) => {
  expect((await load(name)).encode(text).ids).toEqual(ids);
});

it.each(NAMES)('%s pairs texts and decodes as the reference does', async (name) => {
  const tokenizer = await load(name);
  const expected = JSON.parse(readFileSync(`${FOLDER}/${name}/expected.json`, 'utf8')) as Expected;
  for (const { pair, ids } of expected.pairs) {
    expect(tokenizer.encode(pair[0], { text_pair: pair[1] }).ids).toEqual(ids);
  }
  const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
  for (const { ids, text } of expected.decoded) {
    expect(tokenizer.decode([...ids], options).trim()).toBe(text.trim());
  }
});

it.each(NAMES)('%s is told from its files', (name) => {
  const modelType = JSON.parse(readFileSync(`${FOLDER}/${name}/config.json`, 'utf8')) as {
    model_type: string;
  };
  expect(tokenizerState(read(name), modelType.model_type).status).toBe('converted');
});

it.each([
  [['tokenizer.json'], 'bert', 'ready'],
  [['tokenizer.model'], 'llama', 'unreadable'],
  [['vocab.txt'], 'llama', 'unreadable'],
  [['config.json'], 'bert', 'missing'],
] as const)('%j of %s: %s', (paths, modelType, status) => {
  const files = new Map(paths.map((path) => [path, bytesSource(path, new Uint8Array())]));
  expect(tokenizerState(files, modelType).status).toBe(status);
});

it('keeps a tokenizer.json that is there, and gives it a configuration', async () => {
  const own = bytesSource('tokenizer.json', new TextEncoder().encode('{"a":1}'));
  const files = await withTokenizer(new Map([['tokenizer.json', own]]), NEVER);
  expect(files.get('tokenizer.json')).toBe(own);
  expect(await json(files, 'tokenizer_config.json')).toEqual({});
});

it('adds the tokens that later files list', async () => {
  const files = read('bert-cased');
  const text = '{"<br>": 400}';
  files.set('added_tokens.json', bytesSource('added_tokens.json', new TextEncoder().encode(text)));
  const made = await withTokenizer(files, NEVER);
  const tokenizer = new Tokenizer(await json(made, 'tokenizer.json'), {});
  expect(tokenizer.encode('Hola<br>').ids).toContain(400);
});

it.each([
  ['nothing', new Uint8Array()],
  ['text', new TextEncoder().encode('esto no es un modelo de SentencePiece')],
  ['a length that lies', Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0x7f, 1)],
  ['a number that never ends', new Uint8Array(30).fill(0xff)],
])('refuses %s as a SentencePiece model', async (_, bytes) => {
  const parsed = Promise.resolve().then(() => parseSentencePiece('spiece.model', bytes));
  expect(await failureOf(parsed)).toMatchObject({
    code: 'checkpoint-damaged',
    file: 'spiece.model',
  });
});

it('refuses a folder without any tokenizer', async () => {
  expect(await failureOf(withTokenizer(new Map(), NEVER))).toEqual({
    code: 'checkpoint-missing',
    file: 'tokenizer.json',
  });
});
