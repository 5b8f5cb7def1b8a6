import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailureError } from '../../../src/domain/failure.ts';
import type { Manifest } from '../../../src/graph/manifest.ts';
import { packageFiles, type PackageFiles } from '../../../workers/package-files.ts';
import { fetchManifest, fetchTextIfThere, fetchVariant } from '../../../workers/package.ts';
import type { WeightsFile } from '../../../workers/weights.ts';

const BASE = 'https://patio.example/models/uno/';
const FILES = packageFiles({ kind: 'bundled', path: BASE }, () => {
  throw new Error('nothing is stored');
});
const never = new AbortController().signal;
const file = (path: string, bytes: number) => ({ path, bytes, sha256: '' });
const manifest = {
  version: 2,
  variants: [
    {
      id: 'cpu8',
      graphs: [{ role: 'model', model: file('onnx/m.onnx', 3), data: file('onnx/m.onnx_data', 5) }],
    },
  ],
} as unknown as Manifest;

/** Answers by the end of the address; what is not there is a 404. */
function host(files: Readonly<Record<string, Response | Error>>): void {
  vi.stubGlobal('fetch', async (url: URL, { signal }: RequestInit) => {
    signal?.throwIfAborted();
    const answer = files[url.href.slice(BASE.length)];
    if (answer instanceof Error) throw answer;
    return answer ?? new Response('', { status: 404 });
  });
}

afterEach(() => vi.unstubAllGlobals());

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(() => null).catch((caught: unknown) => caught);
  return error instanceof FailureError ? error.failure : error;
}

const load = (signal = never, onBytes: (loaded: number, total: number) => void = () => {}) =>
  fetchVariant(FILES, manifest, 'cpu8', signal, onBytes);

async function taken(weights: WeightsFile | undefined): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of weights?.chunks(never) ?? []) all.push(...chunk);
  return all;
}

describe('a package from the network', () => {
  it('comes whole, and counts its bytes on the way', async () => {
    host({
      'onnx/m.onnx': new Response(Uint8Array.of(1, 2, 3)),
      'onnx/m.onnx_data': new Response(Uint8Array.of(4, 5, 6, 7, 8)),
    });
    const seen: number[] = [];
    const graphs = await load(never, (loaded, total) => seen.push(loaded, total));
    const files = graphs.get('model');
    expect([...(files?.model ?? [])]).toEqual([1, 2, 3]);
    expect(files?.weights).toMatchObject({ path: 'm.onnx_data', bytes: 5 });
    expect(seen.at(-2)).toBe(3);
    expect(await taken(files?.weights)).toEqual([4, 5, 6, 7, 8]);
    expect(seen.slice(-2)).toEqual([8, 8]);
  });

  const whole = { 'onnx/m.onnx': () => new Response(Uint8Array.of(1, 2, 3)) };
  it.each([
    ['is missing', undefined, { code: 'file-unreachable', status: 404 }],
    [
      'cannot be reached',
      new TypeError('fetch failed'),
      { code: 'file-unreachable', status: null },
    ],
    ['ends too early', new Response('1234'), { code: 'file-damaged' }],
    ['is too long', new Response('123456'), { code: 'file-damaged' }],
  ])('says which file %s', async (_, answer, failure) => {
    const data = answer === undefined ? {} : { 'onnx/m.onnx_data': answer };
    host({ 'onnx/m.onnx': whole['onnx/m.onnx'](), ...data });
    const work = load().then((graphs) => taken(graphs.get('model')?.weights));
    expect(await failureOf(work)).toMatchObject({ ...failure, file: 'onnx/m.onnx_data' });
  });

  it('an abort is no failure', async () => {
    host({});
    expect(await failureOf(load(AbortSignal.abort()))).toMatchObject({ name: 'AbortError' });
  });

  it('without the variant asked for, says so', async () => {
    const work = fetchVariant(FILES, manifest, 'gpu4', never, () => {});
    expect(await failureOf(work)).toEqual({ code: 'checkpoint-missing', file: 'gpu4' });
  });

  it.each([
    ['{"version": 3}', 'version'],
    ['<!doctype html>', expect.any(String) as string],
  ])('refuses a manifest that is not one', async (text, detail) => {
    host({ 'patio.json': new Response(text) });
    const failure = { code: 'file-damaged', file: 'patio.json', detail };
    expect(await failureOf(fetchManifest(FILES, never))).toEqual(failure);
  });
});

describe('a package of this browser', () => {
  const storedFiles = (data: Blob): PackageFiles => ({
    get: (path) => Promise.resolve(new Response(path.endsWith('_data') ? data : '123')),
    blob: () => Promise.resolve(data),
  });
  const loadStored = async (data: Blob, onBytes: (loaded: number) => void = () => {}) => {
    const graphs = await fetchVariant(storedFiles(data), manifest, 'cpu8', never, onBytes);
    return graphs.get('model')?.weights;
  };

  it('gives its weights as the file they lie in, or by chunks', async () => {
    const data = new Blob(['45678']);
    const seen: number[] = [];
    const weights = await loadStored(data, (loaded) => seen.push(loaded));
    expect(await weights?.blob?.()).toBe(data);
    expect(seen.at(-1)).toBe(8);
    expect(String.fromCharCode(...(await taken(weights)))).toBe('45678');
  });

  it.each(['1234', '123456'])('says that a file has another length: %s', async (text) => {
    const weights = await loadStored(new Blob([text]));
    const failure = { code: 'file-damaged', file: 'onnx/m.onnx_data' };
    expect(await failureOf(weights?.blob?.() ?? Promise.resolve())).toMatchObject(failure);
    expect(await failureOf(taken(weights))).toMatchObject(failure);
  });
});

describe('a file that may not be there', () => {
  const page = new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } });
  it.each([
    ['is read', new Response('plantilla'), 'plantilla'],
    ['is missed quietly', undefined, null],
    ['is not taken for the start page of the host', page, null],
  ])('%s', async (_, answer, expected) => {
    host(answer === undefined ? {} : { 'chat_template.jinja': answer });
    expect(await fetchTextIfThere(FILES, 'chat_template.jinja', never)).toBe(expected);
  });
});
