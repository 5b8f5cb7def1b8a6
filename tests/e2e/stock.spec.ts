/** Packages of Patio in transformers.js as it comes: they load, and say what they say in Patio. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { buildEncoder } from '../parity/encoder-runner';
import { relativeError } from '../parity/measures';
import { buildRunner } from '../parity/runner';
import { decode, encode } from '../parity/seq2seq-cases';
import { buildSeq2Seq } from '../parity/seq2seq-runner';
import { openStockSite, type StockSite } from './support/stock-site.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FIXTURES = join(ROOT, 'tests/fixtures');
const TEXT = 'Había una vez un gorrión que no sabía cantar';
const EXACT = 1e-4;
const VARIANTS = [
  { dtype: 'fp32', variant: 'fp32' },
  { dtype: 'q8', variant: 'cpu8' },
] as const;

/** Folders of fixtures by the name of their package; a folder without a tokenizer borrows one. */
const MODELS = {
  decoder: 'e2e/llama',
  classifier: 'e2e/bert-animo',
  masked: 'bert-masked-lm',
  embedding: 'bert-embedding',
  seq2seq: 'e2e/t5',
} as const;

let work = '';
let site: StockSite;

test.beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'patio-stock-'));
  for (const [name, fixture] of Object.entries(MODELS)) {
    const folder = join(work, 'checkpoints', name);
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
      cpSync(join(FIXTURES, 'bert-embedding', file), join(folder, file));
    }
    cpSync(join(FIXTURES, fixture), folder, { recursive: true });
    pack(folder, join(work, 'models', name));
  }
  site = await openStockSite(work);
});

test.afterAll(() => {
  site.close();
  rmSync(work, { recursive: true });
});

test.beforeEach(async ({ page }) => {
  await page.goto(site.url);
  await page.waitForFunction(() => 'stock' in window);
});

function pack(folder: string, out: string): void {
  const command = ['--import', 'tsx', 'scripts/package.ts', folder, '--out', out];
  const variants = VARIANTS.flatMap(({ variant }) => ['--variant', variant]);
  const { status, stderr } = spawnSync(process.execPath, [...command, ...variants], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
}

function checkpoint(name: keyof typeof MODELS): string {
  return join(FIXTURES, MODELS[name]);
}

function idsOf(page: Page, folder: string): Promise<number[]> {
  const where = { folder, dtype: 'q8' } as const;
  return page.evaluate(([at, text]) => window.stock.ids(at, text), [where, TEXT] as const);
}

for (const { dtype, variant } of VARIANTS) {
  test(`a decoder writes the same, ${dtype}`, async ({ page }) => {
    const where = { folder: 'decoder', dtype } as const;
    const ids = await idsOf(page, 'decoder');
    const runner = await buildRunner(checkpoint('decoder'), { variant, logits: 'last' });
    const row = [...ids];
    for (let step = 0; step < 8; step += 1) {
      const { topIds } = await runner.run([row]);
      row.push(topIds[0]?.[0] ?? -1);
    }
    const written = await page.evaluate(
      ([at, prompt]) => window.stock.generate('causal', at, prompt, 8),
      [where, ids] as const,
    );
    expect(written.slice(ids.length).length).toBeGreaterThan(0);
    expect(row.slice(0, written.length)).toEqual(written);
    await runner.release();
  });

  for (const name of ['classifier', 'masked', 'embedding'] as const) {
    test(`an encoder computes the same: ${name}, ${dtype}`, async ({ page }) => {
      const ids = await idsOf(page, name);
      const runner = await buildEncoder(checkpoint(name), { variant });
      const ours = await runner.run({ ids: [ids] });
      const theirs = await page.evaluate(([kind, at, row]) => window.stock.outputs(kind, at, row), [
        name,
        { folder: name, dtype },
        ids,
      ] as const);
      expect(Object.keys(theirs).sort()).toEqual(Object.keys(ours).sort());
      for (const [output, { data }] of Object.entries(ours)) {
        const found = Float32Array.from(theirs[output] ?? []);
        expect(relativeError(found, data), output).toBeLessThan(EXACT);
      }
      await runner.release();
    });
  }

  test(`an encoder–decoder writes the same, ${dtype}`, async ({ page }) => {
    const ids = await idsOf(page, 'seq2seq');
    const model = await buildSeq2Seq(checkpoint('seq2seq'), { variant, logits: 'last' });
    const source = await encode(model, [ids]);
    const row = [model.manifest.model.decoderStart ?? 0];
    for (let step = 0; step < 8; step += 1) {
      const { results } = await decode(model, source, [row], null);
      const [best] = results['topk_ids']?.data as BigInt64Array;
      row.push(Number(best));
    }
    const written = await page.evaluate(
      ([at, prompt]) => window.stock.generate('seq2seq', at, prompt, 8),
      [{ folder: 'seq2seq', dtype }, ids] as const,
    );
    expect(written.length).toBeGreaterThan(1);
    expect(row.slice(0, written.length)).toEqual(written);
    await model.release();
  });
}

test('the pipeline names the label that our scores name', async ({ page }) => {
  const where = { folder: 'classifier', dtype: 'q8' } as const;
  const ids = await idsOf(page, 'classifier');
  const runner = await buildEncoder(checkpoint('classifier'), { variant: 'cpu8' });
  const scores = Array.from((await runner.run({ ids: [ids] }))['logits']?.data ?? []);
  const { head } = runner.manifest;
  await runner.release();
  if (head.kind !== 'sequence-classification') throw new Error(head.kind);
  const best = scores.indexOf(Math.max(...scores));
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
  const [named] = await page.evaluate(([at, text]) => window.stock.classify(at, text), [
    where,
    TEXT,
  ] as const);
  expect(named?.label).toBe(head.labels[best]);
  expect(named?.score).toBeCloseTo(Math.exp(scores[best] ?? 0) / total, 4);
});
