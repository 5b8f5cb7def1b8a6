import { mount } from 'svelte';
import { catalogue } from '../../../models.config.ts';
import { shelf } from '../../../shelf.config.ts';
import { memoryPackages, scriptedBuilder } from '../library.ts';
import App from '../../../src/App.svelte';
import { I18n } from '../../../src/i18n/index.ts';
import { createState } from '../../../src/state/state.ts';
import { readEnvironment } from '../../../src/storage/environment.ts';
import { browserRuns } from '../../../src/storage/idb-runs.ts';
import { browserSettings } from '../../../src/storage/settings.ts';
import { Router } from '../../../src/ui/router.svelte.ts';
import { demoEngine } from './engine.ts';
import { DEMO_MODELS } from './tasks.ts';

/** `?readers`: scripted voices for the tasks that no model of the house does. */
const readers = new URLSearchParams(location.search).has('readers') ? DEMO_MODELS : [];

const state = createState({
  engine: demoEngine(new URLSearchParams(location.search)),
  bundled: { ...catalogue, models: [...catalogue.models, ...readers] },
  packages: memoryPackages(),
  builder: scriptedBuilder(),
  zip: () => Promise.resolve(new Blob()),
  save: () => undefined,
  persist: () => undefined,
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
const i18n = new I18n(
  () => state.settings.locale,
  async () => (await import('../../../src/i18n/en.ts')).en,
);
const target = document.getElementById('app');
if (target) {
  mount(App, {
    target,
    props: {
      app: {
        ...state,
        shelf: () => Promise.resolve(shelf),
        environment: readEnvironment,
        classroom: () => Promise.reject(new Error('none')),
        i18n,
        router: new Router(location),
      },
    },
  });
}
