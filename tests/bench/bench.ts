/** What every measure is given, and what it gives back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { requireBrowser } from '../../scripts/browser.mjs';
import type { Options } from './options.ts';
import type { BenchPage, Task } from './page/contract.ts';
import type { Site } from './site.ts';

/** By name; the report knows their units. `a/b` is a ratio of two contenders. */
export type Figures = Record<string, number>;

export interface Outcome {
  readonly figures: Figures;
  /** Whatever the figures were drawn from, for the JSON. */
  readonly raw: unknown;
  /** How many characters of Patio's text each contender repeats before it says something else. */
  readonly agreement?: Readonly<Record<string, string>>;
}

export interface Bench {
  readonly options: Options;
  readonly site: Site;
  /** A profile on disk, as people have: files and compiled code are cached between visits. */
  readonly context: BrowserContext;
  /** Of WebAssembly, for every contender: as many as Patio takes on this machine. */
  readonly threads: number;
}

export type Measure = (bench: Bench) => Promise<Outcome>;

declare global {
  interface Window {
    bench: BenchPage;
    cold: Promise<number>;
  }
}

export const BROWSER_ARGS = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens a browser with a profile of its own, and takes both away afterwards. */
export async function withBrowser<T>(
  work: (context: BrowserContext) => Promise<T>,
  args: readonly string[] = BROWSER_ARGS,
): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'patio-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: requireBrowser(),
    args: [...args],
  });
  try {
    return await work(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

export async function openPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`page: ${error.message}`));
  await page.goto(url);
  return page;
}

/** Opens the page of the contenders for one piece of work. */
export async function withPage<T>(
  context: BrowserContext,
  site: Site,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const page = await openPage(context, `${site.url}index.html`);
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}

/** One greedy generation with Gorrión. */
export function taskOf({ options, site, threads }: Bench, prompt: string): Task {
  const { model, gguf } = site;
  return { prompt, sampling: null, tokens: options.tokens, threads, model, gguf };
}
