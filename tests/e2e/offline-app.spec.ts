import type { Page } from '@playwright/test';
import { catalogue } from '../../models.config.ts';
import { offlineWords } from '../../src/i18n/offline.ts';
import { OfflineSite } from './support/offline-site.ts';
import { BASE, expectStatus, tuned, Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const words = offlineWords('es');
const WEIGHTS = 'models/gorrion/onnx/model_quantized.onnx_data';
const UNREACHABLE = /ERR_CONNECTION_REFUSED|ERR_FAILED|ERR_CONNECTION_RESET|Failed to fetch/u;
const DRAFT = { voices: [BASE, tuned('quijote')], params: { maxTokens: 8 } };

let site: OfflineSite;

async function openSite(isIsolated: boolean, allow: (origin: string) => void): Promise<void> {
  site = await OfflineSite.open(isIsolated);
  allow(site.origin);
}

test.afterEach(() => {
  site.remove();
});

async function expectReady(page: Page): Promise<void> {
  await expect(page.getByText(words.ready)).toBeVisible({ timeout: 60_000 });
}

/** What the app's cache holds: hashes by path. */
function held(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(async () => {
    const [name = ''] = (await caches.keys()).filter((key) => key.startsWith('patio '));
    const all: Record<string, string[]> = {};
    for (const { url } of await (await caches.open(name)).keys()) {
      const { pathname, search } = new URL(url);
      if (search.startsWith('?sha256=')) (all[pathname] ??= []).push(search);
    }
    return all;
  });
}

test('the app can be installed: a manifest with icons of the sizes it names', async ({
  page,
  patio,
  watch,
}) => {
  await openSite(true, (origin) => watch.allow(origin));
  await patio.open(DRAFT, site.url);
  const session = await page.context().newCDPSession(page);
  const found = await session.send('Page.getAppManifest');
  expect(found.errors).toEqual([]);
  const manifest = JSON.parse(found.data ?? '') as {
    name: string;
    display: string;
    start_url: string;
    icons: { src: string; sizes: string; purpose?: string }[];
  };
  expect(manifest).toMatchObject({ name: 'Patio', display: 'standalone', start_url: './' });
  expect(manifest.icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
  for (const { src, sizes } of manifest.icons.filter((icon) => icon.src.endsWith('.png'))) {
    const body = await (await page.request.get(new URL(src, site.url).href)).body();
    expect(`${String(body.readUInt32BE(16))}x${String(body.readUInt32BE(20))}`).toBe(sizes);
  }
});

test('with the server stopped the app opens and generates, and nothing came twice', async ({
  page,
  patio,
  watch,
}) => {
  watch.forgive(UNREACHABLE);
  await openSite(true, (origin) => watch.allow(origin));
  await patio.open(DRAFT, `${site.url}#/comparar`);
  await expectReady(page);
  const twice = [...site.given].filter(([path, bytes]) => path !== '' && bytes > site.size(path));
  expect(twice).toEqual([]);
  expect(site.given.get(WEIGHTS)).toBe(site.size(WEIGHTS));
  const unused = [...site.given.keys()].filter((path) =>
    /model_q4|jspi|asyncify|webgpu/u.test(path),
  );
  expect(unused).toEqual([]);

  site.stop();
  await page.reload();
  await expect(patio.prompt()).toBeVisible();
  await patio.run();
  await patio.allDone();
  await patio.goTo('models');
  await expect(page.getByText('Jilguero').first()).toBeVisible();
  await patio.goTo('history');
  await expect(patio.button(patio.t.history.open('Había una vez'))).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('another version waits for consent and for the run of another tab, and opens its old runs', async ({
  page,
  patio,
  watch,
  context,
}) => {
  await openSite(true, (origin) => watch.allow(origin));
  const updated = (of: Page) => of.locator('meta[name="test-version"]');
  const voices = [
    BASE,
    ...catalogue.adapters.map(({ base, id }) => ({ model: base, adapter: id })),
  ];
  await patio.open({ voices, params: { maxTokens: 1000 } }, site.url);
  await patio.run();
  await expectStatus(patio.cells.first(), 'running');
  await patio.stopButton.click();
  await patio.settled();
  const answer = (await patio.texts())[0];
  await expectReady(page);
  await site.update('index.html', (text) =>
    text.replace('<meta charset', '<meta name="test-version" content="2" /><meta charset'),
  );

  const other = new Patio(await context.newPage());
  await other.open(DRAFT, site.url);
  const now = other.button(words.updateNow);
  await expect(now).toBeVisible();
  await expect(page.getByText(words.update)).toBeVisible();

  await page.bringToFront();
  // So many answers of this length take longer than all that follows.
  await patio.run();
  await expectStatus(patio.cells.first(), 'running');
  await other.page.bringToFront();
  await now.click();
  await expect(other.page.getByText(words.updateAsked)).toBeVisible();
  await other.page.waitForTimeout(500);
  expect([await updated(page).count(), await updated(other.page).count()]).toEqual([0, 0]);
  await page.bringToFront();
  await patio.stopButton.click();
  await expect(updated(page)).toBeAttached();
  await expect(updated(other.page)).toBeAttached();

  await expectReady(page);
  const twice = Object.entries(await held(page)).filter(([, hashes]) => hashes.length > 1);
  expect(twice).toEqual([]);
  await patio.goTo('history');
  await patio.button(patio.t.history.open('Había una vez')).last().click();
  await expect(patio.cells.first().getByRole('log')).toHaveText(answer ?? '-');
});

test('on a host without headers the app gives them to itself, with one reload of a page nobody touched', async ({
  page,
  patio,
  watch,
}) => {
  await openSite(false, (origin) => watch.allow(origin));
  let loads = 0;
  page.on('load', () => (loads += 1));
  await page.goto(`${site.url}#/comparar`);
  // Asking the page anything from here would count as somebody's touch.
  await expect.poll(() => loads).toBe(2);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(page.url()).toBe(`${site.url}#/comparar`);
  await expectReady(page);
  expect(loads).toBe(2);
  await patio.button(new RegExp(`^${patio.t.device.label}: CPU`, 'u')).click();
  await expect(page.getByText(patio.t.device.oneThread)).toHaveCount(0);
  await page.keyboard.press('Escape');
  await patio.prompt().fill('Había una vez');
  await patio.run();
  await patio.allDone();
  expect(loads).toBe(2);
});

test('a page in use is not reloaded for the sake of threads; the next visit has them', async ({
  page,
  patio,
  watch,
}) => {
  await openSite(false, (origin) => watch.allow(origin));
  await page.addInitScript(() => {
    // Somebody is quicker than the service worker.
    const always = { hasBeenActive: true, isActive: true };
    Object.defineProperty(navigator, 'userActivation', { get: () => always });
  });
  await patio.open(DRAFT, site.url);
  await expect(page.getByText(words.reloadHelps)).toBeVisible();
  await expectReady(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await page.reload();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('isolation that did not come is not tried again', async ({ page, patio, watch }) => {
  await openSite(false, (origin) => watch.allow(origin));
  await page.addInitScript(() => localStorage.setItem('patio.isolation', 'tried'));
  let loads = 0;
  page.on('load', () => (loads += 1));
  await patio.open(DRAFT, site.url);
  await expectReady(page);
  expect(loads).toBe(1);
});

test('a page in place of a file is never kept, and the app says what is the matter', async ({
  page,
  patio,
  watch,
}) => {
  await openSite(true, (origin) => watch.allow(origin));
  const path = 'models/jilguero/onnx/model_quantized.onnx_data';
  site.lying.add(path);
  await patio.open(DRAFT, site.url);
  await expect(page.getByText(words.partial.changed)).toBeVisible({ timeout: 60_000 });
  expect(Object.keys(await held(page)).filter((key) => key.endsWith(path))).toEqual([]);
  await patio.run();
  await patio.allDone();

  site.lying.clear();
  await page.reload();
  await expectReady(page);
});

test('a full disk leaves the page working, and is said', async ({ page, patio, watch }) => {
  watch.forgive(/Quota|quota/u);
  await openSite(true, (origin) => watch.allow(origin));
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', {
    origin: site.origin,
    quotaSize: 8_000_000,
  });
  await patio.open(DRAFT, site.url);
  await expect(page.getByText(words.partial.full)).toBeVisible({ timeout: 60_000 });
  await patio.run();
  await patio.allDone();
});
