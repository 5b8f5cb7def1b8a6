import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from '@playwright/test';
import Papa from 'papaparse';
import { SHIPPED } from '../../src/classroom/exercises/index.ts';
import type { HandIn } from '../../src/classroom/hand-in.ts';
import { parseHandIn } from '../../src/classroom/parse.ts';
import { isReady, readCode } from '../../src/classroom/code.ts';
import { classWords } from '../../src/i18n/class.ts';
import { offlineWords } from '../../src/i18n/offline.ts';
import { startMirror } from '../support/mirror.ts';
import { inspect } from './support/axe.ts';
import { expectFits } from './support/fits.ts';
import { fixture, zipOf } from './support/folders.ts';
import { Models } from './support/models.ts';
import { OfflineSite } from './support/offline-site.ts';
import { BASE, Patio, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const TITLE = 'Clase de prueba';
const QUESTION = '¿Qué se ve?';
const CUT_OFF =
  /ERR_CONNECTION_REFUSED|ERR_FAILED|ERR_CONNECTION_RESET|ERR_CACHE_MISS|ERR_INTERNET_DISCONNECTED|Failed to fetch|504/u;

/** The classroom as a person meets it. */
class Classroom {
  readonly patio: Patio;
  readonly page: Page;

  constructor(patio: Patio) {
    this.patio = patio;
    this.page = patio.page;
  }

  get t() {
    return classWords(this.patio.t.format.number(1.5) === '1,5' ? 'es' : 'en');
  }

  async open(): Promise<void> {
    await this.patio.goTo('class');
    await expect(this.page.getByRole('heading', { level: 1, name: this.t.title })).toBeVisible();
  }

  async bring(name: string, buffer: Buffer): Promise<void> {
    const file = { name, mimeType: 'application/zip', buffer };
    await this.page.locator('input[type="file"]').setInputFiles(file);
  }

  async start(title: string): Promise<void> {
    const { startOf, goOnOf } = this.t;
    const link = (name: string) => this.page.getByRole('link', { name, exact: true });
    await link(startOf(title))
      .or(link(goOnOf(title)))
      .click();
    await expect(this.page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  }

  get run(): Locator {
    return this.page.locator('button.run-step');
  }

  /** Runs the step on screen and waits for its end. */
  async runStep(): Promise<void> {
    await this.run.click();
    await this.patio.allDone();
  }

  /** Every step of the exercise on screen. @returns how many cells were filled */
  async runAll(steps: number): Promise<number> {
    let cells = 0;
    for (let step = 1; step <= steps; step += 1) {
      await expect(this.page.getByText(this.t.player.step(step, steps))).toBeVisible();
      await this.runStep();
      cells += await this.patio.cells.count();
      await this.page.getByPlaceholder(this.t.player.placeholder).first().fill(`Paso ${step}`);
      if (step < steps) await this.patio.button(this.t.player.next).click();
    }
    return cells;
  }

  async handIn(alias: string): Promise<HandIn> {
    await this.patio.button(this.t.player.handIn).click();
    await this.patio.dialog.getByLabel(this.t.player.alias).fill(alias);
    const download = this.page.waitForEvent('download');
    await this.patio.button(this.t.player.save).click();
    const text = await readFile(await (await download).path(), 'utf8');
    const read = parseHandIn(text);
    if (!read.ok) throw new Error(JSON.stringify(read.failure));
    return read.value;
  }
}

/**
 * Made on the teacher's machine, from the comparison that is open.
 * @param outside name of a model that stays in its repository
 */
async function exportClass(classroom: Classroom, outside?: string): Promise<Buffer> {
  const { page, t, patio } = classroom;
  await classroom.open();
  await page.getByRole('link', { name: t.export }).click();
  await page.getByLabel(t.exporting.name, { exact: true }).fill(TITLE);
  await patio.button(t.exporting.add).click();
  await page.getByLabel(t.exporting.stepTitle).fill('Mirar');
  await page.getByLabel(t.exporting.stepText).fill('Leer las respuestas.');
  await page.getByLabel(t.exporting.stepQuestions, { exact: true }).fill(QUESTION);
  await page.getByLabel(t.exporting.notes, { exact: true }).fill('Solo para quien enseña.');
  if (outside !== undefined) await page.getByRole('checkbox', { name: outside }).uncheck();
  const download = page.waitForEvent('download');
  await page.locator('form button[type="submit"]').click();
  const path = await (await download).path();
  await expect(page.locator('.good')).toBeVisible();
  return readFile(path);
}

/** A brought model in the comparison, and the class that asks it. */
async function madeClass(patio: Patio): Promise<Buffer> {
  await patio.open({ prompts: ['Había una vez'], voices: [BASE], params: { maxTokens: 8 } });
  const models = new Models(patio);
  await models.open();
  await models.add(fixture('llama'), 'Azar');
  await models.tryIt('Azar');
  return exportClass(new Classroom(patio));
}

async function fresh(browser: Browser, url: string): Promise<Classroom> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  return new Classroom(new Patio(page));
}

test('a class goes from one machine to another in a file, and everything works with the server stopped', async ({
  patio,
  browser,
  watch,
}) => {
  test.slow();
  watch.forgive(CUT_OFF);
  const zip = await madeClass(patio);

  const site = await OfflineSite.open(true);
  try {
    const student = await fresh(browser, site.url);
    const { page, t } = student;
    await expect(page.getByText(offlineWords('es').ready)).toBeVisible({ timeout: 90_000 });
    site.stop();
    await student.page.context().setOffline(true);
    await page.reload();
    await student.open();
    await student.bring('clase.zip', zip);
    await expect(page.getByText(t.opened(TITLE))).toBeVisible();

    await student.start(TITLE);
    await student.runStep();
    await expect(student.patio.cells).toHaveCount(2);
    await expect(page.getByText(t.player.locked)).toBeVisible();
    await page.getByLabel(QUESTION).fill('Dos voces');
    const own = await student.handIn('Luz');
    expect(own.alias).toBe('Luz');
    expect(own.exercises[0]?.answers[0]).toMatchObject({ asked: QUESTION, text: 'Dos voces' });
    expect(own.exercises[0]?.runs[0]?.record.voices).toContain('Azar');

    for (const exercise of SHIPPED.es.exercises) {
      await student.open();
      await student.start(exercise.title);
      const asked = exercise.steps.flatMap(({ work }) =>
        work ? [work.experiment.prompts.length * work.experiment.columns.length] : [],
      );
      const filled = await student.runAll(exercise.steps.length);
      expect(filled).toBe(asked.reduce((sum, count) => sum + count, 0));
    }
    await page.reload();
    await expect(page.getByPlaceholder(t.player.placeholder).first()).toHaveValue('Paso 6');
    const all = await student.handIn('');
    expect(all.alias).toBeNull();
    expect(all.exercises.map(({ answers }) => answers.length)).toEqual([6, 6]);
    expect(JSON.stringify(all)).not.toMatch(/Mozilla|Chrome|Linux|HeadlessChrome/u);

    await prepared(student);
    await page.context().close();
  } finally {
    site.remove();
  }
});

/** Prepares the class of the house, and reads the code back. */
async function prepared({ page, t, patio }: Classroom): Promise<void> {
  await patio.goTo('class');
  await page.getByRole('link', { name: `${t.prepare}: ${SHIPPED.es.title}` }).click();
  await patio.button(t.preparing.begin).click();
  await expect(page.getByText(t.preparing.ready, { exact: true })).toBeVisible({ timeout: 90_000 });
  const code = (await page.locator('.code').textContent()) ?? '';
  const read = readCode(code);
  expect(read && isReady(read)).toBe(true);
  // The whole app is kept, so a reload is covered as well.
  expect(read?.passed.has('reload')).toBe(true);
  await page.getByText(t.preparing.read, { exact: true }).click();
  await page.getByLabel(t.preparing.readField, { exact: true }).fill(code.toLowerCase());
  await expect(page.getByText(/^Listo sin conexión el/u)).toBeVisible();
  await page.getByLabel(t.preparing.readField, { exact: true }).fill(`${code.slice(0, -1)}#`);
  await expect(page.getByText(t.preparing.readBad)).toBeVisible();
}

test('a class whose file was changed on the way is refused, and nothing of it is kept', async ({
  patio,
  browser,
  watch,
}) => {
  const zip = await madeClass(patio);
  // One byte in the middle of the weights.
  const wrong = Buffer.from(zip);
  const at = wrong.indexOf('model_quantized.onnx_data') + 2000;
  wrong[at] = (wrong[at] ?? 0) ^ 1;

  const student = await fresh(browser, patio.page.url().replace(/#.*/u, ''));
  await student.open();
  await student.bring('clase.zip', wrong);
  await expect(student.page.locator('.opening .refused')).toContainText(
    /no es el que se anunciaba|zip/u,
  );
  await student.bring('otra.zip', Buffer.from(await zipOf({ 'leeme.txt': 'nada' }, 0)));
  await expect(student.page.locator('.opening .refused')).toContainText('no contiene una clase');
  await new Models(student.patio).expectNothingKept();
  // Where models are brought a class is known for what it is.
  await student.patio.goTo('models');
  await student.page
    .locator('input[type="file"]:not([webkitdirectory])')
    .setInputFiles({ name: 'clase.zip', mimeType: 'application/zip', buffer: zip });
  await expect(student.page.getByText(student.t.opened(TITLE))).toBeVisible();
  await student.page.context().close();
  expect(watch.unforgiven).toEqual([]);
});

test('a link prepares a machine for the class that lies beside the page', async ({
  page,
  patio,
  watch,
}) => {
  watch.forgive(CUT_OFF, /404/u);
  const zip = await madeClass(patio);
  await page.route('**/clase-de-hoy.zip', (route) =>
    route.fulfill({ body: zip, contentType: 'application/zip' }),
  );
  await page.goto('./#taller=clase-de-hoy.zip');
  const { t } = new Classroom(patio);
  // A link from anybody fetches nothing by itself.
  await expect(page.getByText(/clase-de-hoy\.zip/u)).toBeVisible();
  expect(watch.requestsFor('clase-de-hoy.zip')).toEqual([]);
  await patio.button(t.preparing.fetch).click();
  await expect(page.getByText(t.preparing.ready, { exact: true })).toBeVisible({ timeout: 90_000 });
  const room = {
    format: 'patio-room',
    version: 1,
    name: 'Aula 3',
    repos: [],
    classes: [{ path: 'de-hoy.zip', bytes: zip.length, sha256: 'a'.repeat(64) }],
  };
  await page.route('**/patio-room.json', (route) => route.fulfill({ json: room }));
  await page.route('**/clases/de-hoy.zip', (route) =>
    route.fulfill({ body: zip, contentType: 'application/zip' }),
  );
  await page.goto('./#taller=patio-room.json');
  await patio.button(t.preparing.fetch).click();
  await expect(page.getByText(t.preparing.room('Aula 3'))).toBeVisible();
  await patio.button(/^de-hoy\.zip/u).click();
  await expect(page.getByText(t.preparing.ready, { exact: true })).toBeVisible({ timeout: 90_000 });
  await page.goto('./#taller=no-existe.zip');
  await patio.button(t.preparing.fetch).click();
  await expect(page.locator('.opening .refused')).toBeVisible();
});

test('a class that names a repository fetches it, builds it and proves it', async ({
  browser,
  page,
  patio,
  watch,
}) => {
  watch.forgive(CUT_OFF);
  const mirror = await startMirror({ repos: { 'equipo/azar': { files: fixture('llama') } } });
  watch.allow(mirror.url);
  try {
    await patio.open({ prompts: ['Había una vez'], voices: [BASE], params: { maxTokens: 8 } });
    const models = new Models(patio);
    await models.open();
    await models.lookUp('equipo/azar', mirror.url);
    await models.prepare('Azar');
    await models.ready('Azar');
    await models.tryIt('Azar');
    const zip = await exportClass(new Classroom(patio), 'Azar');
    expect(zip.length).toBeLessThan(50_000);
    const other = await fresh(browser, new URL('./#/clase/preparar', page.url()).href);
    await other.bring('clase.zip', zip);
    const { ready } = other.t.preparing;
    await expect(other.page.getByText(ready, { exact: true })).toBeVisible({ timeout: 90_000 });
    await other.page.context().close();
  } finally {
    await mirror.close();
  }
});

function piled(one: HandIn, n: number): HandIn {
  const [exercise] = one.exercises;
  if (!exercise) throw new Error('an empty hand-in');
  const answers = exercise.answers.map((answer) => ({
    ...answer,
    text: n === 7 ? '=1+1' : `Respuesta ${n}`,
  }));
  const exercises = [{ ...exercise, answers }];
  return { ...one, id: `h${n}`, alias: n % 3 === 0 ? null : `Alias ${n}`, exercises };
}

test('sixty hand-ins are seen side by side and become one table', async ({ patio, page }) => {
  await patio.open({ voices: [BASE] });
  const classroom = new Classroom(patio);
  const { t } = classroom;
  await classroom.open();
  await classroom.start(SHIPPED.es.exercises[0]?.title ?? '');
  await classroom.runStep();
  await page.getByPlaceholder(t.player.placeholder).first().fill('una');
  const one = await classroom.handIn('');

  await classroom.open();
  await page.getByRole('link', { name: t.handIns }).click();
  const files = Array.from({ length: 60 }, (_, n) => ({
    name: `entrega-${n}.json`,
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(piled(one, n))),
  }));
  const again = { ...files[3], name: 'otra-vez.json' } as (typeof files)[number];
  const foreign = { name: 'foto.json', mimeType: 'application/json', buffer: Buffer.from('{}') };
  await page.locator('input[type="file"]').setInputFiles([...files, again, foreign]);
  await expect(page.locator('.count')).toContainText('60');
  await expect(page.locator('.count')).toContainText(t.collecting.duplicates(1));
  await expect(page.locator('.refused')).toContainText('foto.json');
  await expect(page.locator('.answers li')).toHaveCount(60);

  const download = page.waitForEvent('download');
  await patio.button(t.collecting.csv).click();
  const csv = await readFile(await (await download).path(), 'utf8');
  const { data } = Papa.parse<Record<string, string>>(csv.slice(1), { header: true });
  const answers = data.filter(({ kind }) => kind === 'answer');
  expect(answers).toHaveLength(60);
  expect(answers[7]?.['text']).toBe("'=1+1");
  expect(data.filter(({ kind }) => kind === 'output')).toHaveLength(60);

  await page.getByText(t.collecting.runs, { exact: true }).click();
  await page.locator('.runs button').first().click();
  await expect(patio.cells.first()).toHaveAttribute('data-status', 'done');
});

/** Every screen of the classroom in turn. */
async function everyScreen(
  patio: Patio,
  look: (patio: Patio, what: string) => Promise<void>,
): Promise<void> {
  const classroom = new Classroom(patio);
  const { page, t } = classroom;
  const pack = { es: SHIPPED.es, en: SHIPPED.en }[
    patio.t.format.number(1.5) === '1,5' ? 'es' : 'en'
  ];
  await page.goto('./#/clase');
  await expect(page.getByRole('heading', { level: 1, name: t.title })).toBeVisible();
  await look(patio, 'classes');
  await classroom.start(pack.exercises[0]?.title ?? '');
  await classroom.runStep();
  await page.getByText(t.player.teacher).click();
  await look(patio, 'exercise');
  await patio.button(t.player.handIn).click();
  await look(patio, 'hand in');
  await page.keyboard.press('Escape');
  await page.locator('nav ol button').last().click();
  await look(patio, 'a step that can be changed');
  await page.goto('./#/clase/preparar');
  await expect(page.getByRole('heading', { level: 1, name: t.preparing.title })).toBeVisible();
  await patio.button(t.preparing.begin).click();
  await expect(page.locator('.code')).toBeVisible({ timeout: 90_000 });
  await look(patio, 'prepare');
  await page.goto('./#/clase/entregas');
  await expect(page.getByRole('heading', { level: 1, name: t.collecting.title })).toBeVisible();
  await look(patio, 'hand-ins');
  await page.goto('./#/clase/exportar');
  await patio.button(t.exporting.add).click();
  await look(patio, 'export');
}

for (const locale of ['es', 'en'] as const) {
  test(`axe finds nothing in the classroom: ${locale}`, async ({ patio, watch }) => {
    test.slow();
    watch.forgive(CUT_OFF);
    await everyScreen(await patio.speak(locale), inspect);
  });
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the classroom fits, and everything can be tapped', async ({ patio, watch }) => {
    watch.forgive(CUT_OFF);
    await everyScreen(patio, expectFits);
  });
});

test('an exercise is done by keyboard alone', async ({ patio, page }) => {
  await page.goto('./#/clase/e/patio-dos-clases/ajuste-fino');
  const { t } = new Classroom(patio);
  await expect(page.locator('button.run-step')).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await patio.allDone();
  await expect(patio.cells).toHaveCount(2);
  await patio.button(t.player.next).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 2 })).toBeFocused();
  await page.keyboard.press('Control+Enter');
  await patio.allDone();
  await expect(patio.cells).toHaveCount(8);
  await expect(patio.cell(tuned('quijote'), 1, 2)).toBeVisible();
});
