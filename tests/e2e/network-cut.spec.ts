import type { BrowserContext, Page } from '@playwright/test';
import { catalogue } from '../../models.config.ts';
import { failureText } from '../../src/i18n/index.ts';
import { BASE, expectStatus, tuned, type Patio } from './support/patio.ts';
import { expect, test, type Watch } from './support/test.ts';

// What the page itself holds; with its service worker it could even be opened anew (offline-app.spec).
test.use({ serviceWorkers: 'block' });

const ADAPTER = 'adapter_model.safetensors';

/** Patio fetches its own model and every voice as soon as it has nothing else to do. */
async function fetched(watch: Watch): Promise<void> {
  const isAllThere = () =>
    watch.requestsFor(ADAPTER).length === catalogue.adapters.length && watch.open === 0;
  await expect.poll(isAllThere, { timeout: 60_000 }).toBe(true);
}

async function cut(context: BrowserContext, page: Page): Promise<void> {
  await context.setOffline(true);
  expect(
    await page.evaluate(() => fetch('./early.js', { cache: 'no-store' }).catch(() => null)),
  ).toBeNull();
}

async function expectToWork(patio: Patio, start: string): Promise<void> {
  await patio.prompt().fill(start);
  await patio.run();
  await patio.allDone();
  expect((await patio.texts())[0]?.startsWith(start)).toBe(true);
}

test('a page that was only opened generates with the network cut', async ({
  patio,
  page,
  context,
  watch,
}) => {
  watch.forgive(/ERR_INTERNET_DISCONNECTED/u);
  const voices = [BASE, tuned('quijote'), tuned('charla-ingeniosa')];
  await patio.open({ voices, params: { maxTokens: 8 } });
  await fetched(watch);
  await cut(context, page);
  const asked = watch.requests.length;

  await expectToWork(patio, 'Sin red, el gorrión');
  await patio.goTo('history');
  await patio.button(patio.t.history.open('Sin red, el gorrión')).click();
  await patio.allDone();
  const later = watch.requests.slice(asked).filter((url) => !url.includes('favicon'));
  expect(later).toEqual([]);
});

test('a voice that never arrived says so, and the rest goes on', async ({
  patio,
  page,
  context,
  watch,
}) => {
  watch.forgive(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/u);
  await page.route(`**/sonetos/${ADAPTER}`, (route) => route.abort());
  await patio.open({ voices: [tuned('sonetos'), BASE], params: { maxTokens: 8 } });
  await fetched(watch);
  await cut(context, page);

  await patio.run();
  const lacking = patio.cell(tuned('sonetos'));
  await expectStatus(lacking, 'failed');
  await expectStatus(patio.cell(BASE), 'done');
  const unreachable = { code: 'file-unreachable', status: null } as const;
  const files = ['adapter_config.json', ADAPTER].map((file) =>
    failureText(patio.t.failures, { ...unreachable, file }),
  );
  const told = await lacking.textContent();
  expect(files.some(({ what, todo }) => told?.includes(what) && told.includes(todo))).toBe(true);

  await page.unroute(`**/sonetos/${ADAPTER}`);
  await context.setOffline(false);
  await patio.button(patio.t.cell.rerunOf('Sonetista')).click();
  await patio.allDone();
});
