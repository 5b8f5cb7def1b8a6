/** What comes into a room, and what the commands say: against a server with the Hub's addresses and its faults. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseRoom } from '../../../src/classroom/room.ts';
import { fetchRepo } from '../../../scripts/mirror/add.ts';
import { readRoom, withRepo, writeRoom } from '../../../scripts/mirror/room-folder.ts';
import type { Network } from '../../../src/sources/http-client.ts';
import { commitOf, startMirror, type Mirror, type MirrorRepo } from '../../support/mirror.ts';

/** More than two of the pieces in which files are fetched. */
const WEIGHTS = Uint8Array.from({ length: 40_000_000 }, (_, at) => (at * 7 + (at >> 9)) & 255);
const CONFIG = '{"model_type":"llama"}';
const REPO: MirrorRepo = {
  files: { 'config.json': CONFIG, 'model.safetensors': WEIGHTS, 'README.md': '# Loro' },
};
let work = '';
let room = '';
let mirror: Mirror | null = null;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'patio-add-'));
  room = join(work, 'sala');
});
afterEach(async () => {
  await mirror?.close();
  mirror = null;
  rmSync(work, { recursive: true, force: true });
});

const network: Network = {
  fetch: (url, init) => fetch(url, init),
  sleep: async (_, signal) => signal.throwIfAborted(),
};

async function fetchFrom(url: string, repo: string, signal = new AbortController().signal) {
  const where = { endpoint: url, repo, revision: null, token: null };
  const fetching = { origin: { kind: 'hub', ...where } as const, all: false, network };
  return fetchRepo(room, fetching, () => undefined, signal);
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function stored(repo: string, path: string): Buffer {
  return readFileSync(join(room, repo, 'resolve', commitOf(repo), path));
}

test('a repository comes whole, at its commit, with hashes', async () => {
  mirror = await startMirror({ repos: { 'taller/loro': REPO } });
  const repo = await fetchFrom(mirror.url, 'taller/loro');
  expect(repo).toMatchObject({
    id: 'taller/loro',
    revision: 'main',
    commit: commitOf('taller/loro'),
  });
  expect(repo.files.map(({ path, sha256: hash }) => [path, hash])).toEqual([
    ['README.md', sha256('# Loro')],
    ['config.json', sha256(CONFIG)],
    ['model.safetensors', sha256(WEIGHTS)],
  ]);
  expect(stored('taller/loro', 'model.safetensors').equals(WEIGHTS)).toBe(true);
  expect(existsSync(join(room, '.patio/parcial', repo.commit))).toBe(false);
});

test('what was cut goes on from where it was, and nothing verified comes twice', async () => {
  mirror = await startMirror({ repos: { 'taller/loro': REPO } });
  const { url, sent } = mirror;
  const controller = new AbortController();
  const where = { endpoint: url, repo: 'taller/loro', revision: null, token: null };
  const fetching = { origin: { kind: 'hub', ...where } as const, all: false, network };
  const stopInWeights = (file: string, done: number) => {
    if (file === 'model.safetensors' && done >= 16_000_000) controller.abort();
  };
  await expect(fetchRepo(room, fetching, stopInWeights, controller.signal)).rejects.toThrow();
  const before = sent();
  await fetchFrom(url, 'taller/loro');
  expect(stored('taller/loro', 'model.safetensors').equals(WEIGHTS)).toBe(true);
  expect(sent() - before).toBeLessThan(WEIGHTS.length - 16_000_000 + 1000);
  const again = sent();
  await fetchFrom(url, 'taller/loro');
  expect(sent() - again).toBeLessThan(1000);
});

test('cuts and a busy server are passed over', async () => {
  mirror = await startMirror({ repos: { 'taller/loro': REPO } });
  mirror.fault(503, 1);
  mirror.fault('cut', 3);
  await fetchFrom(mirror.url, 'taller/loro');
  expect(stored('taller/loro', 'model.safetensors').equals(WEIGHTS)).toBe(true);
});

test('a page in place of weights is refused, and nothing of it stays', async () => {
  mirror = await startMirror({ repos: { 'taller/loro': REPO } });
  mirror.fault('html', 20);
  await expect(fetchFrom(mirror.url, 'taller/loro')).rejects.toMatchObject({
    failure: { code: 'hub-foreign' },
  });
  expect(existsSync(join(room, 'taller'))).toBe(false);
});

test('bytes that were damaged on the disk are fetched again', async () => {
  mirror = await startMirror({ repos: { 'taller/loro': REPO } });
  const { commit } = await fetchFrom(mirror.url, 'taller/loro');
  const path = join(room, 'taller/loro/resolve', commit, 'model.safetensors');
  const bytes = Uint8Array.from(WEIGHTS);
  bytes[1234] = (bytes[1234] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await fetchFrom(mirror.url, 'taller/loro');
  expect(readFileSync(path).equals(WEIGHTS)).toBe(true);
});

test('wrong bytes left over from another try are thrown away', async () => {
  mirror = await startMirror({ repos: { 'taller/loro': REPO } });
  const name = createHash('sha1').update('model.safetensors').digest('hex');
  const folder = join(room, '.patio/parcial', commitOf('taller/loro'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), new Uint8Array(5000));
  await fetchFrom(mirror.url, 'taller/loro');
  expect(stored('taller/loro', 'model.safetensors').equals(WEIGHTS)).toBe(true);
});

test('an organisation that moved is followed to its name of today', async () => {
  const now = 'somosnlp-hackathon-2022/loro';
  mirror = await startMirror({ repos: { [now]: { files: { 'config.json': CONFIG } } } });
  expect((await fetchFrom(mirror.url, 'hackathon-pln-es/loro')).id).toBe(now);
});

test('weights of other frameworks stay out; a pickle comes where there is nothing else', async () => {
  const files = { 'config.json': CONFIG, 'tf_model.h5': 'tf', 'pytorch_model.bin': 'pickle' };
  const both = { ...files, 'model.safetensors': 'safe' };
  mirror = await startMirror({ repos: { 'a/old': { files }, 'a/both': { files: both } } });
  const paths = async (repo: string) =>
    (await fetchFrom(mirror?.url ?? '', repo)).files.map(({ path }) => path);
  expect(await paths('a/old')).toEqual(['config.json', 'pytorch_model.bin']);
  expect(await paths('a/both')).toEqual(['config.json', 'model.safetensors']);
});

test('another commit of a revision takes the place of the old one, whose files go', async () => {
  const repo = (commit: string) => ({ id: 'a/b', revision: 'main', commit, files: [] });
  const [old, now] = [repo('1'.repeat(40)), repo('2'.repeat(40))];
  const empty = await readRoom(room);
  await writeRoom(room, empty, withRepo(empty, old));
  mkdirSync(join(room, 'a/b/resolve', old.commit), { recursive: true });
  await writeRoom(room, await readRoom(room), withRepo(await readRoom(room), now));
  expect(existsSync(join(room, 'a/b/resolve', old.commit))).toBe(false);
  expect(readdirSync(join(room, 'api/models/a/b/tree')).sort()).toEqual([
    `${now.commit}.json`,
    'main.json',
  ]);
});

interface Said {
  readonly code: number | null;
  readonly text: string;
}

/** `npm run mirror -- …`, as a process of its own. */
function mirrorCommand(...args: string[]): Promise<Said> {
  const command = ['--import', 'tsx', 'scripts/mirror/cli.ts', ...args];
  const child = spawn(process.execPath, command);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}

test('the commands: add, list, check, remove', async () => {
  mirror = await startMirror({ repos: { 'taller/loro': REPO } });
  const model = join(work, 'mi modelo');
  mkdirSync(join(model, '.git'), { recursive: true });
  writeFileSync(join(model, 'config.json'), CONFIG);
  writeFileSync(join(model, '.git/config'), 'not of the model');
  writeFileSync(join(work, 'blob'), 'weights');
  symlinkSync(join(work, 'blob'), join(model, 'model.safetensors'));
  writeFileSync(join(work, 'clase.zip'), 'PK');
  const to = ['--to', room];
  expect(await mirrorCommand('add', model, join(work, 'clase.zip'), ...to)).toMatchObject({
    code: 0,
  });
  const hub = await mirrorCommand('add', 'taller/loro', '--endpoint', mirror.url, ...to);
  expect(hub).toMatchObject({ code: 0 });
  const listed = (await mirrorCommand('list', room)).text;
  expect(listed).toMatch(/sala\/mi-modelo@main/u);
  expect(listed).toMatch(/40 MB\s+taller\/loro@main/u);
  expect(listed).toMatch(/clase\.zip/u);
  const { repos } = parseRoom(readFileSync(join(room, 'patio-room.json'), 'utf8'));
  expect(repos[0]?.files.map(({ path }) => path)).toEqual(['config.json', 'model.safetensors']);

  expect(await mirrorCommand('check', room)).toMatchObject({ code: 0 });
  writeFileSync(join(room, 'taller/loro/resolve', commitOf('taller/loro'), 'README.md'), '# Otro');
  rmSync(join(room, 'clases/clase.zip'));
  const checked = await mirrorCommand('check', room);
  expect(checked.code).toBe(1);
  expect(checked.text).toMatch(/DAÑADO\s+taller\/loro.*README\.md/u);
  expect(checked.text).toMatch(/FALTA\s+clases\/clase\.zip/u);

  expect(await mirrorCommand('remove', 'taller/loro', ...to)).toMatchObject({ code: 0 });
  expect(existsSync(join(room, 'taller'))).toBe(false);
  expect(existsSync(join(room, 'api/models/taller'))).toBe(false);
});

test('the commands say what is wrong in a sentence', async () => {
  mirror = await startMirror({ repos: {} });
  const absent = await mirrorCommand('add', 'nadie/nada', '--endpoint', mirror.url, '--to', room);
  expect(absent.code).toBe(1);
  expect(absent.text).toContain('nadie/nada');
  expect(absent.text).not.toMatch(/at .*\.ts:\d+/u);
  expect((await mirrorCommand('add', './no/such/folder', '--to', room)).text).toMatch(
    /no es una carpeta/u,
  );
  expect((await mirrorCommand('que')).text).toMatch(/npm run mirror -- add/u);
  expect(existsSync(join(room, 'patio-room.json'))).toBe(false);
});
