/** GET with patience: what passes by itself is tried again, and what does not becomes a `Failure`. */
import { refuse, type Failure } from '../domain/failure.ts';

/** What a client needs of the world; tests give their own. */
export interface Network {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** How long a server may say nothing before it is asked again. */
  readonly stallMs?: number;
}

export const browserNetwork: Network = {
  fetch: (url, init) => fetch(url, init),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal.addEventListener('abort', stop, { once: true });
    }),
};

/** Waits between tries, in milliseconds: one more try than there are waits. */
const WAITS = [500, 1_500, 4_000, 8_000] as const;
/** A server may ask for a longer pause than a person wants to look at. */
const LONGEST_WAIT = 60_000;
/** The slowest class network answers sooner; a connection that died without a word never does. */
const STALL = 20_000;

export class HttpClient {
  readonly host: string;
  readonly stallMs: number;
  /** Told how long it will wait because a server asked for it. */
  onWait: (ms: number) => void = () => undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #network: Network;

  /** @param token sent to this endpoint alone; a browser drops it where the Hub redirects elsewhere */
  constructor(endpoint: string, token: string | null, network: Network) {
    this.host = new URL(endpoint).host;
    this.#headers = token === null ? {} : { Authorization: `Bearer ${token}` };
    this.#network = network;
    this.stallMs = network.stallMs ?? STALL;
  }

  /** Any answer that a second try would not change; 429, 5xx and silence are tried again first. */
  async get(url: string, signal: AbortSignal, range?: string): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.#once(url, signal, range);
      const passing = response === null || response.status === 429 || response.status >= 500;
      if (response !== null && !passing) return response;
      await response?.body?.cancel();
      if (!(await this.pause(attempt, signal, response))) return refuse(this.#busy(response));
    }
  }

  /** Waits before another try; false where there were enough. */
  async pause(attempt: number, signal: AbortSignal, response: Response | null): Promise<boolean> {
    const wait = WAITS[attempt];
    if (wait === undefined) return false;
    const ms = Math.min(Math.max(wait, retryAfter(response)), LONGEST_WAIT);
    if (response !== null) this.onWait(ms);
    await this.#network.sleep(ms, signal);
    return true;
  }

  async #once(url: string, signal: AbortSignal, range?: string): Promise<Response | null> {
    const headers = range === undefined ? this.#headers : { ...this.#headers, Range: range };
    // Until the answer begins; how long its body may pause is its reader's matter.
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), this.stallMs);
    try {
      return await this.#network.fetch(url, {
        headers,
        signal: AbortSignal.any([signal, silence.signal]),
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        // What is read is stored by Patio itself; the browser need not keep a second copy.
        cache: 'no-store',
      });
    } catch {
      signal.throwIfAborted();
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  #busy(response: Response | null): Failure {
    return response === null
      ? { code: 'hub-unreachable', host: this.host }
      : { code: 'hub-busy', host: this.host, status: response.status };
  }
}

/** Milliseconds that the server asked for, as seconds or as a date; 0 where it did not. */
function retryAfter(response: Response | null): number {
  const asked = response?.headers.get('Retry-After') ?? '';
  if (/^\d+$/u.test(asked)) return Number(asked) * 1000;
  const at = Date.parse(asked);
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now());
}

export function isHtml(response: Response): boolean {
  return response.headers.get('Content-Type')?.startsWith('text/html') === true;
}
