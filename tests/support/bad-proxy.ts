/** A server between a browser and a mirror that does to files what bad networks and bad servers do. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Mischief =
  /** The connection ends after so many bytes of a body. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly everyMs?: number }
  /** One byte of the body is another. */
  | { readonly kind: 'wrong-byte' }
  /** The body is a start page with the status of a success. */
  | { readonly kind: 'html' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  /** The body falls silent after so many bytes, and the connection stays open. */
  | { readonly kind: 'silent'; readonly afterBytes: number }
  /** So many bytes at a time, with a pause between them, to the end. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** Another ETag than before. */
  | { readonly kind: 'etag'; readonly etag: string }
  /** Whole files whatever was asked for. */
  | { readonly kind: 'no-range' }
  /** To the same path on another host. */
  | { readonly kind: 'redirect'; readonly to: string };

export interface BadProxy {
  readonly url: string;
  /** What is done to the next request for a file, told its path; null leaves it alone. */
  plan: (path: string, range: string | undefined) => Mischief | null;
  /** Bytes of files that were handed on, by path. */
  readonly sent: Map<string, number>;
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  total(): number;
  close(): Promise<void>;
}

export async function startBadProxy(upstream: string, port = 0): Promise<BadProxy> {
  const sent = new Map<string, number>();
  const requests: { path: string; range: string | undefined }[] = [];
  const proxy = { plan: (): Mischief | null => null } as Pick<BadProxy, 'plan'>;
  const server = createServer((asked, response) => {
    const path = asked.url ?? '/';
    const file = /\/resolve\/[^/]+\/(.+)$/u.exec(path)?.[1];
    const { range } = asked.headers;
    if (file === undefined || asked.method === 'OPTIONS')
      return pass(upstream, asked, response, null);
    requests.push({ path: file, range });
    const count = (bytes: number) => void sent.set(file, (sent.get(file) ?? 0) + bytes);
    pass(upstream, asked, response, proxy.plan(file, range), count);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy, {
    ...{ url, sent, requests },
    total: () => [...sent.values()].reduce((sum, bytes) => sum + bytes, 0),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

const OPEN = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After' };

function pass(
  upstream: string,
  asked: IncomingMessage,
  response: ServerResponse,
  mischief: Mischief | null,
  count: (bytes: number) => void = () => undefined,
): void {
  switch (mischief?.kind) {
    case 'html':
      response.writeHead(200, { ...OPEN, 'Content-Type': 'text/html' });
      return void response.end('<!doctype html><title>Portal</title>');
    case 'status': {
      const after = mischief.retryAfter === undefined ? {} : { 'Retry-After': mischief.retryAfter };
      return void response.writeHead(mischief.status, { ...OPEN, ...after }).end();
    }
    case 'redirect': {
      const headers = { ...OPEN, Location: mischief.to + (asked.url ?? '') };
      return void response.writeHead(302, headers).end();
    }
  }
  const headers = { ...asked.headers };
  if (mischief?.kind === 'no-range') delete headers.range;
  const onward = request(
    upstream + (asked.url ?? ''),
    { method: asked.method, headers },
    (answer) => {
      const own = mischief?.kind === 'etag' ? { etag: mischief.etag } : {};
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...own });
      void hand(answer, response, mischief, count).catch(() => response.destroy());
    },
  );
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  asked.pipe(onward);
}

async function hand(
  answer: IncomingMessage,
  response: ServerResponse,
  mischief: Mischief | null,
  count: (bytes: number) => void,
): Promise<void> {
  let at = 0;
  const write = async (chunk: Buffer) => {
    if (response.destroyed) return;
    count(chunk.length);
    at += chunk.length;
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
  };
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const limit = mischief !== null && 'afterBytes' in mischief ? mischief.afterBytes : Infinity;
    const part = chunk.subarray(0, Math.max(0, limit - at));
    if (mischief?.kind === 'wrong-byte' && at === 0 && part.length > 0)
      part[0] = (part[0] ?? 0) ^ 1;
    const pace = paceOf(mischief);
    for (let from = 0; from < part.length; from += pace.bytes) {
      await write(part.subarray(from, from + pace.bytes));
      if (pace.everyMs > 0) await new Promise((resolve) => setTimeout(resolve, pace.everyMs));
    }
    if (at >= limit) {
      if (mischief?.kind === 'silent') return;
      // What was sent has left before the connection ends, as on a network.
      await new Promise<void>((resolve) => response.write('', () => resolve()));
      return void response.socket?.end();
    }
  }
  response.end();
}

function paceOf(mischief: Mischief | null) {
  if (mischief?.kind === 'drip') return mischief;
  return { bytes: 65_536, everyMs: mischief?.kind === 'cut' ? (mischief.everyMs ?? 0) : 0 };
}
