/** The app's files in a Cache, each under its address and the SHA-256 of its content. */
import { PAGE, type AppFile, type Tier } from './manifest.ts';
import type { Kept, Stock } from './protocol.ts';

export interface FileCacheDeps {
  readonly files: readonly AppFile[];
  /** The app's own folder, with a slash at its end. */
  readonly scope: string;
  readonly open: () => Promise<Cache>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const HASH = 'sha256';
const WHOLE = 'whole';
const PARALLEL = 4;

export class FileCache {
  readonly #deps: FileCacheDeps;
  readonly #byPath: ReadonlyMap<string, AppFile>;
  /** Answers that are being stored. */
  readonly #storing = new Map<AppFile, Promise<Kept>>();

  constructor(deps: FileCacheDeps) {
    this.#deps = deps;
    this.#byPath = new Map(deps.files.map((file) => [file.path, file]));
  }

  get(path: string): AppFile | undefined {
    return this.#byPath.get(path);
  }

  async find(file: AppFile): Promise<Response | undefined> {
    return (await this.#deps.open()).match(this.#key(file));
  }

  /** A file of an older version, for a page that is still open. */
  async findOlder(path: string): Promise<Response | undefined> {
    return (await this.#deps.open()).match(this.#deps.scope + path, { ignoreSearch: true });
  }

  /**
   * Fetches what is not there yet. The browser's own cache is asked first, so that nothing is downloaded
   * twice; the hash, and not an age, says whether its answer is good.
   */
  async keep(file: AppFile): Promise<Kept> {
    const own = await this.#storing.get(file);
    if (own === 'kept' || (await this.find(file))) return 'kept';
    const first = await this.#fetch(file, 'force-cache');
    return first === 'changed' ? this.#fetch(file, 'reload') : first;
  }

  /** Several at a time; the first that fails ends it. */
  async keepAll(files: readonly AppFile[]): Promise<Kept> {
    const queue = files.values();
    let worst: Kept = 'kept';
    const work = async () => {
      for (const file of queue) {
        const kept = await this.keep(file);
        if (kept !== 'kept') worst = kept;
        if (worst !== 'kept') return;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return worst;
  }

  /** Keeps an answer that somebody else asked for, unless it is not the file that was built. */
  async store(file: AppFile, response: Response): Promise<Kept> {
    const storing = this.#store(file, response);
    this.#storing.set(file, storing);
    const kept = await storing;
    this.#storing.delete(file);
    return kept;
  }

  async #store(file: AppFile, response: Response): Promise<Kept> {
    if (!response.ok) return 'unreachable';
    const bytes = await response.arrayBuffer().catch(() => null);
    if (bytes === null) return 'unreachable';
    if ((await sha256(bytes)) !== file.sha256) return 'changed';
    try {
      const cache = await this.#deps.open();
      await cache.put(this.#key(file), isolated(new Response(bytes, headersOf(response))));
      return 'kept';
    } catch {
      // A Cache refuses a complete answer for want of room alone.
      return 'full';
    }
  }

  async stock(tiers: readonly Tier[]): Promise<Stock> {
    const wanted = this.#deps.files.filter(({ tier }) => tiers.includes(tier));
    const held = await this.#keys();
    return {
      missing: wanted
        .filter((file) => !held.has(this.#key(file)))
        .map(({ path, bytes }) => ({ path, bytes })),
      totalBytes: wanted.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** A version that takes over has all that its forerunner had: nobody loses the offline app by it. */
  async wantedAtInstall(): Promise<AppFile[]> {
    const held = await this.#keys();
    const paths = new Set([...held].map((key) => key.split('?')[0]));
    const isWhole = held.has(this.#mark);
    return this.#deps.files.filter(
      ({ path, tier }) =>
        tier === 'shell' || paths.has(this.#deps.scope + path) || (isWhole && tier === 'app'),
    );
  }

  async settle(): Promise<void> {
    const cache = await this.#deps.open();
    await cache.put(this.#mark, new Response(''));
    const own = new Set([this.#mark, ...this.#deps.files.map((file) => this.#key(file))]);
    const old = [...(await this.#keys())].filter((key) => !own.has(key));
    await Promise.all(old.map((key) => cache.delete(key)));
  }

  async #fetch(file: AppFile, cache: RequestCache): Promise<Kept> {
    const url = this.#deps.scope + file.path;
    const response = await this.#deps.fetch(url, { cache }).catch(() => null);
    return response ? this.store(file, response) : 'unreachable';
  }

  async #keys(): Promise<Set<string>> {
    const keys = await (await this.#deps.open()).keys();
    return new Set(keys.map(({ url }) => url));
  }

  get #mark(): string {
    return `${this.#deps.scope}?${WHOLE}`;
  }

  #key({ path, sha256 }: AppFile): string {
    return `${this.#deps.scope}${path}?${HASH}=${sha256}`;
  }
}

/** Whom a request of the page is for: null for what goes through untouched. */
export function pathOf(request: Request, scope: string): string | null {
  const { pathname, search, href } = new URL(request.url);
  if (request.method !== 'GET' || request.headers.has('range')) return null;
  if (!href.startsWith(scope)) return null;
  const path = decodeURI(pathname.slice(new URL(scope).pathname.length));
  const isPage = request.mode === 'navigate' && (path === PAGE || path === 'index.html');
  if (isPage) return PAGE;
  return search === '' && path !== PAGE ? path : null;
}

/** Threads need these two on the page and on its Workers; what a host says itself is left as it is. */
export function isolated(response: Response): Response {
  const { status, statusText, type, redirected, body } = response;
  const isOurs = (type === 'basic' || type === 'default') && status === 200;
  if (!isOurs || (!redirected && response.headers.has('cross-origin-embedder-policy'))) {
    return response;
  }
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  return new Response(body, { status, statusText, headers });
}

/** The body was unpacked on its way. */
function headersOf(response: Response): ResponseInit {
  const headers = new Headers(response.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return { headers };
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
