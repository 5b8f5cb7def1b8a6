import type { SmallStorage } from '../storage/settings.ts';
import type { Notices } from './notices.svelte.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const LOCALES = ['es', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** What the reader prefers; read before the first paint, written at every change. */
export class Settings {
  readonly #storage: SmallStorage;
  readonly #notices: Notices;
  #theme = $state.raw<Theme>('system');
  #locale = $state.raw<Locale>('es');

  constructor(storage: SmallStorage, notices: Notices) {
    this.#storage = storage;
    this.#notices = notices;
    this.#theme = oneOf(THEMES, storage.read('theme')) ?? 'system';
    this.#locale = oneOf(LOCALES, storage.read('locale')) ?? 'es';
  }

  get theme(): Theme {
    return this.#theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    this.#keep('theme', theme);
  }

  get locale(): Locale {
    return this.#locale;
  }

  set locale(locale: Locale) {
    this.#locale = locale;
    this.#keep('locale', locale);
  }

  #keep(key: string, text: string): void {
    const failure = this.#storage.write(key, text);
    if (failure) this.#notices.push(failure);
  }
}

function oneOf<T extends string>(values: readonly T[], text: string | null): T | null {
  return values.find((value) => value === text) ?? null;
}
