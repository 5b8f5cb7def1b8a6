// Serves dist/ under /patio/, as a static host would. Usage: node serve.mjs <port> <isolated|plain>
// PATIO_TEST_DIST names another folder that was built.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';

const BASE = '/patio/';
const [port, mode] = process.argv.slice(2);
const dist = process.env.PATIO_TEST_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url));

const isolate = (response) => {
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
};
const site = sirv(dist, { setHeaders: mode === 'isolated' ? isolate : () => {} });

createServer((request, response) => {
  const missing = () => response.writeHead(404, { 'Content-Type': 'text/plain' }).end('404');
  if (!request.url?.startsWith(BASE)) return missing();
  request.url = request.url.slice(BASE.length - 1);
  return site(request, response, missing);
}).listen(Number(port));
