import { afterEach, expect, it } from 'vitest';
import { openHub } from '../../../src/sources/hub.ts';
import { browserNetwork, type Network } from '../../../src/sources/http-client.ts';
import { openSource } from '../../../src/sources/open.ts';
import { originOfText } from '../../../src/sources/origin.ts';
import { commitOf, startMirror, type Mirror, type MirrorOptions } from '../../support/mirror.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const NEVER = new AbortController().signal;
const IMPATIENT: Network = { ...browserNetwork, sleep: () => Promise.resolve() };
const CONFIG = '{"model_type":"bert"}';
const WEIGHTS = Uint8Array.from({ length: 30_000_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);

let mirror: Mirror;
afterEach(() => mirror.close());

async function start(options: Partial<MirrorOptions> = {}): Promise<Mirror> {
  const files = { 'config.json': CONFIG, 'model.safetensors': WEIGHTS, 'vacío.txt': '' };
  mirror = await startMirror({ repos: { 'autor/modelo': { files } }, ...options });
  return mirror;
}

function open(name: string, token: string | null = null) {
  return openHub(originOfText(`${mirror.url}/${name}`, token), NEVER, IMPATIENT);
}

async function weights() {
  const file = (await open('autor/modelo')).files.get('model.safetensors');
  if (file === undefined) throw new Error('no weights');
  return file;
}

it('lists a repository at a commit, with sizes and hashes', async () => {
  await start({ pageSize: 2 });
  const origin = originOfText(`${mirror.url}/autor/modelo`);
  const opened = await openSource(origin, NEVER);
  expect(opened.pinned).toEqual({
    endpoint: mirror.url,
    repo: 'autor/modelo',
    commit: commitOf('autor/modelo'),
  });
  expect([...opened.files].map(([path, { size }]) => [path, size])).toEqual([
    ['config.json', CONFIG.length],
    ['model.safetensors', WEIGHTS.length],
    ['vacío.txt', 0],
  ]);
  expect([...opened.hashes.keys()]).toEqual(['model.safetensors']);
  const config = await opened.files.get('config.json')?.read(0, CONFIG.length, NEVER);
  expect(new TextDecoder().decode(config)).toBe(CONFIG);
  expect(await opened.files.get('vacío.txt')?.read(0, 0, NEVER)).toHaveLength(0);
  expect(mirror.requests.every(({ path }) => !path.includes('/resolve/main/'))).toBe(true);
});

it('asks for few and large parts when a file is read in order', async () => {
  await start();
  const file = await weights();
  const before = mirror.requests.length;
  for (let at = 0; at < WEIGHTS.length; at += 100_000) {
    const bytes = await file.read(at, at + 100_000, NEVER);
    expect(Buffer.compare(bytes, WEIGHTS.subarray(at, at + 100_000))).toBe(0);
  }
  // 64 KiB, then doubling up to 8 MiB.
  expect(mirror.requests.length - before).toBeLessThan(16);
  expect(mirror.sent()).toBeLessThan(WEIGHTS.length * 1.001 + 1000);
});

it('costs one small request to read a header', async () => {
  await start();
  await (await weights()).read(0, 8, NEVER);
  expect(mirror.sent()).toBeLessThan(100_000);
});

it('reads a large tensor with one request of its own, and tensors in any order', async () => {
  await start();
  const file = await weights();
  const before = mirror.requests.length;
  const [tail, all] = await Promise.all([
    file.read(WEIGHTS.length - 10, WEIGHTS.length, NEVER),
    file.read(5, 20_000_005, NEVER),
  ]);
  expect(Buffer.compare(tail, WEIGHTS.subarray(-10))).toBe(0);
  expect(Buffer.compare(all, WEIGHTS.subarray(5, 20_000_005))).toBe(0);
  expect(mirror.requests.length - before).toBe(2);
});

it('goes on after a connection that is cut', async () => {
  await start();
  const file = await weights();
  mirror.fault('cut', 3);
  const bytes = await file.read(0, 20_000_000, NEVER);
  expect(Buffer.compare(bytes, WEIGHTS.subarray(0, 20_000_000))).toBe(0);
  expect(mirror.sent()).toBeLessThan(21_000_000);
});

it('waits and tries again when asked to slow down, and gives up in the end', async () => {
  await start();
  mirror.fault(429, 2);
  mirror.fault(503, 1);
  const file = await weights();
  mirror.fault(429, 5);
  expect(await failureOf(file.read(0, 8, NEVER))).toMatchObject({ code: 'hub-busy', status: 429 });
});

it('refuses a server that ignores ranges, having read no more than its first bytes', async () => {
  await start();
  const file = await weights();
  mirror.fault('no-range', 1);
  const failure = await failureOf(file.read(10_000_000, 10_000_100, NEVER));
  expect(failure).toMatchObject({ code: 'hub-without-ranges', file: 'model.safetensors' });
  expect(mirror.sent()).toBeLessThan(10_000_000);
});

it('still reads small files from a server that ignores ranges', async () => {
  await start();
  const { files } = await open('autor/modelo');
  mirror.fault('no-range', 1);
  const bytes = await files.get('config.json')?.read(2, 12, NEVER);
  expect(new TextDecoder().decode(bytes)).toBe(CONFIG.slice(2, 12));
});

it.each(['html', 'wrong-range'] as const)('never takes %s for weights', async (fault) => {
  await start();
  const file = await weights();
  mirror.fault(fault, 1);
  expect((await failureOf(file.read(0, 100, NEVER))).code).toBe('hub-foreign');
});

it('finds repositories of organisations that moved', async () => {
  const files = { 'config.json': CONFIG };
  await start({
    repos: { 'somosnlp-hackathon-2022/a': { files }, 'nuevo/b': { files } },
    renamed: { 'viejo/b': 'nuevo/b' },
  });
  expect((await open('hackathon-pln-es/a')).pinned?.repo).toBe('somosnlp-hackathon-2022/a');
  expect((await open('viejo/b')).pinned?.repo).toBe('nuevo/b');
});

it('says what is missing', async () => {
  await start();
  const missing = { code: 'hub-missing', repo: 'autor/nadie', token: false };
  expect(await failureOf(open('autor/nadie'))).toMatchObject(missing);
  const other = { code: 'hub-missing', repo: 'hackathon-pln-es/nadie' };
  expect(await failureOf(open('hackathon-pln-es/nadie'))).toMatchObject(other);
  const revision = { code: 'hub-revision-missing', revision: 'v9' };
  expect(await failureOf(open('autor/modelo/tree/v9'))).toMatchObject(revision);
});

it('shows private repositories to who has the token, and to nobody else', async () => {
  const files = { 'config.json': CONFIG };
  await start({ repos: { 'autor/privado': { files, token: 'hf_secreto' } } });
  expect(await failureOf(open('autor/privado'))).toMatchObject({ code: 'hub-missing' });
  expect((await open('autor/privado', 'hf_secreto')).files.size).toBe(1);
});

it('sends to the page of a gated repository', async () => {
  const files = { 'config.json': CONFIG };
  await start({ repos: { 'autor/cerrado': { files, gated: true, token: 'hf_ok' } } });
  const { files: seen } = await open('autor/cerrado');
  expect(await failureOf(seen.get('config.json')?.read(0, 4, NEVER) ?? fail())).toEqual({
    code: 'hub-gated',
    repo: 'autor/cerrado',
    page: `${mirror.url}/autor/cerrado`,
    token: false,
  });
  const allowed = await open('autor/cerrado', 'hf_ok');
  expect(await allowed.files.get('config.json')?.read(0, 4, NEVER)).toHaveLength(4);
});

it('says so where nobody answers', async () => {
  await start();
  await mirror.close();
  expect((await failureOf(open('autor/modelo'))).code).toBe('hub-unreachable');
});

it('ends at once when it is aborted', async () => {
  await start();
  const file = await weights();
  const abort = new AbortController();
  const read = file.read(0, 20_000_000, abort.signal);
  abort.abort();
  await expect(read).rejects.toBe(abort.signal.reason);
});

function fail(): never {
  throw new Error('not listed');
}
