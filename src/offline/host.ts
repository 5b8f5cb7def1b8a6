import type { Tier } from './manifest.ts';
import type { Kept, Stock } from './protocol.ts';

/** What a browser offers for an app that works without its server. */
export interface OfflineHost {
  /** The page is isolated, so that threads work. */
  readonly isIsolated: boolean;
  /** Registers the service worker and waits until it is active; false where there is none. */
  open(): Promise<boolean>;
  stock(tiers: readonly Tier[]): Promise<Stock>;
  keep(path: string): Promise<Kept>;
  /** Drops what older versions used, unless another tab is at work. */
  settle(): Promise<void>;
  /** Another version is stored and waits; called at once where one does already. */
  onWaiting(listener: () => void): void;
  /** Another version has taken over. */
  onSwitched(listener: () => void): void;
  /** Has the waiting version take over once no tab is at work. */
  switchWhenFree(): Promise<void>;
  /** Tells the other tabs that this one is at work, until the answer is called. */
  hold(): () => void;
  /** Runs `work` in one tab only; the others go on without. */
  alone(work: () => Promise<void>): Promise<void>;
  reload(): void;
  /** A reload would isolate the page, was not tried in vain before, and would disturb nobody. */
  readonly mayReload: { readonly helps: boolean; readonly disturbs: boolean };
  /** Remembers, across the reload, that it was tried. */
  remember(): void;
}
