/**
 * A file behind HTTP Range. Small reads are answered from windows that reach ahead as far as the file
 * was already read, up to 8 MB: a header costs one small request, and a checkpoint read in order costs
 * one request for every 8 MB, whatever the size of its tensors.
 */
import type { ByteSource } from '../checkpoint/byte-source.ts';
import { refuse } from '../domain/failure.ts';
import { isHtml, type HttpClient } from './http-client.ts';

const FIRST_WINDOW = 64 * 2 ** 10;
const LARGEST_WINDOW = 8 * 2 ** 20;
/** A server without Range may still send small files whole. */
const WHOLE_FILE_LIMIT = 4 * 2 ** 20;
/** So much progress shows that the network works, and the count of tries begins anew. */
const PROGRESS = 2 ** 20;

interface Window {
  readonly file: HttpFile;
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Windows of all the files of one source, the least recently used forgotten first. */
export class WindowCache {
  #windows: Window[] = [];
  readonly #capacity: number;

  /** @param capacity in bytes */
  constructor(capacity = 6 * LARGEST_WINDOW) {
    this.#capacity = capacity;
  }

  at(file: HttpFile, position: number): Window | null {
    const index = this.#windows.findIndex(
      ({ file: of, start, bytes }) =>
        of === file && start <= position && position < start + bytes.length,
    );
    const [found] = index < 0 ? [] : this.#windows.splice(index, 1);
    if (found !== undefined) this.#windows.push(found);
    return found ?? null;
  }

  /** Where the next window of the file begins, or Infinity. */
  next(file: HttpFile, position: number): number {
    const starts = this.#windows
      .filter(({ file: of, start }) => of === file && start > position)
      .map(({ start }) => start);
    return Math.min(Infinity, ...starts);
  }

  add(window: Window): void {
    this.#windows.push(window);
    let held = this.#windows.reduce((sum, { bytes }) => sum + bytes.length, 0);
    while (held > this.#capacity && this.#windows.length > 1) {
      held -= this.#windows.shift()?.bytes.length ?? 0;
    }
  }
}

export interface RemoteFile {
  readonly url: string;
  /** Inside its repository. */
  readonly path: string;
  readonly size: number;
  /** The failure of an answer that is not the file: private, gated, gone. */
  readonly denied: (response: Response) => never;
}

const HTML_NAME = /\.html?$/u;

/** Refuses an answer that is no part of the file: an error, or a start page in its place. */
export function refuseOthers(response: Response, { path, denied }: RemoteFile, host: string): void {
  if (!response.ok) denied(response);
  if (isHtml(response) && !HTML_NAME.test(path)) {
    refuse({ code: 'hub-foreign', host, detail: `HTML: ${path}` });
  }
}

export class HttpFile implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly remote: RemoteFile;
  readonly client: HttpClient;
  readonly #windows: WindowCache;
  #bytesRead = 0;
  /** Reads take turns, so that two of them never ask for the same window. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(remote: RemoteFile, client: HttpClient, windows: WindowCache) {
    this.name = remote.path;
    this.size = remote.size;
    this.remote = remote;
    this.client = client;
    this.#windows = windows;
  }

  read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    const read = this.#turn.then(() => this.#read(start, Math.min(end, this.size), signal));
    this.#turn = read.catch(() => undefined);
    return read;
  }

  async #read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const out = new Uint8Array(Math.max(0, end - start));
    for (let at = start; at < end;) {
      at += await this.#fill(out.subarray(at - start), at, signal);
    }
    this.#bytesRead += out.length;
    return out;
  }

  /** Puts what comes first into `target`: from a window, else over the network. Gives how many bytes. */
  async #fill(target: Uint8Array, at: number, signal: AbortSignal): Promise<number> {
    const window = this.#windows.at(this, at) ?? null;
    if (window !== null) {
      const part = window.bytes.subarray(at - window.start, at - window.start + target.length);
      target.set(part);
      return part.length;
    }
    const room = Math.min(this.#windows.next(this, at), this.size) - at;
    if (Math.min(target.length, room) >= LARGEST_WINDOW) {
      await this.#fetch(target.subarray(0, room), at, signal);
      return Math.min(target.length, room);
    }
    const ahead = Math.min(Math.max(this.#bytesRead, FIRST_WINDOW), LARGEST_WINDOW);
    const bytes = new Uint8Array(Math.min(Math.max(target.length, ahead), room));
    await this.#fetch(bytes, at, signal);
    this.#windows.add({ file: this, start: at, bytes });
    return 0;
  }

  /** Fills `target` from the network; an answer that is cut goes on from where it stopped. */
  async #fetch(target: Uint8Array, start: number, signal: AbortSignal): Promise<void> {
    let attempt = 0;
    for (let got = 0; got < target.length;) {
      const more = await this.#request(target.subarray(got), start + got, signal);
      got += more;
      if (got >= target.length) return;
      attempt = more >= PROGRESS ? 0 : attempt + 1;
      if (!(await this.client.pause(attempt, signal, null))) {
        refuse({ code: 'hub-unreachable', host: this.client.host });
      }
    }
  }

  /** One request. Gives how many bytes came before it ended or was cut. */
  async #request(target: Uint8Array, start: number, signal: AbortSignal): Promise<number> {
    const last = start + target.length - 1;
    const response = await this.client.get(this.remote.url, signal, `bytes=${start}-${last}`);
    try {
      this.#accept(response, start);
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    return copyBody(response, response.status === 200 ? start : 0, target, signal);
  }

  /** Refuses whatever is not the bytes that were asked for. */
  #accept(response: Response, start: number): void {
    const { host } = this.client;
    refuseOthers(response, this.remote, host);
    if (response.status === 206) {
      const given = response.headers.get('Content-Range');
      const expected = new RegExp(String.raw`^bytes ${start}-\d+/(?:${this.size}|\*)$`, 'u');
      if (given !== null && !expected.test(given)) {
        refuse({ code: 'hub-foreign', host, detail: `Content-Range: ${given}` });
      }
      return;
    }
    if (this.size > WHOLE_FILE_LIMIT) {
      refuse({ code: 'hub-without-ranges', host, file: this.name });
    }
  }
}

/** @param skip bytes of the answer that come before those that were asked for */
async function copyBody(
  response: Response,
  skip: number,
  target: Uint8Array,
  signal: AbortSignal,
): Promise<number> {
  const reader = response.body?.getReader();
  let at = -skip;
  try {
    while (at < target.length) {
      const next = await reader?.read();
      if (next?.value === undefined) break;
      const from = Math.max(0, -at);
      const part = next.value.subarray(from, Math.max(from, target.length - at));
      if (part.length > 0) target.set(part, at + from);
      at += next.value.length;
    }
  } catch {
    // Cut on the way: what came stays, and the caller asks for the rest.
    signal.throwIfAborted();
  }
  await reader?.cancel().catch(() => undefined);
  return Math.min(Math.max(0, at), target.length);
}
