import { mount } from 'svelte';
import { catalogue as bundled } from '../models.config.ts';
import App from './App.svelte';
import { CUT_PREFIX, type CutMessage } from './engine/cut.ts';
import { createBuilder } from './engine/builder-client.ts';
import { createEngine } from './engine/client.ts';
import { measureTrials } from './engine/self-test.ts';
import { watchLifeline } from './engine/lifeline.ts';
import { I18n } from './i18n/index.ts';
import { createState } from './state/state.ts';
import { warmUp } from './state/warm-up.ts';
import { lazyPackages } from './storage/lazy-packages.ts';
import { browserSettings } from './storage/settings.ts';
import { browserRuns } from './storage/idb-runs.ts';
import { fileName, save } from './ui/download.ts';
import { Router } from './ui/router.svelte.ts';

/** The composition root: everything that touches the outside world is made here and handed in. */
const workers = { spawn: () => spawnEngine(`patio-${newId()}`), baseUrl: document.baseURI };

function spawnEngine(name: string): Worker {
  const worker = new Worker(new URL('../workers/engine.worker.ts', import.meta.url), {
    type: 'module',
    name,
  });
  return watchLifeline(worker, name);
}

const engine = createEngine({
  ...workers,
  onRestart: () => state.notices.push({ code: 'gpu-restarted' }),
});

const packages = lazyPackages(async () =>
  (await import('./storage/browser-packages.ts')).browserPackages(),
);
/** One of each, whose code comes when the page first looks at what is stored. */
const downloads = once(async () =>
  (await import('./storage/browser-downloads.ts')).browserDownloads(),
);
const warehouse = once(async () =>
  (await import('./storage/warehouse.ts')).browserWarehouse(packages),
);
const builder = createBuilder({
  spawn: () => {
    const name = `patio-build-${newId()}`;
    const worker = new Worker(new URL('../workers/build.worker.ts', import.meta.url), {
      type: 'module',
      name,
    });
    return watchLifeline(worker, name);
  },
  baseUrl: document.baseURI,
});

const state = createState({
  engine,
  bench: {
    measure: (...what) => measureTrials(() => createEngine(workers), ...what),
    agent: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    isAttended: () => document.visibilityState === 'visible' && navigator.onLine,
  },
  builder,
  packages,
  downloads: {
    list: async () => (await downloads()).list(),
    discard: async (id) => (await downloads()).discard(id),
  },
  warehouse: {
    persisted: async () => (await warehouse()).persisted(),
    persist: async () => (await warehouse()).persist(),
    appBytes: async () => (await warehouse()).appBytes(),
    verify: async (...what) => (await warehouse()).verify(...what),
  },
  zip: async (stored) => (await import('./storage/package-zip.ts')).zipPackage(packages, stored),
  persist: () => void persist(),
  save: (file, name) => save(`${fileName(name)}.zip`, file),
  bundled,
  runs: (notices) => browserRuns((failure) => notices.push(failure)),
  small: browserSettings(() => localStorage),
  clock: () => Date.now(),
  ids: newId,
  schedule: (work) => requestAnimationFrame(work),
  later,
});

const i18n = new I18n(
  () => state.settings.locale,
  async () => (await import('./i18n/en.ts')).en,
);
await i18n.load();
const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
const router = new Router(location);
const classroom = once(openClassroom);
const environment = once(async () => (await import('./storage/environment.ts')).readEnvironment());
const shelf = once(async () => (await import('../shelf.config.ts')).shelf);
mount(App, { target, props: { app: { ...state, shelf, environment, classroom, i18n, router } } });

whenIdle(() => void prepare());

/** Whoever pays for each byte is asked for none before the first run. */
async function prepare(): Promise<void> {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  const isSavingData = connection?.saveData === true;
  const offline = import.meta.env.PROD ? await openOffline() : null;
  await offline?.begin();
  if (!isSavingData) await warmUp({ ...state, engine });
  await offline?.keep(await state.device.load(), isSavingData);
  if (!isSavingData) state.selfTest?.begin();
}

async function openClassroom() {
  const opened = await import('./class-app.ts');
  return opened.openClassroom({
    ...state,
    store: packages,
    small: browserSettings(() => localStorage),
    clock: () => Date.now(),
    ids: newId,
    later,
    workers: { engine: () => createEngine(workers), cutEngine },
  });
}

/** An engine whose Worker takes its own network away, and says whether that holds. */
function cutEngine() {
  let tell: (proven: boolean) => void = () => undefined;
  const proven = new Promise<boolean>((resolve) => (tell = resolve));
  const spawn = () => {
    const worker = spawnEngine(`${CUT_PREFIX}${newId()}`);
    worker.addEventListener('message', ({ data }: MessageEvent<Partial<CutMessage> | null>) => {
      if (data?.type === 'patio-cut') tell(data.proven === true);
    });
    worker.addEventListener('error', () => tell(false));
    return worker;
  };
  return { engine: createEngine({ ...workers, spawn }), proven };
}

/** Not needed for the first answer, so not part of the first script; null where it cannot be fetched. */
async function openOffline() {
  const opened = await import('./offline-app.ts').catch(() => null);
  return opened?.openOffline({ ...state, i18n }) ?? null;
}

function later(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

/** Only secure contexts are given a storage that stays, and each browser decides by itself. */
async function persist(): Promise<void> {
  const storage = navigator.storage as StorageManager | undefined;
  await storage?.persist().catch(() => false);
}

/** Once the page is on screen and has nothing to do; Safari has no word for it. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: 2000 });
  else setTimeout(work, 500);
}

/** 128 random bits; unlike `randomUUID`, to be had on pages that are not a secure context too. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
