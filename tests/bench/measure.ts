import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { requireBrowser } from '../../scripts/browser.mjs';
import type { Options } from './options.ts';
import type { BenchPage, ContenderId, Sample, Sampling, Swap, Task } from './page/contract.ts';
import type { Site } from './site.ts';

/** What sampling contenders are asked for: Patio's initial cuts, as far as all of them know them. */
const SAMPLING: Sampling = { temperature: 0.8, topK: 40 };
/** The bare loop has no sampler. */
const SAMPLERS: readonly ContenderId[] = ['patio', 'transformers', 'wllama'];
/** An answer that ends by itself before this says little of speed, and another is drawn. */
const MIN_SAMPLED_TOKENS = 32;

/** Continued by every contender. */
const PROMPT =
  'Había una vez una niña que vivía con su abuela en una casa blanca cerca del mar. Una mañana, cuando salió al patio, encontró';
/** Openings of the cold page that are not counted: the browser caches compiled code by and by. */
const COLD_WARMUPS = 3;

export interface Measured {
  readonly task: Task;
  /** Greedy. */
  readonly samples: ReadonlyMap<ContenderId, readonly Sample[]>;
  /** With a sampler, where the contender has one. */
  readonly sampled: ReadonlyMap<ContenderId, readonly Sample[]>;
  readonly swaps: readonly Swap[];
  readonly coldMs: readonly number[];
  readonly browser: string;
  readonly cores: number;
  /** Processes waiting for the machine in the minute before, this bench not yet among them. */
  readonly loadBefore: number;
}

declare global {
  interface Window {
    bench: BenchPage;
    cold: Promise<number>;
  }
}

export async function measure(options: Options, site: Site): Promise<Measured> {
  const loadBefore = loadavg()[0] ?? 0;
  const profile = mkdtempSync(join(tmpdir(), 'patio-bench-'));
  // A profile on disk, as people have: compiled code is cached between visits.
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: requireBrowser(),
    args: [
      '--no-sandbox',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const browser = context.browser()?.version() ?? 'unknown';
    const { task, samples, sampled, swaps } = await measureDecode(context, options, site);
    const coldMs = options.contenders.includes('patio')
      ? await measureCold(context, options, site, task)
      : [];
    return { task, samples, sampled, swaps, coldMs, browser, cores: cpus().length, loadBefore };
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function measureDecode(context: BrowserContext, options: Options, site: Site) {
  const page = await openPage(context, `${site.url}index.html`);
  const threads = await page.evaluate(() => window.bench.threads());
  const { model, gguf } = site;
  const task: Task = {
    prompt: PROMPT,
    sampling: null,
    tokens: options.tokens,
    threads,
    model,
    gguf,
  };
  for (const id of options.contenders) {
    await page.evaluate(([who, what]) => window.bench.prepare(who, what), [id, task] as const);
    console.log(`${id}: ready`);
  }
  const samples = emptySamples(options.contenders);
  const sampled = emptySamples(options.contenders.filter((id) => SAMPLERS.includes(id)));
  for (let round = 0; round < options.runs; round += 1) {
    // Side by side in time, so that whatever else the machine does falls on all alike.
    for (const [id, own] of samples) own.push(await generate(page, id, task, task.tokens / 2));
    for (const [id, own] of sampled) own.push(await draw(page, id, task));
    console.log(`round ${String(round + 1)} of ${String(options.runs)}`);
  }
  const swaps = options.contenders.includes('patio')
    ? await page.evaluate((what) => window.bench.swaps(what), task)
    : [];
  await page.close();
  return { task, samples, sampled, swaps };
}

function emptySamples(ids: readonly ContenderId[]): Map<ContenderId, Sample[]> {
  return new Map(ids.map((id) => [id, []]));
}

async function draw(page: Page, id: ContenderId, task: Task): Promise<Sample> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const sample = await generate(page, id, { ...task, sampling: SAMPLING }, 0);
    if (sample.decoded >= MIN_SAMPLED_TOKENS) return sample;
  }
  throw new Error(`${id} ends every answer early; the prompt does not serve`);
}

async function generate(page: Page, id: ContenderId, task: Task, atLeast: number): Promise<Sample> {
  const sample = await page.evaluate(([who, what]) => window.bench.generate(who, what), [
    id,
    task,
  ] as const);
  if (sample.decoded >= atLeast) return sample;
  throw new Error(`${id} ended after ${String(sample.decoded)} tokens; the prompt does not serve`);
}

async function measureCold(
  context: BrowserContext,
  options: Options,
  site: Site,
  task: Task,
): Promise<number[]> {
  const url = `${site.url}cold.html#${encodeURIComponent(JSON.stringify(task))}`;
  const times: number[] = [];
  for (let visit = 0; visit < COLD_WARMUPS + options.runs; visit += 1) {
    const page = await openPage(context, url);
    times.push(await page.evaluate(() => window.cold));
    await page.close();
  }
  return times.slice(COLD_WARMUPS);
}

async function openPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`page: ${error.message}`));
  await page.goto(url);
  return page;
}
