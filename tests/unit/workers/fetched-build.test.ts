import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { createStore } from 'idb-keyval';
import { afterEach, expect, test } from 'vitest';
import type { BuildProgress } from '../../../src/domain/build.ts';
import type { Device } from '../../../src/domain/device.ts';
import { openSource } from '../../../src/sources/open.ts';
import { originOfText } from '../../../src/sources/origin.ts';
import { preflight } from '../../../src/sources/preflight.ts';
import { createPackages } from '../../../src/storage/browser-packages.ts';
import { idbDownloadIndex } from '../../../src/storage/download-index.ts';
import { createDownloads } from '../../../src/storage/downloads.ts';
import { idbFiles } from '../../../src/storage/idb-files.ts';
import { idbParts } from '../../../src/storage/idb-parts.ts';
import { opfsFiles } from '../../../src/storage/opfs-files.ts';
import { opfsParts } from '../../../src/storage/opfs-parts.ts';
import { idbIndex } from '../../../src/storage/package-index.ts';
import { localLocks } from '../../../src/storage/package-locks.ts';
import { verifyPackage } from '../../../src/storage/verify.ts';
import { build } from '../../../workers/build.ts';
import { startMirror, type Mirror, type MirrorRepo } from '../../support/mirror.ts';
import { fakeDisk, type FakeDisk } from '../../support/opfs.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const { signal } = new AbortController();
const DEVICE: Device = { threads: 1, isolated: true, jspi: true, memoryBytes: null, gpu: null };
const GORRION = 'public/models/gorrion';
const BERT = 'tests/fixtures/bert-embedding';
const PLENTY = 1e10;

let serial = 0;
let mirror: Mirror;
afterEach(() => mirror.close());

interface Ground {
  /** Null keeps everything in IndexedDB. */
  readonly disk: FakeDisk | null;
  readonly freeBytes: number;
}

function stores({ disk, freeBytes }: Ground) {
  const name = (what: string) => createStore(`${what}-${String((serial += 1))}`, what);
  const root = () => Promise.resolve((disk ?? fakeDisk(true)).root);
  const free = () => Promise.resolve(freeBytes);
  const index = idbDownloadIndex(name('jobs'), name('files'));
  const parts = disk === null ? idbParts(name('parts')) : opfsParts(root);
  return {
    index,
    downloads: createDownloads({ parts, index, locks: localLocks(), freeBytes: free }),
    packages: createPackages({
      files: disk === null ? idbFiles(name('packed')) : opfsFiles(root),
      index: idbIndex(name('entries')),
      locks: localLocks(),
      freeBytes: free,
      unique: () => String((serial += 1)),
    }),
  };
}

async function order(files: MirrorRepo['files']) {
  mirror = await startMirror({ repos: { 'aula/modelo': { files } } });
  const origin = originOfText(`${mirror.url}/aula/modelo`);
  const seen = await preflight(await openSource(origin, signal), DEVICE, signal);
  return { origin, preflight: seen, name: 'Modelo', variants: ['cpu8' as const], adapter: null };
}

const bert = () => ({
  'config.json': readFileSync(`${BERT}/config.json`, 'utf8'),
  'tokenizer.json': readFileSync(`${BERT}/tokenizer.json`, 'utf8'),
  'tokenizer_config.json': readFileSync(`${BERT}/tokenizer_config.json`, 'utf8'),
  'model.safetensors': new Uint8Array(readFileSync(`${BERT}/model.safetensors`)),
});

test.each([
  ['private files', () => fakeDisk(true)],
  ['IndexedDB', () => null],
])('a checkpoint is downloaded, built from %s, and its originals removed', async (_, disk) => {
  const { downloads, packages, index } = stores({ disk: disk(), freeBytes: PLENTY });
  const told: BuildProgress[] = [];
  const entry = await build(await order(bert()), packages, (p) => told.push(p), signal, downloads);
  expect(entry.integrity?.status).toBe('verified');
  expect(told.map(({ phase }) => phase)).toContain('download');
  expect([await downloads.list(), await index.jobs()]).toEqual([[], []]);
  // From the first byte of the build on, nothing more is asked of the server.
  expect(await verifyPackage(packages, entry.id, signal, () => undefined)).toMatchObject({
    status: 'verified',
  });
});

test('a package is stored as it is, for one of its variants, and verified', async () => {
  const { downloads, packages } = stores({ disk: fakeDisk(true), freeBytes: PLENTY });
  const asked = await order(GORRION);
  expect(asked.preflight).toMatchObject({
    ...{ kind: 'package', family: 'llama', chosen: 'cpu8', tasks: ['text-generation'] },
    findings: expect.not.arrayContaining([expect.objectContaining({ severity: 'stop' })]) as object,
  });
  const entry = await build(asked, packages, () => undefined, signal, downloads);
  expect(entry).toMatchObject({
    ...{ runtime: 'patio', family: 'llama', integrity: { status: 'verified' } },
    variants: [{ id: 'cpu8' }],
  });
  const paths = (await packages.files(entry.id)).map(({ path }) => path);
  expect(paths).toContain('onnx/model_quantized.onnx_data');
  expect(paths.filter((path) => /q4|adapters/u.test(path))).toEqual([]);
  const manifest = await (await packages.read(entry.id, 'patio.json')).text();
  expect(JSON.parse(manifest)).toMatchObject({ variants: [{ id: 'cpu8' }], adapters: [] });
});

test('a package with a byte changed is refused by name', async () => {
  const { downloads, packages } = stores({ disk: fakeDisk(true), freeBytes: PLENTY });
  const read = (path: string) => new Uint8Array(readFileSync(`${GORRION}/${path}`));
  const data = read('onnx/model_quantized.onnx_data');
  data[5000] = (data[5000] ?? 0) ^ 1;
  const names = ['config.json', 'patio.json', 'tokenizer.json', 'tokenizer_config.json'];
  const small = Object.fromEntries(names.map((name) => [name, read(name)]));
  const graph = 'onnx/model_quantized_ports.onnx';
  const files = { ...small, [graph]: read(graph), 'onnx/model_quantized.onnx_data': data };
  const failed = build(await order(files), packages, () => undefined, signal, downloads);
  const file = 'onnx/model_quantized.onnx_data';
  expect(await failureOf(failed)).toMatchObject({ code: 'download-damaged', file });
  expect(await packages.list()).toEqual([]);
});

test('without room for both, it is read on the way and stays unverified', async () => {
  const asked = await order(bert());
  const [variant] = asked.preflight.variants;
  const need = variant?.storedBytes ?? 0;
  const { downloads, packages, index } = stores({ disk: fakeDisk(true), freeBytes: need + 1000 });
  const told: BuildProgress[] = [];
  const entry = await build(asked, packages, (p) => told.push(p), signal, downloads);
  expect(entry.integrity).toBeUndefined();
  expect(told.every(({ note }) => note === 'streamed')).toBe(true);
  expect(await index.jobs()).toEqual([]);
});

test('without room for the package nothing is asked for', async () => {
  const asked = await order(bert());
  const { downloads, packages } = stores({ disk: fakeDisk(true), freeBytes: 1000 });
  const failed = build(asked, packages, () => undefined, signal, downloads);
  expect(await failureOf(failed)).toMatchObject({ code: 'model-storage-full', freeBytes: 1000 });
});

test('a disk that fills up while the package is written keeps what was downloaded', async () => {
  const asked = await order(bert());
  const disk = fakeDisk(true, asked.preflight.downloadBytes + 10_000);
  const { downloads, packages } = stores({ disk, freeBytes: PLENTY });
  const failed = build(asked, packages, () => undefined, signal, downloads);
  expect(await failureOf(failed)).toMatchObject({ code: 'model-storage-full' });
  const [half] = await downloads.list();
  expect(half?.hadBytes).toBe(half?.job.totalBytes);
  expect(await packages.list()).toEqual([]);
  disk.limit = Infinity;
  const before = mirror.sent();
  await build(asked, packages, () => undefined, signal, downloads);
  expect(mirror.sent() - before).toBeLessThan(1000);
});

test('a file that is changed, cut or gone is found by its name', async () => {
  const disk = fakeDisk(true);
  const { downloads, packages } = stores({ disk, freeBytes: PLENTY });
  const entry = await build(await order(bert()), packages, () => undefined, signal, downloads);
  const home = await disk.root.getDirectoryHandle('packages');
  for await (const folder of home.keys()) {
    const own = await home.getDirectoryHandle(folder);
    await own.removeEntry('config.json');
    const stream = await (await own.getFileHandle('tokenizer.json')).createWritable();
    await stream.write(new Uint8Array([32]));
    await stream.close();
  }
  const files = ['config.json', 'tokenizer.json'];
  const found = await verifyPackage(packages, entry.id, signal, () => undefined);
  expect(found).toMatchObject({
    status: 'damaged',
    files: expect.arrayContaining(files) as object,
  });
  expect((await packages.list())[0]?.integrity).toEqual(found);
});
