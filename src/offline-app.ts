/** The composition of the offline app, fetched once the page is idle: service worker, state, one line of it. */
import { mount } from 'svelte';
import type { Device } from './domain/device.ts';
import type { I18n } from './i18n/index.ts';
import { browserHost } from './offline/browser-host.ts';
import { tiersFor } from './offline/manifest.ts';
import { Offline } from './state/offline.svelte.ts';
import type { State } from './state/state.ts';
import OfflineLine from './ui/shell/OfflineLine.svelte';

export interface OfflineApp {
  begin(): Promise<void>;
  keep(device: Device, isSavingData: boolean): Promise<void>;
}

export function openOffline(app: Pick<State, 'run' | 'library'> & { i18n: I18n }): OfflineApp {
  const isBusy = () => app.run.status === 'running' || app.library.arrival?.status === 'building';
  const offline = new Offline({ host: browserHost(new URL('.', document.baseURI).href), isBusy });
  const target = document.getElementById('offline');
  if (target) mount(OfflineLine, { target, props: { offline, i18n: app.i18n } });
  return {
    begin: () => offline.begin(),
    keep({ gpu, jspi }, isSavingData) {
      const isReal = gpu !== null && !gpu.software;
      return offline.keep(tiersFor({ gpu: isReal, jspi }), isSavingData);
    },
  };
}
