/// <reference lib="webworker" />
/**
 * The service worker: the built app from this browser's own cache, and the isolation headers where a
 * host sends none. It decides nothing by itself: the page says what to keep and when to switch.
 */
import { FileCache, isolated, pathOf } from '../src/offline/file-cache.ts';
import type { AppFile } from '../src/offline/manifest.ts';
import type { Answers, Asked } from '../src/offline/protocol.ts';

declare const self: ServiceWorkerGlobalScope;
/** Put here by the build; a build with other files is another script, which is how browsers see an update. */
declare const APP_FILES: readonly AppFile[];

const { scope } = self.registration;
const files = new FileCache({
  files: APP_FILES,
  scope,
  // One origin may serve more than one folder.
  open: () => caches.open(`patio ${scope}`),
  fetch: (url, init) => fetch(url, init),
});

self.addEventListener('install', (event) => {
  event.waitUntil(install());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener('fetch', (event) => {
  const path = pathOf(event.request, scope);
  if (path === null) return;
  const file = files.get(path);
  if (file) event.respondWith(serve(event, file));
  else if (path.startsWith('assets/')) event.respondWith(serveOlder(event.request, path));
});

self.addEventListener('message', (event) => {
  const answered = answer(event.data as Asked).then((given) => event.ports[0]?.postMessage(given));
  event.waitUntil(answered);
});

/** The first version of all has nothing to wait for: the page fills it when nothing else is to be done. */
async function install(): Promise<void> {
  if (!self.registration.active) return;
  const kept = await files.keepAll(await files.wantedAtInstall());
  if (kept !== 'kept') throw new Error(`this version could not be stored: ${kept}`);
}

async function serve(event: FetchEvent, file: AppFile): Promise<Response> {
  const held = await files.find(file);
  if (held) return held;
  const response = await fetch(event.request);
  event.waitUntil(files.store(file, response.clone()));
  return isolated(response);
}

async function serveOlder(request: Request, path: string): Promise<Response> {
  return (await files.findOlder(path)) ?? fetch(request);
}

async function answer(asked: Asked): Promise<Answers[Asked['ask']]> {
  switch (asked.ask) {
    case 'stock':
      return files.stock(asked.tiers);
    case 'keep': {
      const file = files.get(asked.path);
      return file ? files.keep(file) : 'changed';
    }
    case 'settle':
      await files.settle();
      return null;
    case 'switch':
      await self.skipWaiting();
      return null;
  }
}
