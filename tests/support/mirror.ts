/**
 * A server with the addresses of the Hub, on loopback: real HTTP, Range, redirects and headers, over
 * folders on disk or files in memory. Its faults are those of real servers.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, posix } from 'node:path';

export interface MirrorRepo {
  /** A folder, or files by path. */
  readonly files: string | Readonly<Record<string, Uint8Array | string>>;
  /** Needs this token to be seen at all. */
  readonly token?: string;
  /** Seen by all, but its files need the token. */
  readonly gated?: boolean;
  /** Beside `main`, which always exists. */
  readonly revisions?: readonly string[];
}

export type Fault =
  /** The whole file, whatever part was asked for. */
  | 'no-range'
  /** A start page in place of a file. */
  | 'html'
  /** The connection ends in the middle of a body. */
  | 'cut'
  /** Another part than the one asked for. */
  | 'wrong-range'
  | 429
  | 503;

export interface MirrorOptions {
  readonly repos: Readonly<Record<string, MirrorRepo>>;
  /** Old name → name of today, answered with a redirect. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Entries of the tree on one page. */
  readonly pageSize?: number;
  /** 0 for any free one. */
  readonly port?: number;
}

export interface MirrorRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly token: string | null;
}

export interface Mirror {
  /** Absolute, without a final slash. */
  readonly url: string;
  readonly requests: readonly MirrorRequest[];
  /** Bytes of bodies that were sent. */
  sent(): number;
  /** The next `times` requests for a file, or for the API with `429` and `503`, go wrong. */
  fault(fault: Fault, times: number): void;
  close(): Promise<void>;
}

interface StoredFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly body: (start: number, end: number) => AsyncIterable<Uint8Array>;
}

/** Where git keeps a pointer and the bytes lie elsewhere. */
const LFS = /\.(?:safetensors|bin|onnx|onnx_data|model|h5|msgpack|pt)$/u;

export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const shelf = new Map<string, StoredFile[]>();
  for (const [repo, { files }] of Object.entries(options.repos)) {
    shelf.set(repo, await storedFiles(files));
  }
  const requests: MirrorRequest[] = [];
  const faults: Fault[] = [];
  let sent = 0;
  const server = createServer((request, response) => {
    const exchange = new Exchange(options, shelf, request, response, (bytes) => (sent += bytes));
    requests.push(exchange.note());
    void exchange.answer(faults).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    sent: () => sent,
    fault: (fault, times) => faults.push(...Array.from({ length: times }, () => fault)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Exchange {
  readonly #options: MirrorOptions;
  readonly #shelf: ReadonlyMap<string, StoredFile[]>;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #count: (bytes: number) => void;
  readonly #url: URL;
  readonly #token: string | null;

  constructor(
    options: MirrorOptions,
    shelf: ReadonlyMap<string, StoredFile[]>,
    request: IncomingMessage,
    response: ServerResponse,
    count: (bytes: number) => void,
  ) {
    this.#options = options;
    this.#shelf = shelf;
    this.#request = request;
    this.#response = response;
    this.#count = count;
    this.#url = new URL(request.url ?? '/', 'http://mirror');
    this.#token = request.headers.authorization?.replace('Bearer ', '') ?? null;
  }

  note(): MirrorRequest {
    const { method = 'GET', headers } = this.#request;
    const path = this.#url.pathname + this.#url.search;
    return { method, path, range: headers.range ?? null, token: this.#token };
  }

  async answer(faults: Fault[]): Promise<void> {
    this.#head();
    if (this.#request.method === 'OPTIONS') return this.#end(204);
    const path = decodeURIComponent(this.#url.pathname);
    const api = /^\/api\/models\/([^/]+\/[^/]+)(?:\/(revision|tree)\/(.+))?$/u.exec(path);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/u.exec(path);
    const fault = (file ?? api) === null ? undefined : this.#takeFault(faults, file !== null);
    if (typeof fault === 'number') return this.#end(fault, { 'Retry-After': '0' });
    if (api !== null) return this.#api(api[1] ?? '', api[2] ?? 'revision', api[3] ?? 'main');
    if (file !== null) return this.#file(file[1] ?? '', file[2] ?? '', file[3] ?? '', fault);
    return this.#end(404);
  }

  #takeFault(faults: Fault[], isFile: boolean): Fault | undefined {
    return isFile || typeof faults[0] === 'number' ? faults.shift() : undefined;
  }

  #head(): void {
    const exposed =
      'X-Repo-Commit,X-Error-Code,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size';
    this.#response.setHeader('Access-Control-Allow-Origin', '*');
    this.#response.setHeader('Access-Control-Allow-Headers', '*, Authorization, Range');
    this.#response.setHeader('Access-Control-Expose-Headers', exposed);
    this.#response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  }

  #api(repo: string, what: string, revision: string): void {
    const moved = this.#options.renamed?.[repo];
    if (moved !== undefined) {
      return this.#end(307, {
        Location: this.#url.pathname.replace(repo, moved) + this.#url.search,
      });
    }
    const kept = this.#options.repos[repo];
    if (kept === undefined || this.#isHidden(kept)) {
      return this.#end(this.#token === null ? 401 : 404, { 'X-Error-Code': 'RepoNotFound' });
    }
    const commit = commitOf(repo);
    if (![commit, 'main', ...(kept.revisions ?? [])].includes(revision)) {
      return this.#end(404, { 'X-Error-Code': 'RevisionNotFound' });
    }
    if (what === 'tree') return this.#tree(repo);
    const gated = kept.gated === true ? 'manual' : false;
    this.#json({ id: repo, modelId: repo, sha: commit, gated, private: kept.token !== undefined });
  }

  #tree(repo: string): void {
    const files = this.#shelf.get(repo) ?? [];
    const size = this.#options.pageSize ?? 1000;
    const from = Number(this.#url.searchParams.get('cursor') ?? 0);
    const page = files.slice(from, from + size).map(treeEntry);
    if (from + size < files.length) {
      const next = new URL(this.#url);
      next.searchParams.set('cursor', String(from + size));
      const host = this.#request.headers.host ?? '';
      const link = `<http://${host}${next.pathname}${next.search}>; rel="next"`;
      this.#response.setHeader('Link', link);
    }
    this.#json(page);
  }

  async #file(repo: string, revision: string, path: string, fault?: Fault): Promise<void> {
    const moved = this.#options.renamed?.[repo];
    if (moved !== undefined) {
      return this.#end(307, { Location: this.#url.pathname.replace(repo, moved) });
    }
    const kept = this.#options.repos[repo];
    if (kept === undefined || this.#isHidden(kept)) {
      return this.#end(401, { 'X-Error-Code': 'RepoNotFound' });
    }
    if (kept.gated === true && this.#token !== kept.token) {
      return this.#end(this.#token === null ? 401 : 403, { 'X-Error-Code': 'GatedRepo' });
    }
    const known = [commitOf(repo), 'main', ...(kept.revisions ?? [])].includes(revision);
    const file = known ? this.#shelf.get(repo)?.find((each) => each.path === path) : undefined;
    if (file === undefined) return this.#end(404, { 'X-Error-Code': 'EntryNotFound' });
    this.#response.setHeader('X-Repo-Commit', commitOf(repo));
    return this.#send(file, fault);
  }

  async #send(file: StoredFile, fault?: Fault): Promise<void> {
    if (fault === 'html') return this.#page();
    const range = fault === 'no-range' ? null : parseRange(this.#request.headers.range, file.size);
    const shift = fault === 'wrong-range' ? 1 : 0;
    const { start, end } = range ?? { start: 0, end: file.size };
    this.#response.setHeader('ETag', `"${file.sha256}"`);
    this.#response.setHeader('Accept-Ranges', 'bytes');
    this.#response.setHeader('Content-Type', 'application/octet-stream');
    this.#response.setHeader('Content-Length', end - start);
    if (range !== null) {
      const part = `bytes ${start + shift}-${end - 1 + shift}/${file.size}`;
      this.#response.setHeader('Content-Range', part);
    }
    this.#response.statusCode = range === null ? 200 : 206;
    await this.#body(file, start, fault === 'cut' ? start + (end - start) / 2 : end);
    if (fault === 'cut') this.#response.destroy();
    else this.#response.end();
  }

  async #body(file: StoredFile, start: number, end: number): Promise<void> {
    if (this.#request.method === 'HEAD') return;
    for await (const chunk of file.body(start, Math.floor(end))) {
      this.#count(chunk.length);
      const ready = this.#response.write(chunk);
      if (!ready) await new Promise((resolve) => this.#response.once('drain', resolve));
    }
  }

  #isHidden({ token, gated }: MirrorRepo): boolean {
    return gated !== true && token !== undefined && token !== this.#token;
  }

  #json(value: object): void {
    this.#response.setHeader('Content-Type', 'application/json; charset=utf-8');
    this.#response.end(JSON.stringify(value));
  }

  #page(): void {
    this.#response.setHeader('Content-Type', 'text/html; charset=utf-8');
    this.#response.end('<!doctype html><title>Inicio</title>');
  }

  #end(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(status, headers).end();
  }
}

/** A commit for every repository, the same at every start. */
export function commitOf(repo: string): string {
  return createHash('sha1').update(repo).digest('hex');
}

function treeEntry({ path, size, sha256 }: StoredFile): object {
  const oid = createHash('sha1').update(path).digest('hex');
  const lfs = { oid: sha256, size, pointerSize: 134 };
  return { type: 'file', oid, size, path, ...(LFS.test(path) ? { lfs } : {}) };
}

function parseRange(header: string | undefined, size: number) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/u.exec(header ?? '') ?? [];
  if (first === undefined) return null;
  const end = last === '' || last === undefined ? size : Math.min(Number(last) + 1, size);
  return { start: Number(first), end };
}

async function storedFiles(files: MirrorRepo['files']): Promise<StoredFile[]> {
  if (typeof files === 'string') return filesOnDisk(files);
  return Object.entries(files).map(([path, content]) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return {
      path,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),

      body: async function* (start, end) {
        for (let at = start; at < end; at += 65_536) {
          yield bytes.subarray(at, Math.min(at + 65_536, end));
        }
      },
    };
  });
}

async function filesOnDisk(folder: string): Promise<StoredFile[]> {
  const found = await readdir(folder, { recursive: true });
  const files: StoredFile[] = [];
  for (const name of found.sort()) {
    const full = join(folder, name);
    const info = await stat(full);
    if (!info.isFile()) continue;
    files.push({
      path: name.split(/[\\/]/u).join(posix.sep),
      size: info.size,
      sha256: createHash('sha256')
        .update(await readFile(full))
        .digest('hex'),
      body: (start, end) =>
        end <= start ? nothing() : createReadStream(full, { start, end: end - 1 }),
    });
  }
  return files;
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A stream cannot be asked for no bytes.
}
