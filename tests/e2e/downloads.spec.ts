import { rm } from 'node:fs/promises';
import { writeRandomLlama } from '../support/random-llama.ts';
import { startBadMirror, STEADY, type BadMirror } from './support/bad-mirror.ts';
import { fixture } from './support/folders.ts';
import { Asking, Models } from './support/models.ts';
import { BASE, Patio } from './support/patio.ts';
import { inspect } from './support/axe.ts';
import { expectFits } from './support/fits.ts';
import { expect, test as base, type Watch } from './support/test.ts';

const SIZES = { hidden: 768, inner: 2048, layers: 8, heads: 12, keyHeads: 4, shardBytes: 4e7 };
const REPO = 'equipo/grande';
/** What a page itself says of a server that misbehaves. */
const NETWORK = /Failed to load resource|ERR_|status of/u;

const test = base.extend<{ mirror: BadMirror }, { large: string }>({
  large: [
    // The runner reads from this pattern that nothing is asked for.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use, info) => {
      const folder = `${info.project.outputDir}/downloads-${String(info.workerIndex)}`;
      await writeRandomLlama(folder, SIZES);
      await use(folder);
      await rm(folder, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
  mirror: async ({ large }, use) => {
    const mirror = await startBadMirror(REPO, large);
    await use(mirror);
    await mirror.close();
  },
});

async function visit(patio: Patio, watch: Watch, mirror: BadMirror): Promise<Models> {
  watch.allow(mirror.url);
  watch.forgive(NETWORK);
  await patio.open({ voices: [BASE], params: { temperature: 0, maxTokens: 10 } });
  const models = new Models(patio);
  await models.open();
  return models;
}

test('twenty cuts at random bytes: the model is there, verified, and answers', async ({
  patio,
  watch,
  mirror,
}) => {
  const models = await visit(patio, watch, mirror);
  await models.lookUp(REPO, mirror.url);
  await expect(models.start).toBeEnabled();
  const before = mirror.total();
  let cuts = 0;
  mirror.plan = (path) =>
    path.endsWith('.safetensors') && cuts < 20
      ? ((cuts += 1), { kind: 'cut', afterBytes: Math.floor(Math.random() * 4e6), everyMs: 8 })
      : STEADY;
  await models.prepare('Cortado');
  await models.ready('Cortado');
  expect(cuts).toBe(20);
  expect(mirror.total() - before).toBeLessThan(mirror.bytes * 1.05);
  await models.expectChecked('Cortado');
  await models.tryIt('Cortado');
  const asking = new Asking(patio, 'text-generation');
  await asking.ask('Había una vez');
  expect((await asking.answer('Cortado')).length).toBeGreaterThan(0);
  // Its files are verified, and the originals are gone.
  await patio.page.goto('./#/almacen');
  await expect(patio.page.getByText(/^archivos comprobados/u)).toBeVisible();
  const left = await patio.page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const home = await root.getDirectoryHandle('downloads', { create: true });
    const names: string[] = [];
    for await (const name of home.keys()) names.push(name);
    return names;
  });
  expect(left).toEqual([]);
});

test('a page that is closed in the middle: the next one goes on', async ({
  patio,
  watch,
  mirror,
}) => {
  const models = await visit(patio, watch, mirror);
  await models.lookUp(REPO, mirror.url);
  await expect(models.start).toBeEnabled();
  const before = mirror.total();
  mirror.plan = () => STEADY;
  await models.prepare('Recargado');
  await expect.poll(() => mirror.total() - before, { intervals: [20] }).toBeGreaterThan(4e7);
  await patio.page.reload();
  await models.open();
  const { halves } = patio.t.storage;
  await expect(patio.page.getByRole('heading', { name: halves.title })).toBeVisible();
  await inspect(patio, 'a download that was left');
  await patio.button(halves.resumeOne('Recargado')).click();
  await models.ready('Recargado');
  await models.expectChecked('Recargado');
  expect(mirror.total() - before).toBeLessThan(mirror.bytes * 1.05);
  await expect(patio.page.getByRole('heading', { name: halves.title })).toHaveCount(0);
});

test('what was called off is kept until it is discarded', async ({ patio, watch, mirror }) => {
  const models = await visit(patio, watch, mirror);
  await models.lookUp(REPO, mirror.url);
  await expect(models.start).toBeEnabled();
  const before = mirror.total();
  mirror.plan = () => STEADY;
  await models.prepare('Dejado');
  await expect.poll(() => mirror.total() - before, { intervals: [20] }).toBeGreaterThan(2e7);
  await models.arrival.getByRole('button', { name: models.t.arrival.cancel }).click();
  await expect(models.start).toBeEnabled();
  const stopped = mirror.total();
  await models.page.waitForTimeout(500);
  expect(mirror.total()).toBe(stopped);
  await models.expectNothingKept();
  await patio.button(patio.t.storage.halves.discardOne('Dejado')).click();
  await expect(patio.button(patio.t.storage.halves.discardOne('Dejado'))).toHaveCount(0);
});

test('two tabs share one download', async ({ patio, watch, mirror, context, page }) => {
  const first = await visit(patio, watch, mirror);
  const tab = await context.newPage();
  await tab.goto(page.url());
  const second = new Models(new Patio(tab));
  await second.open();
  for (const models of [first, second]) {
    await models.page.bringToFront();
    await models.lookUp(REPO, mirror.url);
    await expect(models.start).toBeEnabled();
  }
  const before = mirror.total();
  mirror.plan = () => STEADY;
  await first.prepare('Compartido');
  await expect.poll(() => mirror.total() - before, { intervals: [20] }).toBeGreaterThan(1e7);
  await second.prepare('Compartido');
  await expect(second.arrival.getByText(patio.t.storage.notes['other-tab'])).toBeVisible();
  await Promise.all([first.ready('Compartido'), second.ready('Compartido')]);
  expect(mirror.total() - before).toBeLessThan(mirror.bytes * 1.05);
  expect(await first.kept()).toMatchObject({ folders: [expect.any(String)] });
});

test('wrong bytes are refused by name', async ({ patio, watch, mirror }) => {
  const models = await visit(patio, watch, mirror);
  await models.lookUp(REPO, mirror.url);
  await expect(models.start).toBeEnabled();
  mirror.plan = (path) => (path.endsWith('.safetensors') ? { kind: 'wrong-byte' } : null);
  await models.prepare('Falso');
  await expect(models.refusal).toContainText('SHA-256', { timeout: 60_000 });
  await models.expectNothingKept();
});

test('a package is stored as it is; what is damaged later is found, and everything can be deleted', async ({
  patio,
  watch,
}) => {
  const folder = fixture('../../../public/models/gorrion');
  const mirror = await startBadMirror('aula/gorrion', folder);
  try {
    const models = await visit(patio, watch, mirror);
    await models.lookUp('aula/gorrion', mirror.url);
    await expect(models.fact(models.t.facts.kind)).toHaveText(models.t.kinds.package);
    await models.prepare('Gorrión de clase');
    await models.ready('Gorrión de clase');
    await models.expectChecked('Gorrión de clase');
    await patio.page.getByRole('link', { name: patio.t.storage.open }).click();
    const { models: words, all } = patio.t.storage;
    await expect(patio.page.getByText(/^archivos comprobados/u)).toBeVisible();
    await inspect(patio, 'the storage');
    await patio.page.setViewportSize({ width: 360, height: 740 });
    await expectFits(patio, 'the storage');
    await patio.page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const home = await root.getDirectoryHandle('packages');
      for await (const [, folder] of home.entries()) {
        const onnx = await (folder as FileSystemDirectoryHandle).getDirectoryHandle('onnx');
        for await (const [name, file] of onnx.entries()) {
          if (!name.endsWith('_data')) continue;
          const stream = await (file as FileSystemFileHandle).createWritable({
            keepExistingData: true,
          });
          await stream.write({ type: 'write', position: 1000, data: new Uint8Array([1, 2, 3, 4]) });
          await stream.close();
        }
      }
    });
    // By keyboard alone.
    await patio.button(words.verifyOne('Gorrión de clase')).focus();
    await patio.page.keyboard.press('Enter');
    await expect(patio.page.getByText(/^dañado: .*onnx_data/u)).toBeVisible();
    await expect(patio.button(words.fetchOne('Gorrión de clase'))).toBeVisible();
    await patio.button(all.button).focus();
    await patio.page.keyboard.press('Enter');
    await patio.page.getByRole('dialog').getByRole('button', { name: all.confirm }).click();
    await expect(patio.page.getByText(words.none)).toBeVisible();
    await models.expectNothingKept();
  } finally {
    await mirror.close();
  }
});
