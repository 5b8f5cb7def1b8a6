/** Which file of the room an address means, and with which headers. Pure: addresses in, answers out. */
import { CLASSES_FOLDER, ROOM_FILE, type Room, type RoomRepo } from '../../src/classroom/room.ts';

export type Route =
  /** `path` is relative to the room's folder. */
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** A branch or tag: the same file at its commit. */
  | { readonly kind: 'moved'; readonly to: string }
  /** An address of the Hub without anything behind it; `code` as the Hub's `X-Error-Code`. */
  | { readonly kind: 'missing'; readonly code: string }
  /** Not of the room: the app's. */
  | { readonly kind: 'app' };

const REPO = String.raw`(?<id>[\w-][\w.-]*(?:/[\w-][\w.-]*)?)`;
const API = new RegExp(String.raw`^/api/models/${REPO}/(?<what>revision|tree)/(?<rev>.+)$`, 'u');
const INFO = new RegExp(String.raw`^/api/models/${REPO}$`, 'u');
const FILE = new RegExp(String.raw`^/${REPO}/resolve/(?<rev>[^/]+)/(?<path>.+)$`, 'u');
const PACK = new RegExp(String.raw`^/${CLASSES_FOLDER}/(?<path>.+)$`, 'u');

const JSON_TEXT = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-cache',
};
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** @param pathname as it was asked for, still percent-encoded */
export function routeOf(room: Room, pathname: string): Route {
  const address = decoded(pathname);
  if (address === null) return { kind: 'missing', code: 'EntryNotFound' };
  if (address === `/${ROOM_FILE}`) return { kind: 'file', path: ROOM_FILE, headers: JSON_TEXT };
  const api = API.exec(address) ?? INFO.exec(address);
  if (api !== null) return apiRoute(room, api.groups ?? {});
  // Before it is decoded: a revision may hold slashes, as `refs%2Fpr%2F1`.
  const file = FILE.exec(pathname)?.groups;
  if (file !== undefined) return fileRoute(room, file, pathname);
  const pack = PACK.exec(address)?.groups?.['path'];
  if (pack !== undefined) return packRoute(room, pack);
  if (address.startsWith('/api/')) return { kind: 'missing', code: 'RepoNotFound' };
  return { kind: 'app' };
}

type Groups = Readonly<Record<string, string | undefined>>;

function apiRoute(room: Room, { id = '', what, rev }: Groups): Route {
  const same = room.repos.filter((repo) => repo.id === id);
  if (same.length === 0) return { kind: 'missing', code: 'RepoNotFound' };
  const base = `api/models/${id}`;
  if (rev === undefined) return { kind: 'file', path: `${base}.json`, headers: JSON_TEXT };
  if (!same.some((repo) => isAt(repo, rev))) return { kind: 'missing', code: 'RevisionNotFound' };
  return { kind: 'file', path: `${base}/${what ?? ''}/${rev}.json`, headers: JSON_TEXT };
}

function isAt({ revision, commit }: RoomRepo, rev: string): boolean {
  return rev === revision || rev === commit;
}

function fileRoute(room: Room, { id = '', ...asked }: Groups, pathname: string): Route {
  const [rev, path] = [decoded(asked['rev'] ?? ''), decoded(asked['path'] ?? '')];
  const same = room.repos.filter((repo) => repo.id === id);
  const repo = same.find((each) => rev !== null && isAt(each, rev));
  if (repo === undefined) {
    return { kind: 'missing', code: same.length === 0 ? 'RepoNotFound' : 'RevisionNotFound' };
  }
  const { commit } = repo;
  if (rev !== commit) return { kind: 'moved', to: atCommit(pathname, commit) };
  const file = repo.files.find((each) => each.path === path);
  if (file === undefined) return { kind: 'missing', code: 'EntryNotFound' };
  const size = String(file.bytes);
  const headers = {
    ...{ ETag: `"${file.sha256}"`, 'X-Repo-Commit': commit, 'Cache-Control': FOR_GOOD },
    ...{ 'X-Linked-ETag': `"${file.sha256}"`, 'X-Linked-Size': size },
    // Bytes of a model, whatever their name: nothing of it is a page.
    'Content-Type': 'application/octet-stream',
  };
  return { kind: 'file', path: `${id}/resolve/${commit}/${path}`, headers };
}

/** The same address, its encoding untouched, at a commit. */
function atCommit(pathname: string, commit: string): string {
  return pathname.replace(/\/resolve\/[^/]+\//u, `/resolve/${commit}/`);
}

function packRoute({ classes }: Room, path: string): Route {
  const pack = classes.find((each) => each.path === path);
  if (pack === undefined) return { kind: 'missing', code: 'EntryNotFound' };
  const headers = {
    ...{ ETag: `"${pack.sha256}"`, 'Cache-Control': 'no-cache', 'Content-Type': 'application/zip' },
  };
  return { kind: 'file', path: `${CLASSES_FOLDER}/${path}`, headers };
}

function decoded(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}
