import { gzipSync } from 'node:zlib';
import { catalogue } from '../../models.config.ts';
import { BASE, expectStatus, textOf, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';
import { traceOf, watchCells } from './support/trace.ts';

const STORY = catalogue.examples[0];
const JS_BUDGET_BYTES = 150_000;

test('a tap on an example streams two voices to their end', async ({ patio, page }) => {
  await patio.open();
  await expect(patio.prompt()).toHaveValue('');
  await watchCells(page);
  await patio.button(new RegExp(STORY?.title.es ?? '', 'u')).click();
  await patio.allDone();

  await expect(patio.cells).toHaveCount(2);
  const trace = await traceOf(page);
  for (const voice of [BASE, tuned('quijote')]) {
    const cell = patio.cell(voice);
    const label = (await cell.getAttribute('aria-label')) ?? '';
    const own = trace.filter((moment) => moment.cell === label);
    const writing = own.filter((moment) => moment.status === 'running');
    expect(new Set(writing.map((moment) => moment.chars)).size, 'steps').toBeGreaterThan(5);
    expect(own.at(-1)?.status).toBe('done');
    expect((await textOf(cell)).startsWith(STORY?.text ?? '-')).toBe(true);
    expect((await textOf(cell)).length).toBeGreaterThan((STORY?.text.length ?? 0) + 40);
    await expect(cell.getByText(patio.t.cell.done, { exact: true })).toBeVisible();
  }
  await expect(page.getByRole('status').filter({ hasText: /^Listo: 2 respuestas/u })).toHaveCount(
    1,
  );
});

test('a finished answer tells what made it and how fast', async ({ patio }) => {
  await patio.open({ voices: [tuned('quijote')], params: { seed: 7 } });
  await patio.run();
  await patio.allDone();
  const cell = patio.cell(tuned('quijote'));
  await cell.getByText(/palabras?\s·/u).click();
  const { details } = patio.t;
  const figure = (term: string) => cell.getByRole('term').filter({ hasText: term }).locator('+ dd');
  await expect(figure(details.model).first()).toHaveText('Quijote');
  await expect(figure(details.tokensPerSecond)).toHaveText(/^[\d.,]+$/u);
  await expect(figure(details.wordsPerSecond)).toHaveText(/^[\d.,]+$/u);
  await expect(figure(details.firstToken)).toHaveText(/^[\d.,]+\s(ms|s)$/u);
  await expect(figure(details.device)).toHaveText(/^CPU, \d+ hilos?$/u);
  await expect(figure(details.variant)).toHaveText(patio.t.variants.cpu8);
  await expect(figure(details.seed)).toHaveText('7');
  await expect(figure(details.finish)).toHaveText(patio.t.finishes.length);
  await expect(
    cell.getByRole('definition').filter({ hasText: /leídos, 16 escritos/u }),
  ).toBeVisible();
});

test('the device line says what the browser gives', async ({ patio, page }) => {
  await patio.open();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  const line = patio.button(new RegExp(`^${patio.t.device.label}: CPU · \\d+ hilos?$`, 'u'));
  const threads = Number(/\d+/u.exec((await line.textContent()) ?? '')?.[0]);
  expect(threads).toBeGreaterThanOrEqual(1);
  await line.click();
  await expect(page.getByText(patio.t.device.threads(threads))).toBeVisible();
});

test('little script comes before the Worker', async ({ patio, page, watch }) => {
  const worker = page.waitForEvent('worker');
  await patio.open();
  const workerUrl = (await worker).url();
  await page.waitForLoadState('networkidle');
  const before = watch.requests.slice(0, watch.requests.indexOf(workerUrl));
  const scripts = before.filter((url) => /\.m?js$/u.test(url));

  let total = 0;
  for (const url of scripts) {
    const response = await page.request.get(url);
    total += gzipSync(await response.body(), { level: 9 }).length;
  }
  expect(total).toBeGreaterThan(10_000);
  expect(total).toBeLessThanOrEqual(JS_BUDGET_BYTES);
});

test('an empty prompt says what is missing', async ({ patio }) => {
  await patio.open();
  await patio.run();
  const cell = patio.cells.first();
  await expectStatus(cell, 'failed');
  await expect(
    cell.getByText(patio.t.failures['prompt-empty']({ code: 'prompt-empty' }).what),
  ).toBeVisible();
});
