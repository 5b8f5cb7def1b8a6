import type { AppFile, Tier } from './manifest.ts';

/**
 * How one file fared: `full` where the browser has no room, `unreachable` without an answer, `changed`
 * where the answer is not the file that was built (an error page, or another version).
 */
export type Kept = 'kept' | 'full' | 'unreachable' | 'changed';

export interface Stock {
  readonly missing: readonly Pick<AppFile, 'path' | 'bytes'>[];
  /** Of all files of the tiers asked for. */
  readonly totalBytes: number;
}

/** What the page asks of the service worker; each comes with a port for the answer. */
export type Asked =
  | { readonly ask: 'stock'; readonly tiers: readonly Tier[] }
  | { readonly ask: 'keep'; readonly path: string }
  /** Everything is there: remember that, and drop what only older versions used. */
  | { readonly ask: 'settle' }
  /** The waiting version takes over, in every tab. */
  | { readonly ask: 'switch' };

export interface Answers {
  readonly stock: Stock;
  readonly keep: Kept;
  readonly settle: null;
  readonly switch: null;
}
