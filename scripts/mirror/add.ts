/** What comes into a room: a repository of the Hub or of a mirror, a folder, or a class pack. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ByteSource } from '../../src/checkpoint/byte-source.ts';
import { CLASSES_FOLDER, type RoomFile, type RoomRepo } from '../../src/classroom/room.ts';
import { refuse } from '../../src/domain/failure.ts';
import { openHub } from '../../src/sources/hub.ts';
import type { Network } from '../../src/sources/http-client.ts';
import type { OpenedSource, Pinned } from '../../src/sources/opened.ts';
import type { Origin } from '../../src/sources/origin.ts';
import { PRIVATE_FOLDER, hashFile, nullWhenMissing, pathOf } from './room-folder.ts';

/** Told as bytes of a file arrive; `done` is the whole file where it was there already. */
export type Report = (file: string, done: number, size: number) => void;

export interface Fetching {
  readonly origin: Origin & { kind: 'hub' };
  /** Every file, also weights in formats that Patio has another file for. */
  readonly all: boolean;
  readonly network: Network;
}

/** One request to the Hub, and what a cut costs at most when the process dies with it. */
const PIECE = 16_000_000;
/** Weights of other frameworks. */
const FOREIGN = /\.(?:h5|msgpack|ot|mlmodel|tflite|gguf)$|^(?:coreml|openvino)\//iu;
/** Left out where safetensors hold the same. */
const PICKLED = /^pytorch_model.*\.bin(?:\.index\.json)?$/u;
/** What tools leave behind. */
const LITTER = new Set(['.git', '.cache', '.DS_Store', 'Thumbs.db', PRIVATE_FOLDER]);

/** Downloads into `folder`; what a try before this one left there is not fetched again. */
export async function fetchRepo(
  folder: string,
  { origin, all, network }: Fetching,
  report: Report,
  signal: AbortSignal,
): Promise<RoomRepo> {
  const opened = await openHub(origin, signal, network);
  const pinned = opened.pinned ?? refuse({ code: 'source-without-model', name: origin.repo });
  const paths = [...opened.files.keys()].filter(wanted(opened, all)).sort();
  const files: RoomFile[] = [];
  refuseTwins(paths);
  for (const path of paths)
    files.push(await fetchFile(folder, opened, pinned, path, report, signal));
  await rm(join(folder, PRIVATE_FOLDER, 'parcial', pinned.commit), {
    recursive: true,
    force: true,
  });
  return { id: pinned.repo, revision: origin.revision ?? 'main', commit: pinned.commit, files };
}

function wanted({ files }: OpenedSource, all: boolean): (path: string) => boolean {
  const safe = [...files.keys()].some((path) => /^model.*\.safetensors$/u.test(path));
  return (path) => all || !(FOREIGN.test(path) || (safe && PICKLED.test(path)));
}

async function fetchFile(
  folder: string,
  { files, hashes }: OpenedSource,
  pinned: Pinned,
  path: string,
  report: Report,
  signal: AbortSignal,
): Promise<RoomFile> {
  const source = files.get(path) ?? refuse({ code: 'source-changed', file: path });
  const hash = hashes.get(path) ?? null;
  const target = join(folder, pinned.repo, 'resolve', pinned.commit, path);
  const there = await verified(target, source.size, hash);
  if (there !== null) {
    report(path, source.size, source.size);
    return { path, ...there };
  }
  const name = createHash('sha1').update(path).digest('hex');
  const partial = join(folder, PRIVATE_FOLDER, 'parcial', pinned.commit, name);
  const got = await fetchTwice({ source, partial, hash }, report, signal);
  await mkdir(dirname(target), { recursive: true });
  await rename(partial, target);
  return { path, bytes: source.size, sha256: got };
}

/** What lies at `target`, where it is known to be what the Hub has. */
async function verified(target: string, size: number, hash: string | null) {
  const info = await stat(target).catch(nullWhenMissing);
  if (hash === null || info?.size !== size) return null;
  const found = await hashFile(target);
  return found.sha256 === hash ? found : null;
}

interface Wanted {
  readonly source: ByteSource;
  readonly partial: string;
  /** Null where the Hub gives none: small files that git itself keeps. */
  readonly hash: string | null;
}

/** A file whose hash is wrong is fetched once more from its first byte. Gives its hash. */
async function fetchTwice(wanted: Wanted, report: Report, signal: AbortSignal): Promise<string> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const sha256 = await fetchRest(wanted, report, signal);
    if (wanted.hash === null || sha256 === wanted.hash) return sha256;
    await rm(wanted.partial);
  }
  return refuse({ code: 'file-damaged', file: wanted.source.name, detail: 'SHA-256' });
}

/** Goes on from the last byte that an earlier try left. */
async function fetchRest({ source, partial, hash }: Wanted, report: Report, signal: AbortSignal) {
  await mkdir(dirname(partial), { recursive: true });
  // Without a hash to hold it against, what is left over cannot be trusted.
  const file = await open(partial, hash === null ? 'w' : 'a');
  try {
    const digest = createHash('sha256');
    let at = hash === null ? 0 : await digestFile(digest, partial);
    for (; at < source.size; at += PIECE) {
      const end = Math.min(at + PIECE, source.size);
      const bytes = await source.read(at, end, signal);
      digest.update(bytes);
      await file.writeFile(bytes);
      report(source.name, end, source.size);
    }
    return digest.digest('hex');
  } finally {
    await file.close();
  }
}

async function digestFile(digest: Hash, path: string): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    digest.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return bytes;
}

/** Copies a folder as a repository; its commit follows from its files, so the same gives the same. */
export async function copyFolder(
  folder: string,
  from: string,
  named: Pick<RoomRepo, 'id' | 'revision'>,
  report: Report,
): Promise<RoomRepo> {
  const paths = (await filesUnder(from, '')).sort();
  if (paths.length === 0) refuse({ code: 'source-without-model', name: basename(resolve(from)) });
  refuseTwins(paths);
  const files: RoomFile[] = [];
  for (const path of paths) files.push({ path, ...(await hashFile(join(from, path))) });
  const repo = { ...named, commit: commitOf(files), files };
  for (const file of files) {
    await copyWhole(join(from, file.path), pathOf(folder, repo, file.path), file);
    report(file.path, file.bytes, file.bytes);
  }
  return repo;
}

/** Links to files count as their files, as in the cache of the Hub's client; links to folders do not. */
async function filesUnder(base: string, inner: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(base, inner), { withFileTypes: true })) {
    const path = inner + entry.name;
    if (LITTER.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...(await filesUnder(base, `${path}/`)));
    else if ((await stat(join(base, path))).isFile()) found.push(path);
  }
  return found;
}

function commitOf(files: readonly RoomFile[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
  return createHash('sha1').update(lines).digest('hex');
}

async function copyWhole(from: string, to: string, { bytes, sha256 }: RoomFile): Promise<void> {
  if ((await verified(to, bytes, sha256)) !== null) return;
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, `${to}.nuevo`);
  if ((await hashFile(`${to}.nuevo`)).sha256 !== sha256) {
    await rm(`${to}.nuevo`);
    refuse({ code: 'source-changed', file: basename(from) });
  }
  await rename(`${to}.nuevo`, to);
}

/** A class pack goes beside the repositories. */
export async function copyClass(folder: string, from: string): Promise<string> {
  const name = basename(resolve(from));
  const to = join(folder, CLASSES_FOLDER, name);
  await copyWhole(from, to, { path: name, ...(await hashFile(from)) });
  return name;
}

/** Sticks and many disks hold `A` and `a` as one file. */
function refuseTwins(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    const folded = path.toLowerCase();
    if (seen.has(folded)) refuse({ code: 'file-damaged', file: path, detail: 'Aa = aa' });
    seen.add(folded);
  }
}
