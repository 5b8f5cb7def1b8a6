/** Answers for the room and for the app. `send` does ranges and conditions; what may be sent is chosen here. */
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import send from 'send';
import { ROOM_FILE, type Room } from '../../src/classroom/room.ts';
import { sendBody, type Part } from './body.ts';
import { readRoom } from './room-folder.ts';
import { routeOf } from './routes.ts';
import { addressOf, type Traffic } from './traffic.ts';

export interface Site {
  /** Folder of the room. */
  readonly folder: string;
  /** Folder of the built app; null serves the room alone. */
  readonly app: string | null;
  readonly traffic: Traffic;
}

/** What a server without a secure context does with those who ask for the app from another machine. */
export type Visitor = (request: IncomingMessage, response: ServerResponse) => boolean;

const EXPOSED = [
  ...['ETag', 'Accept-Ranges', 'Content-Range', 'Content-Length', 'Link', 'Location'],
  ...['X-Repo-Commit', 'X-Error-Code', 'X-Linked-Size', 'X-Linked-ETag'],
].join(', ');

/** Of every answer: isolation gives threads, and the rest lets other pages and tools read the room. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': EXPOSED,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const;

const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Range, If-Range, If-None-Match, *',
  'Access-Control-Allow-Private-Network': 'true',
  'Access-Control-Max-Age': '86400',
} as const;

/** @param visitor answers in the app's place where it returns true */
export function siteHandler(site: Site, visitor: Visitor = () => false): RequestListener {
  const rooms = new RoomReader(site.folder);
  return (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(site, rooms, visitor, request, response).catch((error: unknown) => {
      console.error(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500);
    });
  };
}

async function answer(
  site: Site,
  rooms: RoomReader,
  visitor: Visitor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET' } = request;
  if (method === 'OPTIONS') return void response.writeHead(204, PREFLIGHT).end();
  if (method !== 'GET' && method !== 'HEAD') {
    return refuse(response, 405, { Allow: 'GET, HEAD, OPTIONS' });
  }
  const pathname = /^[^?#]*/u.exec(request.url ?? '/')?.[0] ?? '/';
  const room = await rooms.read();
  if (pathname === '/estado') return sendState(site, room, request, response);
  const route = routeOf(room, pathname);
  if (route.kind === 'missing') return refuse(response, 404, { 'X-Error-Code': route.code });
  if (route.kind === 'moved') return refuse(response, 307, { Location: route.to });
  if (route.kind === 'app') return sendApp(site, visitor, pathname, request, response);
  for (const [name, value] of Object.entries(route.headers)) response.setHeader(name, value);
  const path = route.path.split('/').map(encodeURIComponent).join('/');
  const file = { root: site.folder, path, dotfiles: 'allow' } as const;
  return sendFile(file, request, response, () => {
    site.traffic.watch(route.path, request, response);
  });
}

async function sendApp(
  { app }: Site,
  visitor: Visitor,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (visitor(request, response)) return;
  if (app === null) return refuse(response, 404);
  // Names under assets/ carry the hash of their content.
  const hashed = pathname.startsWith('/assets/');
  const caching = hashed ? 'public, max-age=31536000, immutable' : 'no-cache';
  response.setHeader('Cache-Control', caching);
  return sendFile({ root: app, path: pathname, dotfiles: 'ignore' }, request, response);
}

interface Sending {
  readonly root: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly dotfiles: 'allow' | 'ignore';
}

/** @param onBody told when the headers of a body are known */
async function sendFile(
  { root, path, dotfiles }: Sending,
  request: IncomingMessage,
  response: ServerResponse,
  onBody: () => void = () => undefined,
): Promise<void> {
  if (!(await isWithin(root, path))) return refuse(response, 404);
  const sending = send(request, path, { root, dotfiles, cacheControl: false });
  // All headers are set by now, those of a range too.
  sending.stream = (file: string, part: Part = {}) => {
    onBody();
    sendBody(file, part, response).catch(() => response.destroy());
  };
  sending
    .on('directory', () => refuse(response, 404))
    .on('error', ({ status = 500, headers }: SendError) => refuse(response, status, headers))
    .pipe(response);
}

interface SendError {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A link that leads out of the folder is as if it were not there. */
async function isWithin(root: string, path: string): Promise<boolean> {
  try {
    const base = await realpath(root);
    const real = await realpath(join(base, decodeURIComponent(path)));
    return real === base || real.startsWith(base.endsWith(sep) ? base : base + sep);
  } catch {
    return false;
  }
}

/** Ends without the file: its headers would lie about what is sent in its place. */
function refuse(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  for (const name of ['ETag', 'X-Linked-ETag', 'X-Linked-Size', 'Last-Modified', 'Content-Type']) {
    response.removeHeader(name);
  }
  response.setHeader('Cache-Control', 'no-cache');
  response.writeHead(status, { ...headers, 'Content-Length': '0' }).end();
}

/** Whoever sits at the server sees all machines; the others see how many, and themselves. */
function sendState(
  { traffic }: Site,
  { name }: Room,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const all = traffic.states();
  const own = addressOf(request);
  const shown = isLoopback(own) ? all : all.filter(({ address }) => address === own);
  const active = all.filter((client) => client.active).length;
  const state = { name, machines: all.length, active, clients: shown };
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(state));
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || /^127(?:\.\d+){3}$/u.test(address);
}

/** The room as its file says it, read again when `add` wrote another. */
class RoomReader {
  readonly #folder: string;
  #known: { readonly stamp: string; readonly room: Promise<Room> } | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(): Promise<Room> {
    const info = await stat(join(this.#folder, ROOM_FILE)).catch(() => null);
    const stamp = info === null ? '' : `${String(info.mtimeMs)} ${String(info.ino)}`;
    if (this.#known?.stamp !== stamp) {
      const room = readRoom(this.#folder);
      this.#known = { stamp, room };
      room.catch(() => (this.#known = null));
    }
    return this.#known.room;
  }
}
