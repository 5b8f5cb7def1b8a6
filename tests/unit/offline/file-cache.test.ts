import { createHash } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { FileCache, isolated, pathOf } from '../../../src/offline/file-cache.ts';
import type { AppFile, Tier } from '../../../src/offline/manifest.ts';

const SCOPE = 'https://example.org/patio/';

/** As much of a Cache as is used. */
class MemoryCache {
  readonly held = new Map<string, Response>();
  isFull = false;

  match(url: string, options?: CacheQueryOptions): Promise<Response | undefined> {
    const path = (at: string) => (options?.ignoreSearch ? at.split('?')[0] : at);
    const found = [...this.held].find(([key]) => path(key) === path(url));
    return Promise.resolve(found?.[1].clone());
  }

  put(url: string, response: Response): Promise<void> {
    if (this.isFull) return Promise.reject(new DOMException('full', 'QuotaExceededError'));
    this.held.set(url, response);
    return Promise.resolve();
  }

  keys(): Promise<{ url: string }[]> {
    return Promise.resolve([...this.held.keys()].map((url) => ({ url })));
  }

  delete(url: string): Promise<boolean> {
    return Promise.resolve(this.held.delete(url));
  }
}

function file(path: string, text: string, tier: Tier = 'shell'): AppFile {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { path, sha256, bytes: text.length, tier };
}

const PAGE = file('', 'page');
const CHUNK = file('assets/a.js', 'chunk');
const MODEL = file('models/m.onnx', 'model', 'app');
const GPU = file('models/m_q4.onnx', 'gpu', 'gpu');

let cache: MemoryCache;
let asked: string[];
let answers: Record<string, (mode: RequestCache) => Response>;

function version(...files: AppFile[]): FileCache {
  return new FileCache({
    files,
    scope: SCOPE,
    open: () => Promise.resolve(cache as unknown as Cache),
    fetch: (url, { cache: mode = 'default' }) => {
      asked.push(`${mode} ${url.slice(SCOPE.length)}`);
      const answer = answers[url.slice(SCOPE.length)];
      return answer ? Promise.resolve(answer(mode)) : Promise.reject(new TypeError('no network'));
    },
  });
}

beforeEach(() => {
  cache = new MemoryCache();
  asked = [];
  answers = {
    '': () => new Response('page'),
    'assets/a.js': () => new Response('chunk', { headers: { 'Content-Type': 'text/javascript' } }),
    'models/m.onnx': () => new Response('model'),
    'models/m_q4.onnx': () => new Response('gpu'),
  };
});

it('a file is fetched once, from the cache of the browser where that has it', async () => {
  const files = version(CHUNK);
  expect(await files.keep(CHUNK)).toBe('kept');
  expect(await files.keep(CHUNK)).toBe('kept');
  expect(asked).toEqual(['force-cache assets/a.js']);
  const held = await files.find(CHUNK);
  expect(await held?.text()).toBe('chunk');
  expect(held?.headers.get('content-type')).toBe('text/javascript');
  expect(held?.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
});

it('a stale answer is asked for anew, and what is not the file is never kept', async () => {
  answers['assets/a.js'] = (mode) => new Response(mode === 'reload' ? 'chunk' : 'older');
  expect(await version(CHUNK).keep(CHUNK)).toBe('kept');
  answers['models/m.onnx'] = () => new Response('<p>portal</p>');
  expect(await version(MODEL).keep(MODEL)).toBe('changed');
  answers['models/m.onnx'] = () => new Response('model', { status: 404 });
  expect(await version(MODEL).keep(MODEL)).toBe('unreachable');
  expect(cache.held.size).toBe(1);
});

it('no network and no room are told apart', async () => {
  delete answers['models/m.onnx'];
  expect(await version(MODEL).keep(MODEL)).toBe('unreachable');
  cache.isFull = true;
  expect(await version(CHUNK).keep(CHUNK)).toBe('full');
});

it('an answer that is being stored is not fetched again', async () => {
  const files = version(MODEL);
  const storing = files.store(MODEL, new Response('model'));
  expect(await files.keep(MODEL)).toBe('kept');
  expect(await storing).toBe('kept');
  expect(asked).toEqual([]);
});

it('the stock is what is missing of some tiers', async () => {
  const files = version(PAGE, CHUNK, MODEL, GPU);
  await files.keep(CHUNK);
  expect(await files.stock(['shell', 'app'])).toEqual({
    missing: [
      { path: '', bytes: 4 },
      { path: 'models/m.onnx', bytes: 5 },
    ],
    totalBytes: 14,
  });
});

it('an update wants what its forerunner had, and fetches only what differs', async () => {
  const first = version(PAGE, CHUNK, MODEL, GPU);
  await first.keepAll([PAGE, CHUNK, GPU]);
  const second = version(file('', 'newer page'), CHUNK, MODEL, GPU);
  const paths = async () => (await second.wantedAtInstall()).map(({ path }) => path);
  expect(await paths()).toEqual(['', 'assets/a.js', 'models/m_q4.onnx']);
  await first.settle();
  expect(await paths()).toEqual(['', 'assets/a.js', 'models/m.onnx', 'models/m_q4.onnx']);

  answers[''] = () => new Response('newer page');
  asked = [];
  expect(await second.keepAll(await second.wantedAtInstall())).toBe('kept');
  expect(asked.sort()).toEqual(['force-cache ', 'force-cache models/m.onnx']);
});

it('what older versions used stays until the newer one is settled', async () => {
  const old = file('assets/old.js', 'old');
  answers['assets/old.js'] = () => new Response('old');
  await version(old).keep(old);
  const files = version(CHUNK);
  await files.keep(CHUNK);
  expect(await (await files.findOlder('assets/old.js'))?.text()).toBe('old');
  await files.settle();
  expect(await files.findOlder('assets/old.js')).toBeUndefined();
  expect(await files.find(CHUNK)).toBeDefined();
});

it.each([
  ['models/m.onnx', {}, 'models/m.onnx'],
  ['models/a%20b.onnx', {}, 'models/a b.onnx'],
  ['models/m.onnx?x', {}, null],
  ['models/m.onnx', { method: 'POST' }, null],
  ['models/m.onnx', { headers: { Range: 'bytes=0-9' } }, null],
  ['https://hub.example/m.onnx', {}, null],
  ['../other/', {}, null],
])('%s %o is answered as %s', (url, init, path) => {
  expect(pathOf(new Request(new URL(url, SCOPE), init), SCOPE)).toBe(path);
});

it('a host that sends headers of its own is left alone', () => {
  const own = new Response('', { headers: { 'Cross-Origin-Embedder-Policy': 'credentialless' } });
  expect(isolated(own)).toBe(own);
  const missing = new Response('', { status: 404 });
  expect(isolated(missing)).toBe(missing);
  expect(isolated(new Response('')).headers.get('cross-origin-opener-policy')).toBe('same-origin');
});
