import { refuse } from '../domain/failure.ts';

/**
 * Where a person points to. Plain data that can be posted to a Worker: a `File` is only a handle, and
 * nothing is read before `openSource`.
 */
export type Origin =
  | {
      readonly kind: 'files';
      readonly name: string;
      /** `path` is relative to what was dropped or picked, with `/` between folders. */
      readonly files: readonly { readonly path: string; readonly file: File }[];
    }
  | { readonly kind: 'zip'; readonly file: File }
  | {
      readonly kind: 'hub';
      /** Absolute address of the Hub or of a mirror with its URL layout, without a final slash. */
      readonly endpoint: string;
      /** `owner/name`, or `name` alone for the few repositories without an owner. */
      readonly repo: string;
      /** Branch, tag or commit; null means the default branch. */
      readonly revision: string | null;
      /** Kept in memory only; never stored, never written to a log. */
      readonly token: string | null;
    };

export const DEFAULT_ENDPOINT = 'https://huggingface.co';

/** What was chosen with a file picker; folder pickers say where each file lay. */
export function originOfFiles(list: Iterable<File>): Origin {
  const files = [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  return originOfListed(files, '∅');
}

/** @param name of what was chosen, for when nothing is in it */
export function originOfListed(
  files: readonly { path: string; file: File }[],
  name: string,
): Origin {
  const [only] = files;
  if (only === undefined) return refuse({ code: 'source-without-model', name });
  if (files.length === 1 && /\.zip$/iu.test(only.path)) return { kind: 'zip', file: only.file };
  const top = topFolder(files.map(({ path }) => path));
  return { kind: 'files', name: top ?? only.file.name, files };
}

/** The folder that everything lies in; null where there is none. */
function topFolder(paths: readonly string[]): string | null {
  const [first] = paths;
  const folder = first?.slice(0, Math.max(0, first.indexOf('/'))) ?? '';
  if (folder === '') return null;
  return paths.every((path) => path.startsWith(`${folder}/`)) ? folder : null;
}

/** Names as the Hub allows them. */
const NAME = String.raw`[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9_])?`;
const REPO = new RegExp(String.raw`^(?:${NAME}/)?${NAME}$`, 'u');
const REVISION = /^[\w.][\w./-]{0,199}$/u;
/** Words that the Hub's addresses put after a repository's name. */
const PAGES = new Set(['tree', 'blob', 'resolve', 'raw', 'commit', 'commits', 'discussions']);
const REVISION_PAGES = new Set(['tree', 'blob', 'resolve', 'raw', 'commit', 'commits']);
/** First parts of a path that are not an owner. */
const OTHER_KINDS = new Set(['datasets', 'spaces', 'api', 'docs', 'papers', 'collections']);

/**
 * A repository as people write it: `owner/name`, `owner/name@revision`, or the address of its page or
 * of one of its files, on the Hub or on any mirror with its layout.
 */
export function originOfText(text: string, token: string | null = null): Origin & { kind: 'hub' } {
  const trimmed = text.trim().replace(/^hf\.co\//u, `${DEFAULT_ENDPOINT}/`);
  const found = /^https?:\/\//u.test(trimmed) ? fromAddress(trimmed) : fromName(trimmed);
  if (found === null) return refuse({ code: 'source-unclear', text: trimmed.slice(0, 120) });
  return { kind: 'hub', ...found, token: token?.trim() || null };
}

interface Place {
  readonly endpoint: string;
  readonly repo: string;
  readonly revision: string | null;
}

function fromName(text: string): Place | null {
  const bare = text.replace(/^(?:www\.)?huggingface\.co\//u, '');
  const [name = '', revision = null, ...rest] = bare.split('@');
  if (rest.length > 0 || !isRepo(name)) return null;
  if (revision !== null && !isRevision(revision)) return null;
  return { endpoint: DEFAULT_ENDPOINT, repo: name, revision };
}

function fromAddress(text: string): Place | null {
  if (!URL.canParse(text)) return null;
  const { origin, pathname, username } = new URL(text);
  if (username !== '') return null;
  // A revision may hold an encoded slash: parts are told apart before they are decoded.
  const parts = pathname.split('/').filter(Boolean).map(decoded);
  const at = parts.findIndex((part, index) => index > 0 && PAGES.has(part));
  const repo = (at < 0 ? parts : parts.slice(0, at)).join('/');
  const [name = '', written = null] = repo.split('@');
  if (OTHER_KINDS.has(parts[0] ?? '') || !isRepo(name)) return null;
  const page = parts[at] ?? '';
  const revision = at > 0 && REVISION_PAGES.has(page) ? (parts[at + 1] ?? null) : written;
  if (revision !== null && !isRevision(revision)) return null;
  return { endpoint: origin.replace('//hf.co', '//huggingface.co'), repo: name, revision };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isRepo(name: string): boolean {
  return REPO.test(name) && !name.includes('..') && !name.includes('--');
}

function isRevision(name: string): boolean {
  return REVISION.test(name) && !name.includes('..') && !name.includes('//');
}
