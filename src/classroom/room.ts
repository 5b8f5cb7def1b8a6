/**
 * What a room server holds, as `patio-room.json` at its root says it: the page reads it to offer what
 * is there, and the server's own commands keep it. Plain data; every other file of the room's
 * addresses is made from it.
 */
import * as v from 'valibot';
import { refuse } from '../domain/failure.ts';

export const ROOM_FILE = 'patio-room.json';
/** Folder of the class packs, beside `patio-room.json`. */
export const CLASSES_FOLDER = 'clases';

/** Path inside its repository, with `/` between folders. */
export interface RoomFile {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A repository at one revision. Its files are at `/{id}/resolve/{commit}/{path}`. */
export interface RoomRepo {
  /** `owner/name`, or `name` alone. */
  readonly id: string;
  readonly revision: string;
  /** 40 hexadecimal digits: the Hub's, or made from the hashes of a copied folder. */
  readonly commit: string;
  readonly files: readonly RoomFile[];
}

/** A class pack, at `/clases/{path}`. */
export type RoomClass = RoomFile;

export interface Room {
  readonly format: 'patio-room';
  readonly version: 1;
  /** What people call the room. */
  readonly name: string;
  readonly repos: readonly RoomRepo[];
  readonly classes: readonly RoomClass[];
}

const MOST_REPOS = 1000;
const MOST_FILES = 10_000;

const path = v.pipe(v.string(), v.minLength(1), v.maxLength(1000), v.check(isInside));
const file = v.object({
  path,
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u)),
});
const repo = v.object({
  id: v.pipe(v.string(), v.regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/u), v.maxLength(200)),
  revision: v.pipe(v.string(), v.maxLength(200), v.regex(/^[\w.][\w./-]*$/u), v.check(isInside)),
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/u)),
  files: v.pipe(v.array(file), v.maxLength(MOST_FILES)),
});
const room: v.GenericSchema<unknown, Room> = v.object({
  format: v.literal('patio-room'),
  version: v.literal(1),
  name: v.pipe(v.string(), v.maxLength(200)),
  repos: v.pipe(v.array(repo), v.maxLength(MOST_REPOS)),
  classes: v.pipe(v.array(file), v.maxLength(MOST_FILES)),
});

/** No way out of the folder that it is relative to, on any system. */
function isInside(path: string): boolean {
  // eslint-disable-next-line no-control-regex -- a name with control characters is no file's
  if (/[\\\u0000-\u001f]|^[A-Za-z]:/u.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** The text of `patio-room.json`. Refuses with `file-damaged` what is none. */
export function parseRoom(text: string): Room {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), room), text);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue);
  const detail = where === null ? issue.message : `${where}: ${issue.message}`;
  return refuse({ code: 'file-damaged', file: ROOM_FILE, detail });
}

export function bytesOf({ files }: Pick<RoomRepo, 'files'>): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
