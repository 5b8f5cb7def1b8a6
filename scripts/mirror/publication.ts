/**
 * The room as files of a plain static server: what the Hub answers at `/api/models/…` as JSON, and
 * maps of commits and hashes for nginx and Caddy, whose own ETags would change with every copy.
 */
import { createHash } from 'node:crypto';
import { ROOM_FILE, type Room, type RoomFile, type RoomRepo } from '../../src/classroom/room.ts';

export const NGINX_MAP = '.patio/nginx-map.conf';
export const CADDY_MAP = '.patio/caddy-map.conf';

/** Text by path, relative to the room's folder. */
export function publicationOf(room: Room): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const repo of room.repos) {
    const base = `api/models/${repo.id}`;
    for (const revision of new Set([repo.revision, repo.commit])) {
      files.set(`${base}/revision/${revision}.json`, json(infoOf(repo)));
      files.set(`${base}/tree/${revision}.json`, json(repo.files.map(treeEntry)));
    }
    if (repo === defaultOf(room, repo.id)) files.set(`${base}.json`, json(infoOf(repo)));
  }
  files.set(NGINX_MAP, nginxMap(room));
  files.set(CADDY_MAP, caddyMap(room));
  files.set(ROOM_FILE, `${JSON.stringify(room, null, 2)}\n`);
  return files;
}

/** What is meant where no revision is named. */
function defaultOf({ repos }: Room, id: string): RoomRepo | undefined {
  const same = repos.filter((repo) => repo.id === id);
  return same.find(({ revision }) => revision === 'main') ?? same[0];
}

/** A repository's page at the Hub, as far as a room knows it. */
function infoOf({ id, commit, files }: RoomRepo): object {
  const siblings = files.map((file) => {
    const { oid, lfs } = pointerOf(file);
    return {
      ...{ rfilename: file.path, size: file.bytes, blobId: oid },
      lfs: { sha256: lfs.oid, size: lfs.size, pointerSize: lfs.pointerSize },
    };
  });
  const author = id.includes('/') ? { author: id.split('/')[0] } : {};
  return {
    ...{ _id: commit.slice(0, 24), id, modelId: id, ...author, sha: commit },
    ...{ private: false, gated: false, disabled: false, downloads: 0, likes: 0, tags: [] },
    siblings,
  };
}

function treeEntry(file: RoomFile): object {
  return { type: 'file', size: file.bytes, path: file.path, ...pointerOf(file) };
}

/**
 * Every file is told as one of large storage, since that is how the Hub gives a SHA-256. The git
 * object is then the pointer, a text that follows from hash and size (https://git-lfs.com, spec v1).
 */
function pointerOf({ bytes, sha256 }: RoomFile) {
  const version = 'version https://git-lfs.github.com/spec/v1';
  const pointer = `${version}\noid sha256:${sha256}\nsize ${String(bytes)}\n`;
  const oid = createHash('sha1')
    .update(`blob ${String(pointer.length)}\0${pointer}`)
    .digest('hex');
  return { oid, lfs: { oid: sha256, size: bytes, pointerSize: pointer.length } };
}

/** `$patio_sha256` by path, `$patio_commit` by `repository@revision`, `$patio_known` by repository. */
function nginxMap(room: Room): string {
  const maps = [
    ['$uri', '$patio_sha256', hashLines(room, ';')],
    ['"$patio_repo@$patio_rev"', '$patio_commit', commitLines(room, ';')],
    [
      '$patio_repo',
      '$patio_known',
      linesOf(
        room.repos.map(({ id }) => [id, 'yes']),
        ';',
      ),
    ],
  ] as const;
  const sizes = 'map_hash_max_size 65536;\nmap_hash_bucket_size 1024;\n';
  const text = maps.map(([from, to, lines]) => `map ${from} ${to} {\n  default "";\n${lines}}\n`);
  return sizes + text.join('');
}

/** The same for Caddy, as snippets: a repository and revision are what its matcher found. */
function caddyMap(room: Room): string {
  const known = linesOf(
    room.repos.map(({ id }) => [id, 'RevisionNotFound']),
    '',
  );
  return [
    caddySnippet('patio_hashes', '{path}', 'patio_sha256', hashLines(room), ''),
    caddySnippet(
      'patio_commits',
      '{re.named.1}@{re.named.2}',
      'patio_commit',
      commitLines(room),
      '',
    ),
    caddySnippet('patio_repos', '{re.named.1}', 'patio_absent', known, 'RepoNotFound'),
  ].join('');
}

function caddySnippet(name: string, from: string, to: string, lines: string, otherwise: string) {
  return `(${name}) {\n  map "${from}" {${to}} {\n${lines}  default "${otherwise}"\n  }\n}\n`;
}

/** One line for each; the semicolon is nginx's alone, and Caddy's lines end without. */
function hashLines({ repos }: Room, end = ''): string {
  const lines = repos.flatMap(({ id, commit, files }) =>
    files.map(({ path, sha256 }) => [`/${id}/resolve/${commit}/${path}`, sha256] as const),
  );
  return linesOf(lines, end);
}

function commitLines({ repos }: Room, end = ''): string {
  const lines = repos.flatMap(({ id, revision, commit }) =>
    [revision, commit].map((name) => [`${id}@${name}`, commit] as const),
  );
  return linesOf(lines, end);
}

function linesOf(pairs: Iterable<readonly [string, string]>, end: string): string {
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  // Two revisions at one commit share their files.
  return [...new Map(pairs)].map(([key, to]) => `  "${escaped(key)}" "${to}"${end}\n`).join('');
}

function json(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
