import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname } from 'node:path';
import type { ServerResponse } from 'node:http';
import sirv from 'sirv';
import { build, defaultClientConditions } from 'vite';
import { assemblyScript } from '../../scripts/lib/assembly-script.ts';
import { CACHE, MADE, ROOT, type Options } from './options.ts';

const PAGE = `${ROOT}tests/bench/page`;

export interface Site {
  readonly url: string;
  /** Address of the package's folder. */
  readonly model: string;
  readonly gguf: string | null;
  close(): void;
}

/** Builds the pages as the app itself is built. */
async function buildPages(outDir: string): Promise<void> {
  await build({
    root: PAGE,
    configFile: false,
    base: './',
    logLevel: 'warn',
    cacheDir: `${CACHE}vite`,
    publicDir: false,
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
    plugins: [assemblyScript()],
    worker: { format: 'es', plugins: () => [assemblyScript()] },
    build: {
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 4000,
      rolldownOptions: {
        input: ['index', 'cold', 'cold-transformers'].map((name) => `${PAGE}/${name}.html`),
      },
    },
  });
}

function isolate(response: ServerResponse): void {
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
}

/** Serves pages, package and GGUF file with the headers that give threads, all of it cacheable. */
export async function openSite(options: Options): Promise<Site> {
  const outDir = `${CACHE}site`;
  await buildPages(outDir);
  mkdirSync(MADE, { recursive: true });
  const setHeaders = (response: ServerResponse) => {
    if (!options.plain) isolate(response);
    response.setHeader('Cache-Control', 'public, max-age=86400, immutable');
  };
  const folders = [
    { prefix: '/models/gorrion/', serve: sirv(options.model, { setHeaders }) },
    // Measures fill it later.
    { prefix: '/made/', serve: sirv(MADE, { setHeaders, dev: true }) },
    ...(options.gguf === null
      ? []
      : [{ prefix: '/gguf/', serve: sirv(dirname(options.gguf), { setHeaders }) }]),
    { prefix: '/', serve: sirv(outDir, { setHeaders }) },
  ];
  const server = createServer((request, response) => {
    const missing = () => {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('404');
    };
    const folder = folders.find(({ prefix }) => request.url?.startsWith(prefix));
    if (folder === undefined || request.url === undefined) return missing();
    request.url = request.url.slice(folder.prefix.length - 1);
    return folder.serve(request, response, missing);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const url = `http://localhost:${String((server.address() as AddressInfo).port)}/`;
  return {
    url,
    model: `${url}models/gorrion/`,
    gguf: options.gguf === null ? null : `${url}gguf/${basename(options.gguf)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
