import { rm } from 'node:fs/promises';
import { startMirror, type Mirror } from '../support/mirror.ts';
import { writeRandomLlama } from '../support/random-llama.ts';
import { fixture } from './support/folders.ts';
import { Asking, Models } from './support/models.ts';
import { BASE, Patio } from './support/patio.ts';
import { expect, test as base, type Watch } from './support/test.ts';

const SMALL = fixture('llama');
const PROMPT = 'Había una vez un gorrión';
/** Large enough to be caught in the middle of. */
const SIZES = { hidden: 768, inner: 2048, layers: 8, heads: 12, keyHeads: 4, shardBytes: 4e7 };

const test = base.extend<object, { large: string }>({
  large: [
    // The runner reads from this pattern that nothing is asked for.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use, info) => {
      const folder = `${info.project.outputDir}/large-${String(info.workerIndex)}`;
      await writeRandomLlama(folder, SIZES);
      await use(folder);
      await rm(folder, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
});

async function visit(patio: Patio, watch: Watch, mirror: Mirror): Promise<Models> {
  watch.allow(mirror.url);
  await patio.open({ voices: [BASE], params: { temperature: 0, maxTokens: 10 } });
  const models = new Models(patio);
  await models.open();
  return models;
}

test('a repository is read by ranges, and nothing is asked before the tap', async ({
  patio,
  watch,
}) => {
  const mirror = await startMirror({
    repos: { 'equipo/azar': { files: SMALL } },
    renamed: { 'antes/azar': 'equipo/azar' },
  });
  try {
    const models = await visit(patio, watch, mirror);
    await models.page.getByLabel(models.t.bring.repo, { exact: true }).fill('antes/azar');
    expect(mirror.requests).toEqual([]);
    await models.lookUp('antes/azar', mirror.url);
    await expect(models.fact(models.t.facts.family)).toHaveText('llama');
    await expect(models.start).toContainText('Descargar');
    const asked = mirror.requests.length;
    const sent = mirror.sent();
    // Headers and small files, as parts; never the weights.
    const weights = mirror.requests.filter(({ path }) => path.includes('model.safetensors'));
    expect(weights.length).toBeGreaterThan(0);
    expect(weights.every(({ range }) => range !== null)).toBe(true);
    await models.page.waitForTimeout(1000);
    expect(mirror.requests).toHaveLength(asked);
    await models.expectNothingKept();

    await models.prepare();
    await models.ready('azar');
    await models.expectChecked('azar');
    await expect(models.stored('azar')).toContainText('equipo/azar');
    expect(mirror.sent()).toBeGreaterThanOrEqual(sent);
    await models.tryIt('azar');
    const asking = new Asking(patio, 'text-generation');
    const before = mirror.requests.length;
    await asking.ask(PROMPT);
    expect((await asking.answer('azar')).length).toBeGreaterThan(PROMPT.length);
    expect(mirror.requests).toHaveLength(before);
  } finally {
    await mirror.close();
  }
});

test('what the mirror refuses is said, and can be mended', async ({ patio, watch }) => {
  watch.forgive(/status of (?:401|404|403|503)|Failed to load resource/u);
  const mirror = await startMirror({
    repos: { 'equipo/secreto': { files: SMALL, token: 'hf_llave' } },
  });
  try {
    const models = await visit(patio, watch, mirror);
    await models.lookUp('equipo/nada', mirror.url);
    await expect(models.refusal).toContainText('equipo/nada');
    await models.lookUp('equipo/secreto', mirror.url);
    await expect(models.refusal).toContainText('token');
    await models.page.getByLabel(models.t.bring.token, { exact: true }).fill('hf_llave');
    await models.lookUp('equipo/secreto', mirror.url);
    await expect(models.fact(models.t.facts.family)).toHaveText('llama');
    // The token is nowhere but in memory.
    const kept = await models.page.evaluate(() => JSON.stringify({ ...localStorage }));
    expect(kept).not.toContain('hf_llave');
    await models.lookUp('no es un nombre', mirror.url);
    await expect(models.refusal).toContainText('no es un nombre');
  } finally {
    await mirror.close();
  }
});

test('called off in the middle, a folder leaves nothing behind', async ({ patio, large }) => {
  await patio.open({ voices: [BASE] });
  const models = new Models(patio);
  await models.open();
  await models.bringFolder(large);
  await models.prepare('Grande');
  const bar = models.arrival.getByRole('progressbar');
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(5);
  expect((await models.kept()).folders).toHaveLength(1);
  await models.arrival.getByRole('button', { name: models.t.arrival.cancel }).click();
  await expect(models.start).toBeEnabled();
  await models.expectNothingKept();
});

test('two tabs that prepare the same model do not fight', async ({
  patio,
  page,
  context,
  large,
}) => {
  await patio.open({ voices: [BASE] });
  const first = new Models(patio);
  await first.open();
  const tab = await context.newPage();
  await tab.goto(page.url());
  const second = new Models(new Patio(tab));
  await second.open();
  for (const models of [first, second]) {
    await models.page.bringToFront();
    await models.bringFolder(large);
    await expect(models.start).toBeEnabled();
  }
  await first.prepare('Grande');
  await expect.poll(async () => (await first.kept()).folders.length).toBe(1);
  await second.prepare('Grande');
  const { what } = patio.t.failures['package-busy']({ code: 'package-busy', name: '' });
  await expect(second.refusal).toContainText(what.slice(0, 28));
  await first.ready('Grande');
  await first.expectChecked('Grande');
  // Once it is there, the other tab sees it as well.
  await tab.reload();
  await second.expectChecked('Grande');
  expect((await first.kept()).folders).toHaveLength(1);
});
