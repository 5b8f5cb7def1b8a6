import { BlobWriter, TextReader, ZipWriter } from '@zip.js/zip.js';
import { expect, it } from 'vitest';
import { openSource } from '../../../src/sources/open.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const NEVER = new AbortController().signal;
const TEXT = 'palabras '.repeat(20_000);

type Entry = readonly [path: string, text: string, level: number];

async function zipOf(
  entries: readonly Entry[],
  options: object = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false, ...options });
  for (const [path, text, level] of entries)
    await writer.add(path, new TextReader(text), { level });
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}

function open(bytes: Uint8Array<ArrayBuffer>) {
  return openSource({ kind: 'zip', file: new File([bytes], 'modelo.zip') }, NEVER);
}

async function refusal(bytes: Uint8Array<ArrayBuffer>) {
  const began = performance.now();
  const failure = await failureOf(
    open(bytes).then(async ({ files }) => {
      for (const file of files.values()) await file.read(0, file.size, NEVER);
    }),
  );
  expect(performance.now() - began).toBeLessThan(2000);
  return failure;
}

/** Writes a number over the field of every central directory record (`PK\1\2`) of a zip. */
function lie(
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
  value: number,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + 46 <= copy.length; at += 1) {
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + offset, value, true);
  }
  return copy;
}

it('reads stored and compressed entries by range, under the folder that holds the model', async () => {
  const bytes = await zipOf([
    ['salida/config.json', '{}', 0],
    ['salida/texto.txt', TEXT, 9],
    ['salida/guardado.txt', TEXT, 0],
    ['__MACOSX/salida/._config.json', 'x', 0],
  ]);
  const { files, root, name, packed } = await open(bytes);
  expect({ root, name }).toEqual({ root: 'salida', name: 'modelo' });
  expect([...files.keys()]).toEqual(['config.json', 'texto.txt', 'guardado.txt']);
  expect([...packed]).toEqual(['texto.txt']);
  for (const path of ['texto.txt', 'guardado.txt']) {
    const part = await files.get(path)?.read(9, 17, NEVER);
    expect(new TextDecoder().decode(part)).toBe('palabras');
    expect(files.get(path)?.size).toBe(TEXT.length);
  }
});

it('refuses a bomb by its ratio, without unpacking it', async () => {
  const bomb = await zipOf([
    ['config.json', '{}', 0],
    ['model.safetensors', '0'.repeat(40_000_000), 9],
  ]);
  expect(bomb.length).toBeLessThan(100_000);
  expect(await refusal(bomb)).toMatchObject({ code: 'zip-refused', file: 'modelo.zip' });
});

it('stops unpacking an entry that is larger than it says', async () => {
  const bytes = await zipOf([
    ['config.json', '{}', 0],
    ['a.txt', TEXT, 9],
  ]);
  expect((await refusal(lie(bytes, 24, 1000))).code).toBe('zip-refused');
});

it('refuses an entry whose bytes were changed', async () => {
  const bytes = await zipOf([
    ['config.json', '{}', 0],
    ['a.txt', TEXT, 9],
  ]);
  expect((await refusal(lie(bytes, 16, 12345))).code).toBe('zip-refused');
});

it('refuses entries that lie over each other', async () => {
  const bytes = await zipOf([
    ['config.json', '{}', 0],
    ['b.txt', TEXT, 9],
  ]);
  expect((await refusal(lie(bytes, 42, 0))).code).toBe('zip-refused');
});

it.each(['../fuera.txt', '/raíz.txt', 'a/../../b.txt', String.raw`..\fuera.txt`])(
  'refuses the path %s',
  async (path) => {
    const bytes = await zipOf([
      ['config.json', '{}', 0],
      [path, 'x', 0],
    ]);
    expect((await refusal(bytes)).code).toBe('zip-refused');
  },
);

it('refuses what is encrypted', async () => {
  const bytes = await zipOf([['config.json', '{}', 0]], { password: 'secreta', zipCrypto: true });
  expect((await refusal(bytes)).code).toBe('zip-refused');
});

it('refuses a path that comes twice', async () => {
  const bytes = await zipOf([
    ['config.json', '{}', 0],
    ['config.jso2', '{}', 0],
  ]);
  const text = new TextDecoder('latin1').decode(bytes).replaceAll('config.jso2', 'config.json');
  const twice = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  expect((await refusal(twice)).code).toBe('zip-refused');
});

it.each([
  ['nothing', new Uint8Array(0)],
  ['no zip', new TextEncoder().encode('esto no es un zip, solo texto')],
])('refuses %s', async (_, bytes) => {
  expect((await refusal(bytes)).code).toBe('zip-refused');
});

it('refuses a zip cut in the middle', async () => {
  const bytes = await zipOf([['config.json', TEXT, 0]]);
  expect((await refusal(bytes.slice(0, bytes.length / 2))).code).toBe('zip-refused');
  expect((await refusal(bytes.slice(bytes.length / 2))).code).toBe('zip-refused');
});

it('refuses a zip of too many entries', async () => {
  const many = await zipOf(Array.from({ length: 3_001 }, (_, i) => [`${i}.txt`, '', 0] as const));
  expect((await refusal(many)).code).toBe('zip-refused');
});
