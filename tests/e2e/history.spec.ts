import { readFile } from 'node:fs/promises';
import type { Download } from '@playwright/test';
import Papa from 'papaparse';
import type { RunRecord } from '../../src/run/record.ts';
import { BASE, expectStatus, tuned, type Draft, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const PROMPT = 'Había una vez una fuente';
const TWO: Draft = { prompts: [PROMPT], voices: [BASE, tuned('sonetos')] };

async function made(patio: Patio): Promise<string[]> {
  await patio.open(TWO);
  await patio.run();
  await patio.allDone();
  return patio.texts();
}

async function exported(patio: Patio, kind: string): Promise<{ name: string; text: string }> {
  const download = patio.page.waitForEvent('download');
  await patio.button(patio.t.history.menu(PROMPT)).click();
  await patio.pick(patio.t.history.exportAs(kind));
  return { name: (await download).suggestedFilename(), text: await textOfFile(await download) };
}

async function textOfFile(download: Download): Promise<string> {
  return readFile(await download.path(), 'utf8');
}

async function offer(patio: Patio, name: string, text: string): Promise<void> {
  await patio.page
    .getByLabel(patio.t.history.import, { exact: true })
    .and(patio.page.locator('input'))
    .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
}

test('a run survives a reload and is opened again word for word', async ({ patio, page }) => {
  const texts = await made(patio);
  await page.reload();
  await patio.goTo('history');
  await patio.button(patio.t.history.open(PROMPT)).click();
  await patio.allDone();
  expect(await patio.texts()).toEqual(texts);
  await expect(patio.prompt()).toHaveValue(PROMPT);

  // And it is a run like any other: the same seed writes the same text again.
  await patio.button(patio.t.cell.rerunOf('Sonetista')).click();
  await patio.allDone();
  expect(await patio.texts()).toEqual(texts);
});

test('a reload in the middle keeps what had ended', async ({ patio, page }) => {
  const late = Array.from({ length: 12 }, () => tuned('sonetos'));
  await patio.open({ ...TWO, voices: [BASE, ...late], params: { maxTokens: 100 } });
  await patio.run();
  await expectStatus(patio.cell(BASE), 'done');
  const [first] = await patio.texts();
  await page.reload();
  await patio.goTo('history');
  await patio.button(patio.t.history.open(PROMPT)).click();
  await expectStatus(patio.cell(BASE), 'done');
  await expectStatus(patio.cells.last(), 'cancelled');
  expect((await patio.texts())[0]).toBe(first);
});

test('a run is renamed and removed', async ({ patio, page }) => {
  await made(patio);
  await patio.goTo('history');
  await patio.button(patio.t.history.menu(PROMPT)).click();
  await patio.pick(patio.t.history.rename);
  const field = page.getByRole('textbox', { name: patio.t.history.renameLabel });
  await expect(field).toBeFocused();
  await field.fill('La fuente, primera prueba');
  await field.press('Enter');
  await page.reload();
  const title = 'La fuente, primera prueba';
  await expect(patio.button(patio.t.history.open(title))).toBeVisible();

  await patio.button(patio.t.history.menu(title)).click();
  await patio.pick(patio.t.history.remove);
  await expect(patio.dialog).toContainText(patio.t.history.removeText(title));
  await patio.dialog.getByRole('button', { name: patio.t.history.cancel }).click();
  await patio.button(patio.t.history.menu(title)).click();
  await patio.pick(patio.t.history.remove);
  await patio.dialog.getByRole('button', { name: patio.t.history.removeConfirm }).click();
  await expect(page.getByText(patio.t.history.empty)).toBeVisible();
  await page.reload();
  await expect(page.getByText(patio.t.history.empty)).toBeVisible();
});

test('a run leaves as JSON, CSV and Markdown', async ({ patio }) => {
  const texts = await made(patio);
  const answers = texts.map((text) => text.slice(PROMPT.length));
  await patio.goTo('history');

  const json = await exported(patio, 'JSON');
  expect(json.name).toBe('habia-una-vez-una-fuente.json');
  const record = JSON.parse(json.text) as RunRecord;
  expect(record.voices).toEqual(['Gorrión', 'Sonetista']);
  expect(record.cells.map(({ state }) => state.status === 'done' && state.partial.text)).toEqual(
    answers,
  );

  const csv = await exported(patio, 'CSV');
  const { data } = Papa.parse<Record<string, string>>(csv.text.replace(/^\uFEFF/u, ''), {
    header: true,
    skipEmptyLines: true,
  });
  expect(data.map((line) => line['text'])).toEqual(answers);
  expect(data.map((line) => line['prompt'])).toEqual([PROMPT, PROMPT]);
  expect(data.map((line) => line['voice'])).toEqual(['Gorrión', 'Sonetista']);
  expect(Number(data[0]?.['tokens_per_second'])).toBeGreaterThan(0);

  const markdown = await exported(patio, 'Markdown');
  expect(markdown.name).toMatch(/\.md$/u);
  expect(markdown.text).toContain(`# ${PROMPT}`);
  expect(markdown.text).toContain('### Sonetista');
  expect(markdown.text).toContain((answers[0] ?? '').trim().split(/[^\p{L} ]/u)[0]);
});

test('what was exported is imported in another browser', async ({ patio, browser, baseURL }) => {
  const texts = await made(patio);
  await patio.goTo('history');
  const { name, text } = await exported(patio, 'JSON');

  const elsewhere = await browser.newContext({ baseURL: baseURL ?? '' });
  try {
    const other = new (patio.constructor as new (page: typeof patio.page) => Patio)(
      await elsewhere.newPage(),
    );
    await other.open();
    await other.goTo('history');
    await offer(other, name, text);
    await expect(other.page.getByText(`${other.t.history.imported(1)}.`)).toBeVisible();
    // Twice is not two.
    await offer(other, name, text);
    await expect(other.button(other.t.history.open(PROMPT))).toHaveCount(1);
    await other.button(other.t.history.open(PROMPT)).click();
    await other.allDone();
    expect(await other.texts()).toEqual(texts);
  } finally {
    await elsewhere.close();
  }
});

test('a damaged, a foreign and a newer file are refused, each with its reason', async ({
  patio,
  page,
}) => {
  await made(patio);
  await patio.goTo('history');
  const { text } = await exported(patio, 'JSON');
  const record = JSON.parse(text) as RunRecord;
  const { failures, history } = patio.t;
  const refused = page.getByRole('status').filter({ hasText: history.refused('prueba.json') });

  await offer(patio, 'prueba.json', text.slice(0, text.length / 2));
  await expect(refused).toContainText(/El archivo está incompleto o dañado/u);

  const wrong = { ...record, cells: record.cells.slice(1) };
  await offer(patio, 'prueba.json', JSON.stringify(wrong));
  await expect(refused).toContainText(/incompleto o dañado \(cells/u);

  await offer(patio, 'prueba.json', '{"recetas": ["gazpacho"]}');
  await expect(refused).toContainText(failures['record-foreign']({ code: 'record-foreign' }).what);

  await offer(patio, 'prueba.json', JSON.stringify({ ...record, version: 9 }));
  const newer = { code: 'record-newer', version: 9 } as const;
  await expect(refused).toContainText(failures['record-newer'](newer).what);
  await expect(patio.button(history.open(PROMPT))).toHaveCount(1);
});
