/** What it costs to turn a checkpoint into a package, in the app as it is built and in a real browser. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from '@playwright/test';
import { format, resolveConfig } from 'prettier';
import sirv from 'sirv';
import { build } from 'vite';
import { requireBrowser } from '../../scripts/browser.mjs';
import { modelsEs } from '../../src/i18n/models-es.ts';
import { writeRandomLlama } from '../support/random-llama.ts';
import { watchMemory, type MemorySample } from './memory.ts';
import { CACHE, ROOT } from './options.ts';

const DOCS = `${ROOT}docs/benchmarks.md`;
const MARKERS = /(<!-- build:start -->)[^]*(<!-- build:end -->)/;
const MEMORY_FACTOR = 1.35;
const MEMORY_FREE_BYTES = 300e6;
const TIME_FACTOR = 3;
const READ_BYTES = 8e6;
const NAME = 'Prueba';
/** Half a gigabyte and more in 27 layers, with a vocabulary of 340. */
const SIZES = { hidden: 1024, inner: 2816, heads: 16, keyHeads: 4, shardBytes: 2e8 };
const MOST_LAYERS = 27;

interface Figures {
  readonly checkpointBytes: number;
  readonly packageBytes: number;
  /** Before and after the building. */
  readonly readMs: readonly [number, number];
  readonly buildMs: number;
  readonly checkMs: number;
  readonly check: string;
  /** Over what the page had before the drop. */
  readonly buildPeakBytes: number;
  readonly buildPeakOwnBytes: number;
  readonly checkPeakBytes: number;
  readonly words: number;
}

/** `npm run bench -- build [--layers 27] [--dist FOLDER] [--json FILE] [--no-docs]` */
export async function benchBuild(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      layers: { type: 'string', default: String(MOST_LAYERS) },
      dist: { type: 'string' },
      json: { type: 'string' },
      'no-docs': { type: 'boolean', default: false },
    },
  });
  const layers = Number(values.layers);
  const dist = values.dist ?? (await buildApp());
  const work = mkdtempSync(join(tmpdir(), 'patio-build-'));
  try {
    const folder = join(work, 'aleatorio');
    const checkpointBytes = await writeRandomLlama(folder, { ...SIZES, layers });
    const loadBefore = loadavg()[0] ?? 0;
    const site = await serve(dist);
    try {
      const measured = await inBrowser(join(work, 'profile'), site.url, folder);
      const figures = { checkpointBytes, ...measured };
      const table = tableOf(figures, loadBefore);
      console.log(table);
      if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
      if (!values['no-docs'] && layers === MOST_LAYERS) await writeDocs(table);
    } finally {
      site.close();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function buildApp(): Promise<string> {
  const outDir = `${CACHE}app`;
  await build({ root: ROOT, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  return outDir;
}

async function serve(dist: string): Promise<{ url: string; close: () => void }> {
  const site = sirv(dist, {
    setHeaders: (response) => {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    },
  });
  const server = createServer((request, response) => {
    site(request, response, () => void response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${String(port)}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function inBrowser(profile: string, url: string, folder: string) {
  // A profile on disk, as people have: packages are written to it.
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: requireBrowser(),
    locale: 'es-ES',
    args: ['--no-sandbox', '--no-first-run', '--disable-background-networking'],
  });
  try {
    const browser = context.browser();
    if (browser === null) throw new Error('no browser to watch');
    const page = await context.newPage();
    await page.goto(`${url}#/modelos`);
    await page.getByRole('heading', { level: 1, name: modelsEs.title }).waitFor();
    // What the page loads by itself once it is idle is not of this building.
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(3000);
    const watch = await watchMemory(browser);
    const before = await readOnce(page, folder);
    const built = await watchBuild(watch, page, folder);
    const after = await readOnce(page, folder);
    const words = await runIt(page);
    return { ...built, readMs: [before, after] as const, words };
  } finally {
    await context.close();
  }
}

/** Milliseconds that the browser takes to read every file, by pieces and one after another. */
async function readOnce(page: Page, folder: string): Promise<number> {
  await page.evaluate(() => {
    const input = document.createElement('input');
    input.type = 'file';
    input.id = 'bench';
    input.webkitdirectory = true;
    document.body.append(input);
  });
  await page.locator('#bench').setInputFiles(folder);
  return page.evaluate(async (piece) => {
    const input = document.querySelector<HTMLInputElement>('#bench');
    const start = performance.now();
    for (const file of input?.files ?? []) {
      for (let at = 0; at < file.size; at += piece) {
        await file.slice(at, at + piece).arrayBuffer();
      }
    }
    const took = performance.now() - start;
    input?.remove();
    return took;
  }, READ_BYTES);
}

async function watchBuild(stop: () => readonly MemorySample[], page: Page, folder: string) {
  const droppedAt = Date.now();
  try {
    await page.locator('.ways input[webkitdirectory]').setInputFiles(folder);
    const button = page.locator('.arrival button[type="submit"]');
    await button.waitFor({ timeout: 60_000 });
    await page.locator('#arrival-name').fill(NAME);
    const started = Date.now();
    await button.click();
    const checking = page.getByText(modelsEs.phases.check, { exact: true });
    const done = page.getByRole('heading', { name: modelsEs.arrival.ready(NAME) });
    await checking
      .or(done)
      .or(page.locator('.arrival .refused'))
      .first()
      .waitFor({ timeout: 600_000 });
    const builtAt = Date.now();
    await done.waitFor({ timeout: 600_000 });
    const readyAt = Date.now();
    const samples = stop();
    const check = (await page.locator('.model .check').first().textContent()) ?? '';
    return {
      buildMs: builtAt - started,
      checkMs: readyAt - builtAt,
      check,
      packageBytes: await packageBytes(page),
      buildPeakBytes: peak(samples, droppedAt, builtAt, 'resident'),
      buildPeakOwnBytes: peak(samples, droppedAt, builtAt, 'own'),
      checkPeakBytes: peak(samples, droppedAt, readyAt, 'resident'),
    };
  } finally {
    stop();
  }
}

/** The most between two moments, over what there was at first. */
function peak(
  samples: readonly MemorySample[],
  from: number,
  until: number,
  what: 'resident' | 'own',
): number {
  const [first] = samples;
  const values = samples
    .filter(({ at }) => at >= from && at <= until)
    .map((sample) => sample[what]);
  return Math.max(...values) - (first?.[what] ?? 0);
}

function packageBytes(page: Page): Promise<number> {
  return page.evaluate(async () => {
    // No function inside has a name of its own: the one that runs this file would wrap it.
    const folders = [await navigator.storage.getDirectory()];
    let bytes = 0;
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for await (const entry of folder.values()) {
        if (entry.kind === 'directory') folders.push(entry as FileSystemDirectoryHandle);
        else bytes += (await (entry as FileSystemFileHandle).getFile()).size;
      }
    }
    return bytes;
  });
}

/** It runs: how many words it writes. */
async function runIt(page: Page): Promise<number> {
  await page.locator('.arrival button.primary').click();
  await page.locator('textarea.prompt-text').first().fill('Había una vez');
  await page.locator('button.go').click();
  const cell = page.getByRole('article', { name: NAME, exact: true });
  await page.locator('article[data-status="done"]').first().waitFor({ timeout: 300_000 });
  return ((await cell.getByRole('log').textContent()) ?? '').split(/\s+/u).length;
}

function tableOf(figures: Figures, loadBefore: number): string {
  const { checkpointBytes, packageBytes: stored, readMs, buildMs, checkMs } = figures;
  const memoryBar = MEMORY_FACTOR * stored + MEMORY_FREE_BYTES;
  const readOnceMs = (readMs[0] + readMs[1]) / 2;
  const ratio = buildMs / readOnceMs;
  const verdict = (met: boolean) => (met ? 'met' : 'missed');
  const date = new Date().toISOString().slice(0, 10);
  const conditions = `${date}, ${String(cpus().length)} CPU cores, load of the machine before the run ${loadBefore.toFixed(2)}; checkpoint of ${mb(checkpointBytes)} in bfloat16 shards, package of ${mb(stored)} (8 bits for the CPU).`;
  const rows = [
    [
      'peak memory while building',
      mb(figures.buildPeakBytes),
      `≤ ${mb(memoryBar)}`,
      verdict(figures.buildPeakBytes <= memoryBar),
    ],
    ['of it, of the process alone', mb(figures.buildPeakOwnBytes), '', ''],
    ['peak memory while building and checking', mb(figures.checkPeakBytes), '', ''],
    ['reading the files once, before and after', readMs.map(seconds).join(' and '), '', ''],
    ['building', seconds(buildMs), '', ''],
    [
      'building / reading once',
      `${ratio.toFixed(2)}×`,
      `≤ ${String(TIME_FACTOR)}×`,
      verdict(ratio <= TIME_FACTOR),
    ],
    ['self-check after it', `${seconds(checkMs)} (${figures.check})`, '', ''],
  ];
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  return [
    conditions,
    '',
    '| measure | measured | bar | |',
    '| --- | ---: | ---: | --- |',
    ...lines,
  ].join('\n');
}

function mb(bytes: number): string {
  return `${String(Math.round(bytes / 1e6))} MB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function writeDocs(table: string): Promise<void> {
  const text = readFileSync(DOCS, 'utf8');
  const renewed = text.replace(MARKERS, (_, start: string, end: string) =>
    [start, table, end].join('\n\n'),
  );
  const options = await resolveConfig(DOCS);
  writeFileSync(DOCS, await format(renewed, { ...options, parser: 'markdown' }));
}
