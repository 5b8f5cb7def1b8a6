import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailureError } from '../../../src/domain/failure.ts';
import type { Manifest } from '../../../src/graph/manifest.ts';
import { packageFiles } from '../../../workers/package-files.ts';
import { fetchManifest, fetchTextIfThere, fetchVariant } from '../../../workers/package.ts';

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
    expect(files?.externalData).toEqual([
      { path: 'm.onnx_data', data: Uint8Array.of(4, 5, 6, 7, 8) },
    ]);
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
    expect(await failureOf(load())).toMatchObject({ ...failure, file: 'onnx/m.onnx_data' });
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
