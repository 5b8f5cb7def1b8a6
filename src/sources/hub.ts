/**
 * Repositories of the Hugging Face Hub and of mirrors with its addresses. Three documented endpoints
 * are all that is read (https://huggingface.co/docs/hub/api): a repository at a revision, its tree, and
 * its files by range. The official client was weighed and left out: it brings uploads and a wasm
 * chunker along, reads every slice with a request of its own, and gives its errors as sentences.
 */
import type { ByteSource } from '../checkpoint/byte-source.ts';
import { refuse } from '../domain/failure.ts';
import { HttpClient, browserNetwork, isHtml, type Network } from './http-client.ts';
import { HttpFile, WindowCache } from './http-file.ts';
import type { OpenedSource, Pinned } from './opened.ts';
import type { Origin } from './origin.ts';

type HubOrigin = Origin & { kind: 'hub' };

/** Organisations that moved; the Hub redirects the repositories, where it still remembers them. */
const RENAMED: Readonly<Record<string, string>> = {
  'hackathon-pln-es': 'somosnlp-hackathon-2022',
  'hackathon-somos-nlp-2023': 'somosnlp-hackathon-2023',
};

/** The tree comes by pages of a thousand. */
const MAX_TREE_PAGES = 10;
const COMMIT = /^[0-9a-f]{40}$/u;
const SHA256 = /^[0-9a-f]{64}$/u;

export async function openHub(
  origin: HubOrigin,
  signal: AbortSignal,
  network: Network = browserNetwork,
): Promise<OpenedSource> {
  const client = new HttpClient(origin.endpoint, origin.token, network);
  const hub = new Hub(origin, client);
  const repository = await hub.find(signal);
  const { pinned } = repository;
  const windows = new WindowCache();
  const files = new Map<string, ByteSource>();
  const hashes = new Map<string, string>();
  for (const { path, size, sha256 } of await hub.tree(pinned, signal)) {
    const remote = { path, size, url: fileUrl(pinned, path), denied: hub.denier(repository) };
    files.set(path, new HttpFile(remote, client, windows));
    if (sha256 !== null) hashes.set(path, sha256);
  }
  return { kind: 'hub', name: pinned.repo, files, hashes, pinned, root: '', packed: new Set() };
}

interface Repository {
  readonly pinned: Pinned;
  readonly gated: boolean;
}

interface TreeFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string | null;
}

class Hub {
  readonly #origin: HubOrigin;
  readonly #client: HttpClient;

  constructor(origin: HubOrigin, client: HttpClient) {
    this.#origin = origin;
    this.#client = client;
  }

  /** The repository under its name of today, at a commit. */
  async find(signal: AbortSignal): Promise<Repository> {
    const { repo } = this.#origin;
    const moved = renamed(repo);
    const first = await this.#info(repo, signal);
    if (first.ok) return this.#repository(first);
    const second = moved !== null && isAbsent(first) ? await this.#info(moved, signal) : first;
    return second.ok ? this.#repository(second) : this.#deny(second, repo, false);
  }

  #info(repo: string, signal: AbortSignal): Promise<Response> {
    const revision = encodeURIComponent(this.#origin.revision ?? 'main');
    const url = `${this.#origin.endpoint}/api/models/${repo}/revision/${revision}`;
    return this.#client.get(url, signal);
  }

  async #repository(response: Response): Promise<Repository> {
    const info = await this.#json(response);
    const { id, sha, gated } = info as { id?: unknown; sha?: unknown; gated?: unknown };
    if (typeof sha !== 'string' || !COMMIT.test(sha)) return this.#foreign('sha');
    const repo =
      typeof id === 'string' && /^[\w.-]+(?:\/[\w.-]+)?$/u.test(id) ? id : this.#origin.repo;
    const pinned = { endpoint: this.#origin.endpoint, repo, commit: sha };
    return { pinned, gated: gated !== undefined && gated !== false };
  }

  async tree({ endpoint, repo, commit }: Pinned, signal: AbortSignal): Promise<TreeFile[]> {
    const files: TreeFile[] = [];
    let url: string | null = `${endpoint}/api/models/${repo}/tree/${commit}?recursive=true`;
    for (let page = 0; url !== null; page += 1) {
      if (page >= MAX_TREE_PAGES) return this.#foreign('tree');
      const response = await this.#client.get(url, signal);
      if (!response.ok) return this.#deny(response, repo, false);
      const entries = await this.#json(response);
      if (!Array.isArray(entries)) return this.#foreign('tree');
      files.push(...entries.flatMap((entry) => treeFile(entry)));
      url = nextPage(response, endpoint);
    }
    return files;
  }

  denier({ pinned, gated }: Repository): (response: Response) => never {
    return (response) => this.#deny(response, pinned.repo, gated);
  }

  /** What an answer other than the wished one means. */
  #deny(response: Response, repo: string, gated: boolean): never {
    const { endpoint, revision, token: given } = this.#origin;
    const reason = response.headers.get('X-Error-Code');
    const { status } = response;
    const token = given !== null;
    void response.body?.cancel();
    if (reason === 'RevisionNotFound') {
      refuse({ code: 'hub-revision-missing', repo, revision: revision ?? 'main' });
    }
    if (reason === 'GatedRepo' || (gated && (status === 401 || status === 403))) {
      refuse({ code: 'hub-gated', repo, page: `${endpoint}/${repo}`, token });
    }
    if (status === 403) refuse({ code: 'hub-private', repo, token });
    // The Hub hides private repositories behind the answer for those that do not exist.
    if (isAbsent(response)) {
      refuse({ code: 'hub-missing', host: this.#client.host, repo, token });
    }
    return this.#foreign(String(status));
  }

  async #json(response: Response): Promise<object> {
    if (isHtml(response)) {
      await response.body?.cancel();
      return this.#foreign('HTML');
    }
    const value: unknown = await response.json().catch(() => null);
    return typeof value === 'object' && value !== null ? value : this.#foreign('JSON');
  }

  #foreign(detail: string): never {
    return refuse({ code: 'hub-foreign', host: this.#client.host, detail });
  }
}

function renamed(repo: string): string | null {
  const [owner = '', name] = repo.split('/');
  const now = Object.hasOwn(RENAMED, owner) ? RENAMED[owner] : undefined;
  return now === undefined || name === undefined ? null : `${now}/${name}`;
}

function isAbsent({ status, headers }: Response): boolean {
  const absent = status === 401 || status === 404;
  return absent && headers.get('X-Error-Code') !== 'RevisionNotFound';
}

/** One line of the tree; folders, and names that no folder could hold, are left out. */
function treeFile(entry: unknown): TreeFile[] {
  const { type, path, size, lfs } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (type !== 'file' || typeof path !== 'string' || path.split('/').includes('..')) return [];
  const { size: stored, oid } = (lfs ?? {}) as Readonly<Record<string, unknown>>;
  // The size of the file itself, not of the pointer that git keeps in its place.
  const bytes = lfs === undefined || lfs === null ? size : (stored ?? size);
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0) return [];
  const sha256 = typeof oid === 'string' && SHA256.test(oid) ? oid : null;
  return [{ path, size: bytes as number, sha256 }];
}

/** `Link: <…>; rel="next"`, followed on the same host only: the token goes with it. */
function nextPage(response: Response, endpoint: string): string | null {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/u.exec(response.headers.get('Link') ?? '')?.[1];
  if (link === undefined || !URL.canParse(link, endpoint)) return null;
  const url = new URL(link, endpoint);
  return url.origin === new URL(endpoint).origin ? url.href : null;
}

function fileUrl({ endpoint, repo, commit }: Pinned, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint}/${repo}/resolve/${commit}/${encoded}`;
}
