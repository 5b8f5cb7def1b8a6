/** The browser's side of the offline app: one service worker, and locks between the tabs. */
import type { OfflineHost } from './host.ts';
import { SCRIPT } from './manifest.ts';
import type { Answers, Asked } from './protocol.ts';

const TRIED = 'patio.isolation';
const ANSWER_MS = 120_000;

/** null where the browser has none for this page: no secure context, or a window that keeps nothing. */
export function browserHost(base: string): OfflineHost | null {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  const locks = navigator.locks as LockManager | undefined;
  return workers && locks ? new BrowserHost(base, workers, locks) : null;
}

class BrowserHost implements OfflineHost {
  readonly isIsolated = crossOriginIsolated;
  readonly #base: string;
  readonly #workers: ServiceWorkerContainer;
  readonly #locks: LockManager;
  #registration: ServiceWorkerRegistration | null = null;
  /** The page was opened while a service worker was there, also where a forced reload went past it. */
  #isReturning = false;

  constructor(base: string, workers: ServiceWorkerContainer, locks: LockManager) {
    this.#base = base;
    this.#workers = workers;
    this.#locks = locks;
    if (this.isIsolated) forget();
  }

  async open(): Promise<boolean> {
    try {
      const before = await this.#workers.getRegistration(this.#base);
      this.#isReturning = before?.active != null;
      const url = new URL(SCRIPT, this.#base);
      // A browser that refuses quietly gives nothing, whatever its types say.
      const found = (await this.#workers.register(url)) as ServiceWorkerRegistration | undefined;
      this.#registration = found ?? null;
      return found !== undefined && (await isActive(found));
    } catch {
      return false;
    }
  }

  stock(tiers: Extract<Asked, { ask: 'stock' }>['tiers']) {
    return this.#ask<'stock'>({ ask: 'stock', tiers });
  }

  keep(path: string) {
    return this.#ask<'keep'>({ ask: 'keep', path });
  }

  async settle(): Promise<void> {
    const settle = async (lock: Lock | null) => {
      if (lock) await this.#ask<'settle'>({ ask: 'settle' });
    };
    await this.#locks.request(this.#name('work'), { ifAvailable: true }, settle);
  }

  onWaiting(listener: () => void): void {
    const registration = this.#registration;
    if (!registration) return;
    const look = () => {
      if (registration.waiting && registration.active) listener();
    };
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', look);
    });
    registration.installing?.addEventListener('statechange', look);
    look();
  }

  onSwitched(listener: () => void): void {
    // The first service worker of all takes over a page that is of its own version.
    let isFirst = !this.#isReturning && this.#workers.controller === null;
    this.#workers.addEventListener('controllerchange', () => {
      if (!isFirst) listener();
      isFirst = false;
    });
  }

  async switchWhenFree(): Promise<void> {
    await this.#locks.request(this.#name('work'), async () => {
      const { waiting } = this.#registration ?? {};
      if (waiting) await ask(waiting, { ask: 'switch' });
    });
  }

  hold(): () => void {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    void this.#locks.request(this.#name('work'), { mode: 'shared' }, () => held);
    return release;
  }

  async alone(work: () => Promise<void>): Promise<void> {
    await this.#locks.request(this.#name('keep'), work);
  }

  reload(): void {
    location.reload();
  }

  get mayReload() {
    const activation = navigator.userActivation as UserActivation | undefined;
    const isTop = window.top === window;
    const hasWorker = this.#registration?.active != null;
    const helps = !this.isIsolated && isTop && hasWorker && !wasTried();
    return { helps, disturbs: activation?.hasBeenActive ?? true };
  }

  remember(): void {
    localStorage.setItem(TRIED, 'tried');
  }

  #ask<K extends Asked['ask']>(asked: Extract<Asked, { ask: K }>): Promise<Answers[K]> {
    const active = this.#registration?.active;
    return active ? ask(active, asked) : Promise.reject(new Error('no service worker is active'));
  }

  #name(what: string): string {
    return `patio ${what} ${this.#base}`;
  }
}

function ask<K extends Asked['ask']>(
  worker: ServiceWorker,
  asked: Extract<Asked, { ask: K }>,
): Promise<Answers[K]> {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => {
      reject(new Error('the service worker does not answer'));
    }, ANSWER_MS);
    port1.onmessage = ({ data }: MessageEvent<Answers[K]>) => {
      clearTimeout(timer);
      resolve(data);
    };
    worker.postMessage(asked, [port2]);
  });
}

/** Resolves once it has taken over the page, or could not store the app. */
function isActive({ active, waiting, installing }: ServiceWorkerRegistration): Promise<boolean> {
  if (active?.state === 'activated') return Promise.resolve(true);
  const next = active ?? waiting ?? installing;
  if (!next) return Promise.resolve(false);
  return new Promise((resolve) => {
    next.addEventListener('statechange', () => {
      if (next.state === 'activated') resolve(true);
      if (next.state === 'redundant') resolve(false);
    });
  });
}

function wasTried(): boolean {
  try {
    return localStorage.getItem(TRIED) !== null;
  } catch {
    // What cannot be remembered is not begun.
    return true;
  }
}

function forget(): void {
  try {
    localStorage.removeItem(TRIED);
  } catch {
    // Nothing was kept either.
  }
}
