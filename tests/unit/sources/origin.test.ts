import { expect, it } from 'vitest';
import { originOfDrop } from '../../../src/sources/drop.ts';
import { originOfFiles, originOfText } from '../../../src/sources/origin.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const HUB = 'https://huggingface.co';

it.each([
  ['autor/modelo', HUB, 'autor/modelo', null],
  ['  autor/modelo  ', HUB, 'autor/modelo', null],
  ['gpt2', HUB, 'gpt2', null],
  ['autor/modelo@v1.0', HUB, 'autor/modelo', 'v1.0'],
  ['hf.co/autor/modelo', HUB, 'autor/modelo', null],
  ['huggingface.co/autor/modelo', HUB, 'autor/modelo', null],
  [`${HUB}/autor/modelo`, HUB, 'autor/modelo', null],
  [`${HUB}/autor/modelo/`, HUB, 'autor/modelo', null],
  [`${HUB}/autor/modelo/tree/main`, HUB, 'autor/modelo', 'main'],
  [`${HUB}/autor/modelo/tree/refs%2Fpr%2F1`, HUB, 'autor/modelo', 'refs/pr/1'],
  [`${HUB}/autor/modelo/blob/abc123/README.md`, HUB, 'autor/modelo', 'abc123'],
  [`${HUB}/autor/modelo/resolve/v2/model.safetensors`, HUB, 'autor/modelo', 'v2'],
  [`${HUB}/autor/modelo/discussions/4?x=1#a`, HUB, 'autor/modelo', null],
  ['http://127.0.0.1:8080/autor/modelo@x', 'http://127.0.0.1:8080', 'autor/modelo', 'x'],
  [
    'https://hf-mirror.test/Autor_1/mi-modelo.v2',
    'https://hf-mirror.test',
    'Autor_1/mi-modelo.v2',
    null,
  ],
])('reads %s', (text, endpoint, repo, revision) => {
  expect(originOfText(text)).toEqual({ kind: 'hub', endpoint, repo, revision, token: null });
});

it.each([
  ...['', 'dos palabras', 'a/b/c', '../secreto', 'autor/..', '/autor/modelo', 'autor/', 'a@b@c'],
  ...['ftp://x/y/z', `${HUB}/datasets/autor/datos`, `${HUB}/`, 'https://usuario:clave@x.test/a/b'],
  ...['autor/modelo@../x', '<script>', 'https://x.test/%E0%A4%A', 'javascript:alert(1)'],
])('refuses %j', async (text) => {
  const refused = Promise.resolve().then(() => originOfText(text));
  expect((await failureOf(refused)).code).toBe('source-unclear');
});

it('keeps a token only where one was given', () => {
  expect(originOfText('a/b', ' hf_x ').token).toBe('hf_x');
  expect(originOfText('a/b', '  ').token).toBeNull();
});

it('keeps the folders of what was picked', () => {
  const file = new File(['{}'], 'config.json');
  Object.defineProperty(file, 'webkitRelativePath', { value: 'mi-modelo/config.json' });
  expect(originOfFiles([file])).toMatchObject({ kind: 'files', name: 'mi-modelo' });
  const loose = [new File(['{}'], 'config.json'), new File([''], 'model.safetensors')];
  expect(originOfFiles(loose)).toMatchObject({
    name: 'config.json',
    files: [{ path: 'config.json' }, { path: 'model.safetensors' }],
  });
});

it('takes one zip for what it is', () => {
  expect(originOfFiles([new File([''], 'Modelo.ZIP')]).kind).toBe('zip');
});

it('refuses nothing at all', async () => {
  const refused = Promise.resolve().then(() => originOfFiles([]));
  expect((await failureOf(refused)).code).toBe('source-without-model');
});

/** A drop as browsers give it: its items are gone after the first await, folders come by batches. */
function drop(entries: readonly object[]): DataTransfer {
  let alive = true;
  queueMicrotask(() => (alive = false));
  const items = entries.map((entry) => ({
    kind: 'file',
    webkitGetAsEntry: () => (alive ? entry : null),
    getAsFile: () => null,
  }));
  return { items } as unknown as DataTransfer;
}

function fileEntry(fullPath: string) {
  const file = (resolve: (file: File) => void) =>
    queueMicrotask(() => resolve(new File(['x'], fullPath.split('/').pop() ?? '')));
  return { isDirectory: false, fullPath, file };
}

function folderEntry(fullPath: string, children: readonly object[]) {
  const createReader = () => {
    const batches = [...children.map((child) => [child]), []];
    return {
      readEntries: (resolve: (entries: readonly object[]) => void) =>
        queueMicrotask(() => resolve(batches.shift() ?? [])),
    };
  };
  return { isDirectory: true, fullPath, name: fullPath.slice(1), createReader };
}

it('reads dropped folders to the bottom', async () => {
  const pooling = folderEntry('/m/1_Pooling', [fileEntry('/m/1_Pooling/config.json')]);
  const folder = folderEntry('/m', [fileEntry('/m/config.json'), pooling, fileEntry('/m/a.bin')]);
  const origin = await originOfDrop(drop([folder]));
  expect(origin).toMatchObject({ kind: 'files', name: 'm' });
  const paths = origin.kind === 'files' ? origin.files.map(({ path }) => path) : [];
  expect(paths).toEqual(['m/config.json', 'm/1_Pooling/config.json', 'm/a.bin']);
});

it('reads several dropped files, all taken before the first of them is waited for', async () => {
  const origin = await originOfDrop(drop([fileEntry('/config.json'), fileEntry('/a.bin')]));
  const paths = origin.kind === 'files' ? origin.files.map(({ path }) => path) : [];
  expect(paths).toEqual(['config.json', 'a.bin']);
});

it('says so when an empty folder is dropped', async () => {
  const failure = await failureOf(originOfDrop(drop([folderEntry('/vacía', [])])));
  expect(failure).toEqual({ code: 'source-without-model', name: 'vacía' });
});
