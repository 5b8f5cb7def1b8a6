import { render } from '@testing-library/svelte';
import type { Component } from 'svelte';
import type { Catalogue } from '../../src/domain/model.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { en } from '../../src/i18n/en.ts';
import { I18n, type Locale } from '../../src/i18n/index.ts';
import { createState } from '../../src/state/state.ts';
import { memoryRuns } from '../../src/storage/memory.ts';
import { memorySettings } from '../../src/storage/settings.ts';
import type { App } from '../../src/ui/context.ts';
import { Router } from '../../src/ui/router.svelte.ts';
import { CATALOGUE, ENVIRONMENT } from '../fakes/catalogue.ts';
import { memoryPackages, scriptedBuilder } from '../fakes/library.ts';
import { countingIds, tickingClock } from '../fakes/clock.ts';
import { ScriptedEngine } from '../fakes/scripted-engine.ts';
import InApp from './InApp.svelte';

interface Given {
  readonly engine?: Engine;
  readonly catalogue?: Catalogue;
  readonly locale?: Locale;
}

/** The whole state over a scripted engine and memory. */
export function testApp({
  engine = new ScriptedEngine(),
  catalogue = CATALOGUE,
  locale = 'es',
}: Given = {}): App {
  const storage = memoryRuns();
  const state = createState({
    engine,
    bundled: catalogue,
    packages: memoryPackages(),
    builder: scriptedBuilder(),
    zip: () => Promise.resolve(new Blob()),
    save: () => undefined,
    persist: () => undefined,
    runs: () => storage,
    small: memorySettings(),
    clock: tickingClock(),
    ids: countingIds(),
    schedule: (work) => {
      work();
    },
    later: () => () => undefined,
  });
  state.settings.locale = locale;
  const i18n = new I18n(
    () => state.settings.locale,
    () => Promise.resolve(en),
    en,
  );
  const classroom = () => Promise.reject(new Error('no classroom here'));
  const environment = () => Promise.resolve(ENVIRONMENT);
  return {
    ...state,
    shelf: () => Promise.resolve([]),
    environment,
    classroom,
    i18n,
    router: new Router({ hash: '' }),
  };
}

/** Renders one part of the page inside the app's context. */
export function renderIn<Props extends Record<string, unknown>>(
  app: App,
  part: Component<Props>,
  props: Props,
) {
  // The wrapper is generic, which the type of `render` cannot carry through.
  return render(InApp as unknown as Component<Record<string, unknown>>, {
    props: { app, part, props },
  });
}
