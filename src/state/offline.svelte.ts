import type { OfflineHost } from '../offline/host.ts';
import type { Tier } from '../offline/manifest.ts';
import type { Kept } from '../offline/protocol.ts';

export type OfflineStatus =
  | { readonly status: 'unknown' }
  /** The browser keeps nothing for this page. */
  | { readonly status: 'unavailable' }
  | { readonly status: 'keeping'; readonly bytes: number; readonly totalBytes: number }
  | { readonly status: 'ready' }
  | { readonly status: 'partial'; readonly why: Exclude<Kept, 'kept'> | 'save-data' };

/** `asked`: it takes over when no tab is at work any more. */
export type Update = 'none' | 'waiting' | 'asked';

export interface OfflineDeps {
  /** null where the browser has no service workers for this page. */
  readonly host: OfflineHost | null;
  /** A run or a build is under way. Read in an effect. */
  readonly isBusy: () => boolean;
}

/** So long may the first visit wait for a service worker, which then sees all that is fetched. */
const OPENING_MS = 1000;
/** And so long for one that gives it threads. */
const ISOLATION_MS = 5000;

/** Whether the app works without its server, and which version of it is here. */
export class Offline {
  readonly #deps: OfflineDeps;
  #opened: Promise<boolean> | null = null;
  #status = $state.raw<OfflineStatus>({ status: 'unknown' });
  #update = $state.raw<Update>('none');
  #helps = $state.raw(false);

  constructor(deps: OfflineDeps) {
    this.#deps = deps;
  }

  get status(): OfflineStatus {
    return this.#status;
  }

  get update(): Update {
    return this.#update;
  }

  /** The next visit has threads, and this one has not. */
  get reloadHelps(): boolean {
    return this.#helps;
  }

  /**
   * Puts the service worker in place, so that what the page fetches from here on is kept as it comes.
   * On a host without isolation headers it sends them, and the page is reloaded, once, if nobody has
   * touched it yet. Resolves where the page goes on as it is.
   */
  async begin(): Promise<void> {
    const { host } = this.#deps;
    if (!host) return;
    await Promise.race([this.#open(host), pause(host.isIsolated ? OPENING_MS : ISOLATION_MS)]);
    const { helps, disturbs } = host.mayReload;
    this.#helps = helps;
    if (!helps || disturbs) return;
    host.remember();
    host.reload();
    await new Promise(() => undefined);
  }

  /** Keeps what works without a network, a file at a time, and none while something is asked. Never throws. */
  async keep(tiers: readonly Tier[], isSavingData: boolean): Promise<void> {
    const { host } = this.#deps;
    if (!host || !(await this.#open(host))) {
      this.#status = { status: 'unavailable' };
      return;
    }
    try {
      const work = () => this.#fill(host, tiers, isSavingData);
      await host.alone(work);
    } catch {
      this.#status = { status: 'partial', why: 'unreachable' };
    }
  }

  /** Waits for the end of all work in all tabs, and has them all load the version that waits. */
  async switch(): Promise<void> {
    if (this.#update !== 'waiting') return;
    this.#update = 'asked';
    await this.#deps.host?.switchWhenFree().catch(() => (this.#update = 'waiting'));
  }

  async #fill(host: OfflineHost, tiers: readonly Tier[], isSavingData: boolean): Promise<void> {
    const { missing, totalBytes } = await host.stock(tiers);
    let left = missing.reduce((sum, { bytes }) => sum + bytes, 0);
    if (isSavingData && left > 0) {
      this.#status = { status: 'partial', why: 'save-data' };
      return;
    }
    for (const { path, bytes } of missing) {
      this.#status = { status: 'keeping', bytes: totalBytes - left, totalBytes };
      await this.#whenFree();
      const kept = await host.keep(path);
      if (kept !== 'kept') {
        this.#status = { status: 'partial', why: kept };
        return;
      }
      left -= bytes;
    }
    await host.settle();
    this.#status = { status: 'ready' };
  }

  #open(host: OfflineHost): Promise<boolean> {
    this.#opened ??= this.#begin(host);
    return this.#opened;
  }

  async #begin(host: OfflineHost): Promise<boolean> {
    const isOpen = await host.open();
    if (!isOpen) return false;
    host.onWaiting(() => {
      if (this.#update === 'none') this.#update = 'waiting';
    });
    host.onSwitched(() => void this.#whenFree().then(() => host.reload()));
    $effect.root(() => {
      $effect(() => (this.#deps.isBusy() ? host.hold() : undefined));
    });
    return true;
  }

  #whenFree(): Promise<void> {
    return new Promise((resolve) => {
      const stop = $effect.root(() => {
        $effect(() => {
          if (this.#deps.isBusy()) return;
          resolve();
          queueMicrotask(() => stop());
        });
      });
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
