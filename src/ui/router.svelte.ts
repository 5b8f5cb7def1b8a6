/** Screens and their addresses; the fragment never leaves the browser. */
export const SCREENS = {
  compare: '#/',
  models: '#/modelos',
  storage: '#/almacen',
  class: '#/clase',
  history: '#/historial',
} as const;
/** Before the address of a class that a machine is to be prepared for. */
export const WORKSHOP = '#taller=';
export type Screen = keyof typeof SCREENS;

export function screenOf(hash: string): Screen {
  if (hash.startsWith(SCREENS.class) || hash.startsWith(WORKSHOP)) return 'class';
  if (hash.startsWith(SCREENS.history)) return 'history';
  if (hash.startsWith(SCREENS.storage)) return 'storage';
  return hash.startsWith(SCREENS.models) ? 'models' : 'compare';
}

export class Router {
  #hash = $state.raw('');
  readonly #location: Pick<Location, 'hash'>;

  constructor(location: Pick<Location, 'hash'>) {
    this.#location = location;
    this.#hash = location.hash;
  }

  /** The whole fragment. */
  get hash(): string {
    return this.#hash;
  }

  get screen(): Screen {
    return screenOf(this.#hash);
  }

  go(screen: Screen): void {
    this.#location.hash = SCREENS[screen];
  }

  /** To be called whenever the address changed. */
  read(): void {
    this.#hash = this.#location.hash;
  }
}
