import type { Page } from '@playwright/test';
import { startMirror, type Mirror } from '../support/mirror.ts';
import { inspect } from './support/axe.ts';
import { expectFits } from './support/fits.ts';
import { fixture } from './support/folders.ts';
import { Models } from './support/models.ts';
import { BASE, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

/** What is looked at in each state of the screen. */
type Look = (patio: Patio, what: string) => Promise<void>;

/** The screen in every state that a model goes through. */
async function everyState(patio: Patio, mirror: Mirror, look: Look): Promise<void> {
  const { page } = patio;
  await patio.open({ voices: [BASE] });
  const models = new Models(patio);
  const { t } = models;
  await models.open();
  await look(patio, 'nothing brought');
  await page.getByText(t.bring.more).click();
  await look(patio, 'another server');
  await models.lookUp('no es un nombre', mirror.url);
  await expect(models.refusal).toBeVisible();
  await look(patio, 'unclear');

  await models.bringFiles(`${fixture('llama')}/config.json`);
  await expect(models.refusal.first()).toBeVisible();
  await look(patio, 'stopped');
  await models.bringFolder(fixture('bert-animo'));
  await expect(models.fact(t.facts.labels)).toBeVisible();
  await look(patio, 'preflight');
  await models.bringFolder(fixture('lora-gorrion'));
  await expect(models.fact(t.facts.rank)).toBeVisible();
  await look(patio, 'preflight of an adapter');
  await page.getByLabel(t.arrival.merged).check();
  await look(patio, 'an adapter to merge');

  await models.lookUp('equipo/azar', mirror.url);
  await expect(models.start).toBeEnabled();
  await holdWeights(page);
  await models.prepare();
  await expect(models.arrival.getByRole('progressbar')).toBeVisible();
  await look(patio, 'building');
  await models.arrival.getByRole('button', { name: t.arrival.cancel }).click();
  await expect(models.start).toBeEnabled();

  await models.add(
    fixture('llama'),
    'Un nombre larguísimo_sin_espacios_donde_partirlo_por_la_mitad',
  );
  await look(patio, 'ready, in the list');
  await page
    .getByRole('button', { name: t.here.removeOne('Un nombre') })
    .first()
    .click();
  await expect(patio.dialog).toBeVisible();
  await look(patio, 'remove');
  await page.keyboard.press('Escape');
}

/** The weights never come. */
async function holdWeights(page: Page): Promise<void> {
  await page.context().route('**/resolve/**/model.safetensors', () => undefined);
}

async function withMirror(use: (mirror: Mirror) => Promise<void>): Promise<void> {
  const mirror = await startMirror({ repos: { 'equipo/azar': { files: fixture('llama') } } });
  try {
    await use(mirror);
  } finally {
    await mirror.close();
  }
}

for (const locale of ['es', 'en'] as const) {
  test(`axe finds nothing on the screen of models in any state: ${locale}`, async ({
    patio,
    watch,
  }) => {
    test.slow();
    await withMirror(async (mirror) => {
      watch.allow(mirror.url);
      await everyState(await patio.speak(locale), mirror, inspect);
    });
  });
}

for (const [place, use] of [
  ['on a phone', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ['at 200 %', { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }],
] as const) {
  test.describe(place, () => {
    test.use(use);

    test('the screen of models fits, and everything can be tapped', async ({ patio, watch }) => {
      await withMirror(async (mirror) => {
        watch.allow(mirror.url);
        await everyState(patio, mirror, expectFits);
      });
    });
  });
}

test('a repository is brought, tried and removed without a mouse', async ({
  patio,
  page,
  watch,
}) => {
  const focused = (name: RegExp) =>
    page.evaluate(
      ([source]) => {
        const { activeElement } = document;
        const text = activeElement?.ariaLabel ?? activeElement?.textContent ?? '';
        return new RegExp(source ?? '', 'u').test(text.trim());
      },
      [name.source],
    );
  const tabTo = async (name: RegExp, key = 'Tab') => {
    for (let step = 0; step < 80; step += 1) {
      await page.keyboard.press(key);
      if (await focused(name)) return;
    }
    throw new Error(`${String(name)} is out of the keyboard's reach`);
  };
  const lost = () => page.evaluate(() => document.activeElement === document.body);

  await withMirror(async (mirror) => {
    watch.allow(mirror.url);
    await patio.open({ voices: [BASE], params: { maxTokens: 4 } });
    const models = new Models(patio);
    const { t } = models;
    await models.open();
    for (const name of [t.bring.folder, t.bring.files]) await tabTo(new RegExp(`^${name}$`, 'u'));
    await page.keyboard.press('Tab');
    await expect(page.getByLabel(t.bring.repo, { exact: true })).toBeFocused();
    await page.keyboard.type(`${mirror.url}/equipo/azar`);
    await page.keyboard.press('Enter');
    await expect(models.start).toBeEnabled();
    expect(await lost()).toBe(false);
    await tabTo(new RegExp(`^${t.arrival.download(0).split(' ')[0] ?? ''}`, 'u'));
    await page.keyboard.press('Enter');
    await models.ready('azar');
    expect(await lost()).toBe(false);
    await tabTo(new RegExp(`^${t.arrival.tryIt}$`, 'u'));
    await page.keyboard.press('Enter');
    await expect(patio.prompt()).toBeFocused();

    await models.open();
    await tabTo(new RegExp(`^${t.here.removeOne('azar')}$`, 'u'));
    await page.keyboard.press('Enter');
    await expect(patio.dialog).toBeVisible();
    await tabTo(new RegExp(`^${t.here.remove}$`, 'u'));
    await page.keyboard.press('Enter');
    await expect(models.stored('azar')).toHaveCount(0);
    await expect.poll(lost).toBe(false);
  });
});
