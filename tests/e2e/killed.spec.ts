import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRandomLlama } from '../support/random-llama.ts';
import { SITE_PORT } from './ports.ts';
import { startBadMirror, STEADY, type BadMirror } from './support/bad-mirror.ts';
import { Killable } from './support/killable.ts';
import { Models } from './support/models.ts';
import { BASE, Patio } from './support/patio.ts';
import { expect, test as base } from './support/test.ts';

const SITE = `http://localhost:${String(SITE_PORT)}/patio/`;
const SIZES = { hidden: 768, inner: 2048, heads: 12, keyHeads: 4, shardBytes: 4e7 };
const REPO = 'equipo/grande';

const test = base.extend<{ browserOnDisk: Killable; layers: number; mirror: BadMirror }>({
  layers: [8, { option: true }],
  // The runner reads from this pattern that nothing is asked for.
  // eslint-disable-next-line no-empty-pattern
  browserOnDisk: async ({}, use) => {
    const profile = await mkdtemp(join(tmpdir(), 'patio-killed-'));
    const killable = new Killable(profile);
    await use(killable);
    await killable.kill();
    await rm(profile, { recursive: true, force: true });
  },
  mirror: async ({ layers }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'patio-large-'));
    await writeRandomLlama(folder, { ...SIZES, layers });
    const mirror = await startBadMirror(REPO, folder);
    await use(mirror);
    await mirror.close();
    await rm(folder, { recursive: true, force: true });
  },
});

async function open(killable: Killable, tokens = 10): Promise<Patio> {
  const patio = new Patio(await killable.start());
  await patio.open({ voices: [BASE], params: { temperature: 0, maxTokens: tokens } }, SITE);
  return patio;
}

async function begin(killable: Killable, mirror: BadMirror): Promise<Models> {
  const models = new Models(await open(killable));
  await models.open();
  await models.lookUp(REPO, mirror.url);
  await expect(models.start).toBeEnabled();
  return models;
}

/** In another life: what was left is named, and goes on. */
async function goOn(killable: Killable): Promise<Models> {
  const patio = await open(killable);
  const models = new Models(patio);
  await models.open();
  await patio.button(patio.t.storage.halves.resumeOne('Muerto')).click();
  return models;
}

async function expectWhole(models: Models): Promise<void> {
  await models.ready('Muerto');
  await models.expectChecked('Muerto');
  // What the dead browser was writing is gone.
  await expect.poll(async () => (await models.kept()).folders.length).toBe(1);
  expect((await models.kept()).entries).toHaveLength(1);
}

test('killed during a download: it goes on where it was', async ({ browserOnDisk, mirror }) => {
  const models = await begin(browserOnDisk, mirror);
  const before = mirror.total();
  mirror.plan = () => STEADY;
  await models.prepare('Muerto');
  await expect.poll(() => mirror.total() - before, { intervals: [20] }).toBeGreaterThan(6e7);
  await browserOnDisk.kill();
  await expectWhole(await goOn(browserOnDisk));
  expect(mirror.total() - before).toBeLessThan(mirror.bytes * 1.05);
});

test.describe('a large model', () => {
  // Its build lasts long enough to be met by the kill.
  test.use({ layers: 24 });

  test('killed during a build: nothing is fetched again', async ({ browserOnDisk, mirror }) => {
    const models = await begin(browserOnDisk, mirror);
    const before = mirror.total();
    await models.prepare('Muerto');
    const bar = models.arrival.getByRole('progressbar', { name: models.t.phases.quantise });
    // Looked for at every frame: the phase is short.
    await bar.waitFor({ timeout: 60_000 });
    await browserOnDisk.kill();
    await expectWhole(await goOn(browserOnDisk));
    expect(mirror.total() - before).toBeLessThan(mirror.bytes * 1.02);
  });
});

test('killed during a run: the list of runs opens, and Patio answers', async ({
  browserOnDisk,
}) => {
  const patio = await open(browserOnDisk, 400);
  await patio.run();
  await expect(patio.cells.first().getByRole('log')).toContainText(/\S+ \S+/u);
  await browserOnDisk.kill();
  const again = await open(browserOnDisk);
  await again.goTo('history');
  await expect(again.page.getByRole('heading', { level: 1 })).toBeVisible();
  await again.goTo('compare');
  await again.run();
  await again.allDone();
  await again.goTo('history');
  await expect(again.page.getByText('Había una vez').first()).toBeVisible();
});
