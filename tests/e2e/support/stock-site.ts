/** Builds the page with stock transformers.js and serves it beside a folder of packages. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { build, defaultClientConditions } from 'vite';

const PAGE = fileURLToPath(new URL('./stock', import.meta.url));

export interface StockSite {
  readonly url: string;
  close(): void;
}

/** @param work an empty folder; packages are looked for in its `models` */
export async function openStockSite(work: string): Promise<StockSite> {
  const outDir = join(work, 'site');
  await build({
    root: PAGE,
    configFile: false,
    base: './',
    logLevel: 'warn',
    cacheDir: join(work, 'vite'),
    publicDir: false,
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
    build: {
      target: 'es2022',
      assetsInlineLimit: 0,
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 4000,
    },
  });
  const site = sirv(outDir);
  const models = sirv(join(work, 'models'));
  const server = createServer((request, response) => {
    const missing = () => {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('404');
    };
    if (request.url?.startsWith('/models/') !== true) return site(request, response, missing);
    request.url = request.url.slice('/models'.length);
    return models(request, response, missing);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${String((server.address() as AddressInfo).port)}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
