/**
 * One part of a file, to be kept: handed on as it comes, gone on with after a cut or a silence, from
 * the first byte that is missing.
 */
import { refuse } from '../domain/failure.ts';
import type { HttpClient } from './http-client.ts';
import { refuseOthers, type RemoteFile } from './http-file.ts';

export interface PartOrder {
  readonly remote: RemoteFile;
  readonly client: HttpClient;
  readonly start: number;
  readonly end: number;
  /** Of the answers before; null where there were none. Asked anew for each request. */
  readonly etag: () => string | null;
  readonly onEtag: (etag: string) => void;
  /** Bytes in their order. What it is given may be used again afterwards. */
  readonly keep: (bytes: Uint8Array, at: number) => Promise<void>;
}

/**
 * `changed`: the address answers with another file than before. `whole`: the server sends whole files
 * where a part was asked for.
 */
export type PartOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'changed'; readonly etag: string | null }
  | { readonly status: 'whole' };

/** Gathered before they are kept, so that few large writes are made of many small ones. */
const GATHER_BYTES = 128 * 2 ** 10;
/** Less than this within the time of a stall is no progress. */
const LEAST_PROGRESS = 1024;

/** @throws a `FailureError` of the network after several tries without progress */
export async function readPart(order: PartOrder, signal: AbortSignal): Promise<PartOutcome> {
  let attempt = 0;
  for (let at = order.start; at < order.end;) {
    const answer = await ask(order, at, signal);
    if (answer === 'whole') return { status: 'whole' };
    if ('changed' in answer) return { status: 'changed', etag: answer.changed };
    const reached = await copy(answer.response, answer.skip, order, at, signal);
    attempt = reached - at >= LEAST_PROGRESS ? 0 : attempt + 1;
    at = reached;
    if (at < order.end && !(await order.client.pause(attempt, signal, null))) {
      refuse({ code: 'hub-unreachable', host: order.client.host });
    }
  }
  return { status: 'done' };
}

/** A server without ranges: from the first byte, at every cut again. */
export async function readWhole(order: PartOrder, signal: AbortSignal): Promise<PartOutcome> {
  for (let attempt = 0; ; attempt += 1) {
    const response = await order.client.get(order.remote.url, signal);
    await checked(response, () => refuseOthers(response, order.remote, order.client.host));
    const reached = await copy(response, 0, order, 0, signal);
    if (reached >= order.end) return { status: 'done' };
    if (!(await order.client.pause(attempt, signal, null))) {
      refuse({ code: 'hub-unreachable', host: order.client.host });
    }
  }
}

interface Answer {
  readonly response: Response;
  /** Bytes that come before those that were asked for. */
  readonly skip: number;
}

async function ask(
  order: PartOrder,
  at: number,
  signal: AbortSignal,
): Promise<Answer | { readonly changed: string | null } | 'whole'> {
  const { client, remote, end } = order;
  const response = await client.get(remote.url, signal, `bytes=${at}-${end - 1}`);
  const etag = etagOf(response);
  // Asked for what lies beyond its end, a file has become shorter.
  if (response.status === 416) return drop(response, { changed: etag });
  await checked(response, () => refuseOthers(response, remote, client.host));
  const before = order.etag();
  if (etag !== null && before !== null && etag !== before) return drop(response, { changed: etag });
  if (etag !== null) order.onEtag(etag);
  if (response.status === 200) {
    const covers = order.start === 0 && end === remote.size;
    return covers ? { response, skip: at } : drop(response, 'whole');
  }
  const given = response.headers.get('Content-Range');
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/u.exec(given ?? '') ?? [];
  if (total !== undefined && total !== '*' && Number(total) !== remote.size) {
    return drop(response, { changed: etag });
  }
  if (given !== null && Number(first) !== at) {
    await response.body?.cancel();
    refuse({ code: 'hub-foreign', host: client.host, detail: `Content-Range: ${given}` });
  }
  return { response, skip: 0 };
}

async function drop<T>(response: Response, outcome: T): Promise<T> {
  await response.body?.cancel();
  return outcome;
}

async function checked(response: Response, check: () => void): Promise<void> {
  try {
    check();
  } catch (error) {
    await response.body?.cancel().catch(() => undefined);
    throw error;
  }
}

/** Weak or strong is all one: the bytes are hashed. */
function etagOf(response: Response): string | null {
  return response.headers.get('ETag')?.replace(/^W\//u, '') ?? null;
}

/** Keeps what comes until the part is full, or the answer is cut or falls silent. Gives where it got to. */
async function copy(
  response: Response,
  skip: number,
  { client, end, keep }: PartOrder,
  start: number,
  signal: AbortSignal,
): Promise<number> {
  const reader = response.body?.getReader();
  const gathered = new Uint8Array(Math.min(GATHER_BYTES, end - start));
  let [at, filled, ahead] = [start, 0, skip];
  const flush = async () => {
    await keep(gathered.subarray(0, filled), at);
    at += filled;
    filled = 0;
  };
  try {
    for await (const chunk of chunksOf(reader, client.stallMs, signal)) {
      const useful = chunk.subarray(Math.min(ahead, chunk.length));
      ahead -= chunk.length - useful.length;
      for (let from = 0; from < useful.length && at + filled < end;) {
        const room = Math.min(gathered.length - filled, end - at - filled);
        const part = useful.subarray(from, from + room);
        gathered.set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled === gathered.length) await flush();
      }
      if (at + filled >= end) break;
    }
  } catch (error) {
    // Called off: what has come is kept, for when it is gone on with.
    if (signal.aborted && filled > 0) await flush();
    throw error;
  } finally {
    void reader?.cancel().catch(() => undefined);
  }
  if (filled > 0) await flush();
  return at;
}

/** Ends where the connection is cut, and where less than a trickle came for as long as a stall takes. */
async function* chunksOf(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  stallMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let [since, bytes] = [performance.now(), 0];
  for (;;) {
    signal.throwIfAborted();
    const left = Math.max(0, since + stallMs - performance.now());
    const next = await nextWithin(reader, left, signal);
    if (next === null) return;
    bytes += next.length;
    if (bytes >= LEAST_PROGRESS) [since, bytes] = [performance.now(), 0];
    yield next;
  }
}

/** Null at the end, at a cut and after a silence. Rejects when aborted. */
function nextWithin(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  ms: number,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  if (reader === undefined) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const stop = () => settle(() => reject(signal.reason as Error));
    const timer = setTimeout(() => settle(() => resolve(null)), ms);
    const settle = (how: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      how();
    };
    signal.addEventListener('abort', stop, { once: true });
    reader.read().then(
      ({ value }) => settle(() => resolve(value ?? null)),
      () => settle(() => (signal.aborted ? reject(signal.reason as Error) : resolve(null))),
    );
  });
}
