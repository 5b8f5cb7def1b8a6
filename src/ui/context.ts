import { createContext } from 'svelte';
import type { Environment } from '../domain/limits.ts';
import type { ShelfModel } from '../domain/model.ts';
import type { I18n } from '../i18n/index.ts';
import type { Classroom } from '../state/classroom.svelte.ts';
import type { State } from '../state/state.ts';
import type { Router } from './router.svelte.ts';

/** What every part of the page may reach: the state, the catalogue, the words and the way around. */
export interface App extends State {
  /** Models of the Hub that are proposed. */
  readonly shelf: () => Promise<readonly ShelfModel[]>;
  /** What is asked stands as it is: set by the exercises of a class. */
  readonly fixed?: boolean;
  /** What the browser gives this page. */
  readonly environment: () => Promise<Environment>;
  /** Made when its screen is first asked for. */
  readonly classroom: () => Promise<Classroom>;
  readonly i18n: I18n;
  readonly router: Router;
}

export const [getApp, setApp] = createContext<App>();
