import { expect, it } from 'vitest';
import { openSource } from '../../../src/sources/open.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const NEVER = new AbortController().signal;

function open(name: string, paths: readonly string[]) {
  const files = paths.map((path) => ({ path, file: new File(['{}'], path) }));
  return openSource({ kind: 'files', name, files }, NEVER);
}

it.each([
  [
    'a plain folder',
    ['m/config.json', 'm/model.safetensors'],
    '',
    ['config.json', 'model.safetensors'],
  ],
  ['loose files', ['config.json', 'a.bin'], '', ['config.json', 'a.bin']],
  ['the folder above', ['m/sub/config.json', 'm/notas.txt'], 'sub', ['config.json']],
  [
    'the output of a trainer',
    ['m/config.json', 'm/checkpoint-500/config.json'],
    '',
    ['config.json', 'checkpoint-500/config.json'],
  ],
  [
    'one checkpoint alone',
    ['m/checkpoint-500/adapter_config.json'],
    'checkpoint-500',
    ['adapter_config.json'],
  ],
  [
    'a sentence encoder',
    ['m/config.json', 'm/1_Pooling/config.json'],
    '',
    ['config.json', '1_Pooling/config.json'],
  ],
])('finds the model in %s', async (_, paths, root, files) => {
  const opened = await open('m', paths);
  expect(opened.root).toBe(root);
  expect([...opened.files.keys()]).toEqual(files);
});

it('lists several models rather than choosing one', async () => {
  const paths = ['m/checkpoint-1000/config.json', 'm/checkpoint-500/config.json'];
  expect(await failureOf(open('m', paths))).toEqual({
    code: 'source-ambiguous',
    folders: ['checkpoint-1000', 'checkpoint-500'],
  });
});

it('says so where there is no model', async () => {
  const failure = { code: 'source-without-model', name: 'fotos' };
  expect(await failureOf(open('fotos', ['fotos/a.jpg']))).toEqual(failure);
});

it('notices a file that shrank after it was chosen', async () => {
  const { files } = await open('m', ['m/config.json']);
  const failure = { code: 'source-changed', file: 'config.json' };
  expect(await failureOf(files.get('config.json')?.read(0, 10, NEVER) ?? open('', []))).toEqual(
    failure,
  );
});
