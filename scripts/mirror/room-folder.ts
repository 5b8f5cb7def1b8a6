/** A room on disk: a plain folder in the Hub's layout, kept true to its `patio-room.json`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  CLASSES_FOLDER,
  ROOM_FILE,
  parseRoom,
  type Room,
  type RoomFile,
  type RoomRepo,
} from '../../src/classroom/room.ts';
import { publicationOf } from './publication.ts';

/** Keys, maps for other servers and what is not yet whole; never served. */
export const PRIVATE_FOLDER = '.patio';
export const DEFAULT_FOLDER = 'sala';

export async function readRoom(folder: string): Promise<Room> {
  const text = await readFile(join(folder, ROOM_FILE), 'utf8').catch(nullWhenMissing);
  if (text !== null) return parseRoom(text);
  const name = basename(resolve(folder));
  return { format: 'patio-room', version: 1, name, repos: [], classes: [] };
}

export function pathOf(folder: string, { id, commit }: RoomRepo, path: string): string {
  return join(folder, id, 'resolve', commit, path);
}

/** Takes the place of what the room had under the same name and revision. */
export function withRepo(room: Room, repo: RoomRepo): Room {
  const others = room.repos.filter(({ id, revision }) => !isSame({ id, revision }, repo));
  const repos = [...others, repo].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return { ...room, repos };
}

/** @param revision null for all of them */
export function withoutRepo(room: Room, id: string, revision: string | null): Room {
  const goes = (repo: RoomRepo) =>
    repo.id === id && (revision === null || repo.revision === revision);
  return { ...room, repos: room.repos.filter((repo) => !goes(repo)) };
}

type Named = Pick<RoomRepo, 'id' | 'revision'>;

function isSame(a: Named, b: Named): boolean {
  return keyOf(a) === keyOf(b);
}

function keyOf({ id, revision }: Named): string {
  return `${id}@${revision}`;
}

/** Writes the room and all that follows from it, the room itself last; what nobody names any more goes. */
export async function writeRoom(folder: string, before: Room, room: Room): Promise<void> {
  // What could not be read again is not written.
  parseRoom(JSON.stringify(room));
  const stale = [...publicationOf(before).keys()];
  const files = publicationOf(room);
  for (const [path, text] of files) await writeWhole(join(folder, path), text);
  for (const path of stale.filter((path) => !files.has(path))) await removeUp(folder, path);
  const kept = new Set(room.repos.map(placeOf));
  for (const repo of before.repos.filter((repo) => !kept.has(placeOf(repo)))) {
    await removeUp(folder, join(repo.id, 'resolve', repo.commit));
  }
}

function placeOf({ id, commit }: RoomRepo): string {
  return `${id}@${commit}`;
}

/** A reader sees the old text or the new one, never half of it. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${String(process.pid)}.nuevo`;
  await writeFile(draft, text, { mode });
  await rename(draft, path);
}

/** Removes a file or folder of the room, and the folders that it leaves empty. */
async function removeUp(folder: string, path: string): Promise<void> {
  await rm(join(folder, path), { recursive: true, force: true });
  for (let up = dirname(path); up !== '.'; up = dirname(up)) {
    const left = await readdir(join(folder, up)).catch(() => ['']);
    if (left.length > 0) return;
    await rm(join(folder, up), { recursive: true });
  }
}

/** The class packs that lie in `clases/`; one that did not change is not read again. */
export async function withClasses(folder: string, room: Room): Promise<Room> {
  const base = join(folder, CLASSES_FOLDER);
  const names = (await readdir(base).catch(() => [])).filter((name) => /\.zip$/iu.test(name));
  const roomWritten = await lstat(join(folder, ROOM_FILE)).catch(nullWhenMissing);
  const classes: RoomFile[] = [];
  for (const path of names.sort()) {
    const { size: bytes, mtimeMs, ctimeMs } = await lstat(join(base, path));
    const known = room.classes.find((pack) => pack.path === path && pack.bytes === bytes);
    const fresh = Math.max(mtimeMs, ctimeMs) >= (roomWritten?.mtimeMs ?? 0);
    classes.push(known && !fresh ? known : { path, ...(await hashFile(join(base, path))) });
  }
  return { ...room, classes };
}

export async function hashFile(path: string): Promise<Omit<RoomFile, 'path'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

export function nullWhenMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}
