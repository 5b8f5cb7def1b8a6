import 'fake-indexeddb/auto';
import { createHash, randomBytes } from 'node:crypto';
import { createStore } from 'idb-keyval';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BuildProgress } from '../../../src/domain/build.ts';
import { browserNetwork, type Network } from '../../../src/sources/http-client.ts';
import { openHub } from '../../../src/sources/hub.ts';
import type { OpenedSource } from '../../../src/sources/opened.ts';
import { originOfText } from '../../../src/sources/origin.ts';
import { idbDownloadIndex } from '../../../src/storage/download-index.ts';
import { createDownloads, type DownloadStore } from '../../../src/storage/downloads.ts';
import { opfsParts } from '../../../src/storage/opfs-parts.ts';
import { localLocks } from '../../../src/storage/package-locks.ts';
import { bytesIn } from '../../../src/storage/ranges.ts';
import { fetchAll, isChecked, planDownload, type Download } from '../../../workers/download.ts';
import { DownloadMeter } from '../../../workers/download-meter.ts';
import { startBadProxy, type BadProxy } from '../../support/bad-proxy.ts';
import { startMirror, type Mirror } from '../../support/mirror.ts';
import { fakeDisk, type FakeDisk } from '../../support/opfs.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const NEVER = new AbortController().signal;
const IMPATIENT: Network = {
  ...browserNetwork,
  sleep: () => new Promise((resolve) => setTimeout(resolve, 1)),
  stallMs: 300,
};
const WEIGHTS = 'model.safetensors';
const SIZE = 40_000_003;
const BYTES = new Uint8Array(randomBytes(SIZE));
const HASH = createHash('sha256').update(BYTES).digest('hex');
const CONFIG = '{"model_type":"bert"}';

let serial = 0;
let mirror: Mirror;
let proxy: BadProxy;
let disk: FakeDisk;
let index: ReturnType<typeof idbDownloadIndex>;
let store: DownloadStore;
let told: BuildProgress[];

beforeEach(async () => {
  const files = { 'config.json': CONFIG, [WEIGHTS]: BYTES, 'empty.txt': '' };
  mirror = await startMirror({ repos: { 'a/b': { files } } });
  proxy = await startBadProxy(mirror.url);
  disk = fakeDisk(true);
  const name = (what: string) => createStore(`${what}-${String((serial += 1))}`, what);
  index = idbDownloadIndex(name('jobs'), name('files'));
  store = again();
  told = [];
});
afterEach(async () => {
  await proxy.close();
  await mirror.close();
});

/** Another visit: nothing is known but what disk and index hold. */
function again(): DownloadStore {
  return createDownloads({
    parts: opfsParts(() => Promise.resolve(disk.root)),
    index,
    locks: localLocks(),
    freeBytes: () => Promise.resolve(1e9),
  });
}

async function open(
  token: string | null = null,
): Promise<{ opened: OpenedSource; download: Download }> {
  const opened = await openHub(originOfText(`${proxy.url}/a/b`, token), NEVER, IMPATIENT);
  const download = await planDownload(opened, ['config.json', WEIGHTS, 'empty.txt']);
  if (download === null) throw new Error('nothing to download');
  return { opened, download };
}

async function fetchIt(signal: AbortSignal = NEVER, from = store) {
  const { opened, download } = await open();
  const meter = new DownloadMeter(SIZE, (progress) => told.push(progress));
  const files = await fetchAll(download, opened.files, from, meter, signal);
  return { files, download };
}

async function hashOf(files: Awaited<ReturnType<typeof fetchIt>>['files']): Promise<string> {
  const file = files.get(WEIGHTS);
  const bytes = await file?.read(0, file.size, NEVER);
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
}

const weights = () => proxy.requests.filter(({ path }) => path === WEIGHTS);

test('twenty cuts at random bytes: it finishes, and hardly a byte comes twice', async () => {
  let cuts = 0;
  proxy.plan = (path) =>
    path === WEIGHTS && cuts < 20
      ? ((cuts += 1), { kind: 'cut', afterBytes: Math.floor(Math.random() * 3_000_000) })
      : null;
  const { files, download } = await fetchIt();
  expect(cuts).toBe(20);
  expect(await hashOf(files)).toBe(HASH);
  expect(await isChecked(download, store)).toBe(true);
  expect(proxy.sent.get(WEIGHTS)).toBeLessThan(SIZE * 1.05);
  // Several at once, in parts.
  expect(weights().every(({ range }) => range !== undefined)).toBe(true);
});

test('a visit that ends in the middle is gone on with by the next', async () => {
  const ending = new AbortController();
  proxy.plan = () => ({ kind: 'drip', bytes: 65_536, everyMs: 2 });
  const watching = setInterval(() => proxy.total() > SIZE / 2 && ending.abort(), 5);
  ending.signal.addEventListener('abort', () => clearInterval(watching));
  await expect(fetchIt(ending.signal)).rejects.toThrow();
  proxy.plan = () => null;
  const before = proxy.total();
  const { files } = await fetchIt(NEVER, again());
  expect(await hashOf(files)).toBe(HASH);
  expect(proxy.total() - before).toBeLessThan(SIZE * 0.7);
  expect(proxy.total()).toBeLessThan(SIZE * 1.05);
});

test('what was written and not recorded is fetched again; what is not on disk is not believed', async () => {
  const { download } = await fetchIt();
  const { source } = download;
  const file = await index.file(source, WEIGHTS);
  if (file === null) throw new Error('no record');
  expect([bytesIn(file.had), file.state]).toEqual([SIZE, 'checked']);
  await (await disk.root.getDirectoryHandle('downloads')).removeEntry(source);
  const before = proxy.total();
  const { files } = await fetchIt(NEVER, again());
  expect(await hashOf(files)).toBe(HASH);
  expect(proxy.total() - before).toBeGreaterThanOrEqual(SIZE);
});

test('wrong bytes are fetched again once', async () => {
  let wrong = 1;
  proxy.plan = (path) => (path === WEIGHTS && wrong-- > 0 ? { kind: 'wrong-byte' } : null);
  const { files } = await fetchIt();
  expect(await hashOf(files)).toBe(HASH);
  expect(proxy.sent.get(WEIGHTS)).toBeGreaterThanOrEqual(2 * SIZE);
});

test('wrong bytes twice are refused, and not kept', async () => {
  proxy.plan = (path) => (path === WEIGHTS ? { kind: 'wrong-byte' } : null);
  expect(await failureOf(fetchIt())).toMatchObject({ code: 'download-damaged' });
  const { download } = await open();
  expect((await index.file(download.source, WEIGHTS))?.had).toEqual([]);
  expect(disk.used()).toBeLessThan(1000);
});

test('a page in place of a file, and a file that is not there, are said', async () => {
  proxy.plan = () => ({ kind: 'html' });
  expect(await failureOf(fetchIt())).toMatchObject({ code: 'hub-foreign' });
  proxy.plan = () => ({ kind: 'status', status: 404 });
  expect(await failureOf(fetchIt())).toMatchObject({ code: 'hub-missing' });
  expect(disk.used()).toBe(0);
});

test('a server that asks for a pause is given it, and the page says so', async () => {
  let busy = 3;
  proxy.plan = (path) =>
    path === WEIGHTS && busy-- > 0 ? { kind: 'status', status: 429, retryAfter: '7' } : null;
  const { files } = await fetchIt();
  expect(await hashOf(files)).toBe(HASH);
  expect(told.find(({ phase }) => phase === 'wait')).toMatchObject({ secondsLeft: 7 });
});

test('a server that only asks for pauses is given up', async () => {
  proxy.plan = () => ({ kind: 'status', status: 429, retryAfter: '1' });
  expect(await failureOf(fetchIt())).toMatchObject({ code: 'hub-busy', status: 429 });
});

test('a silent connection is left for another; a slow one is not', async () => {
  let silent = 3;
  proxy.plan = (path, range) => {
    if (path !== WEIGHTS) return { kind: 'drip', bytes: 5, everyMs: 40 };
    if (silent-- > 0) return { kind: 'silent', afterBytes: 1_000_000 };
    return range?.startsWith('bytes=0') ? { kind: 'drip', bytes: 1_000_000, everyMs: 100 } : null;
  };
  const { files } = await fetchIt();
  expect(await hashOf(files)).toBe(HASH);
  expect(proxy.sent.get(WEIGHTS)).toBeLessThan(SIZE * 1.1);
});

test('another ETag begins the file anew', async () => {
  let [answers, changes] = [0, 0];
  proxy.plan = (path) => {
    if (path !== WEIGHTS) return null;
    answers += 1;
    return answers > 3 && changes++ === 0 ? { kind: 'etag', etag: '"other"' } : null;
  };
  const { files } = await fetchIt();
  expect(await hashOf(files)).toBe(HASH);
  expect(changes).toBeGreaterThan(0);
});

test('a file that is another at each answer is refused', async () => {
  proxy.plan = (path) =>
    path === WEIGHTS ? { kind: 'etag', etag: `"${String((serial += 1))}"` } : null;
  expect(await failureOf(fetchIt())).toMatchObject({ code: 'download-changing' });
});

test('a server without ranges sends the whole file, and the page says so', async () => {
  let cuts = 1;
  proxy.plan = (path, range) =>
    path === WEIGHTS && range === undefined && cuts-- > 0
      ? { kind: 'cut', afterBytes: 5_000_000 }
      : { kind: 'no-range' };
  const { files } = await fetchIt();
  expect(await hashOf(files)).toBe(HASH);
  expect(told.some(({ note }) => note === 'whole-files')).toBe(true);
});

test('a redirect to another host is followed, and the token is not', async () => {
  const files = { [WEIGHTS]: BYTES, 'config.json': CONFIG, 'empty.txt': '' };
  const elsewhere = await startMirror({ repos: { 'a/b': { files } } });
  try {
    proxy.plan = () => ({ kind: 'redirect', to: elsewhere.url.replace('127.0.0.1', 'localhost') });
    const { opened, download } = await open('hf_secret');
    const meter = new DownloadMeter(SIZE, () => undefined);
    const local = await fetchAll(download, opened.files, store, meter, NEVER);
    expect(await hashOf(local)).toBe(HASH);
    expect(mirror.requests.some(({ token }) => token === 'hf_secret')).toBe(true);
    expect(elsewhere.requests.length).toBeGreaterThan(0);
    expect(elsewhere.requests.every(({ token }) => token === null)).toBe(true);
  } finally {
    await elsewhere.close();
  }
});

test('a disk that fills up keeps what it has, and the index does not lie', async () => {
  disk.limit = SIZE * 0.8;
  expect(await failureOf(fetchIt())).toMatchObject({ code: 'model-storage-full' });
  const { download } = await open();
  const had = bytesIn((await index.file(download.source, WEIGHTS))?.had ?? []);
  expect(had).toBeGreaterThan(SIZE / 4);
  expect(had).toBeLessThanOrEqual(SIZE * 0.8);
  disk.limit = Infinity;
  const before = proxy.total();
  const { files } = await fetchIt(NEVER, again());
  expect(await hashOf(files)).toBe(HASH);
  expect(proxy.total() - before).toBeLessThan(SIZE * 0.8);
});
