import { mount } from 'svelte';
import { catalogue } from '../models.config.ts';
import App from './App.svelte';
import { createEngine } from './engine/client.ts';
import { I18n } from './i18n/index.ts';
import { createState } from './state/state.ts';
import { browserSettings } from './storage/settings.ts';
import { browserRuns } from './storage/idb-runs.ts';
import { Router } from './ui/router.svelte.ts';

/** The composition root: everything that touches the outside world is made here and handed in. */
const engine = createEngine({
  spawn: () =>
    new Worker(new URL('../workers/engine.worker.ts', import.meta.url), { type: 'module' }),
  baseUrl: document.baseURI,
});

const state = createState({
  engine,
  catalogue,
  runs: (notices) => browserRuns((failure) => notices.push(failure)),
  small: browserSettings(() => localStorage),
  clock: () => Date.now(),
  ids: () => crypto.randomUUID(),
  schedule: (work) => requestAnimationFrame(work),
  later: (work, ms) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
});

const i18n = new I18n(() => state.settings.locale);
const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
mount(App, { target, props: { app: { ...state, catalogue, i18n, router: new Router(location) } } });
