/** A copy of the built app on a server of its own, which counts what it gives and may be stopped. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { writeServiceWorker } from '../../../scripts/service-worker.ts';

const DIST =
  process.env['PATIO_TEST_DIST'] ?? fileURLToPath(new URL('../../../dist', import.meta.url));
const BASE = '/una/carpeta/';

export class OfflineSite {
  readonly #folder = mkdtempSync(join(tmpdir(), 'patio-offline-'));
  readonly #server: Server;
  readonly #port: number;
  /** Bytes of bodies, by path inside the app. */
  readonly given = new Map<string, number>();
  /** Paths that are answered by a page instead. */
  readonly lying = new Set<string>();

  static async open(isIsolated: boolean): Promise<OfflineSite> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    return new OfflineSite(server, isIsolated);
  }

  private constructor(server: Server, isIsolated: boolean) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    cpSync(DIST, this.#folder, { recursive: true });
    const site = sirv(this.#folder, {
      dev: true,
      etag: true,
      setHeaders: (response) => {
        if (!isIsolated) return;
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      },
    });
    server.on('request', (request, response) => {
      const path = (request.url ?? '').slice(BASE.length);
      if (!request.url?.startsWith(BASE)) return response.writeHead(404).end();
      if (this.lying.has(path)) {
        return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>Portal</p>');
      }
      request.url = `/${path}`;
      response.on('finish', () => {
        const bytes =
          response.statusCode === 200 ? Number(response.getHeader('content-length')) : 0;
        this.given.set(path, (this.given.get(path) ?? 0) + bytes);
      });
      return site(request, response, () => {
        response.writeHead(404).end();
      });
    });
  }

  get origin(): string {
    return `http://localhost:${String(this.#port)}`;
  }

  get url(): string {
    return this.origin + BASE;
  }

  size(path: string): number {
    return readFileSync(join(this.#folder, path)).length;
  }

  /** Another version: one file differs, and with it the service worker. */
  async update(path: string, change: (text: string) => string): Promise<void> {
    const file = join(this.#folder, path);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    await writeServiceWorker(this.#folder);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  remove(): void {
    this.stop();
    rmSync(this.#folder, { recursive: true });
  }
}
