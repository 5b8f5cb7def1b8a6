import { expect, test } from '@playwright/test';
import { es } from '../../src/i18n/es.ts';
import { limitText } from '../../src/i18n/limits.ts';
import { offlineWords } from '../../src/i18n/offline.ts';
import { filesOf, fixture, zipOf } from './support/folders.ts';
import { findFirefox, findWebKit } from './support/other-browsers.ts';
import { OfflineSite } from './support/offline-site.ts';
import { Visit } from './support/visit.ts';

/** A browser that is not here skips its tests, by name; nothing installs it. */
const BROWSERS = [
  { name: 'Firefox', opening: findFirefox(), lacks: [{ cause: 'no-webgpu' }] },
  // Without SharedArrayBuffer and without a file system of its own: what stands in for them is used.
  {
    // It refuses its file system to such windows, and not its database.
    name: 'Firefox in a private window',
    opening: findFirefox({ 'browser.privatebrowsing.autostart': true }),
    lacks: [{ cause: 'no-webgpu' }, { cause: 'files-refused' }],
  },
  {
    name: 'WebKit',
    opening: findWebKit(),
    lacks: [{ cause: 'no-shared-memory' }, { cause: 'no-webgpu' }, { cause: 'no-files' }],
  },
] as const;

const MODEL = 'Azar';
const PROMPT = 'Había una vez un gorrión';

for (const { name, opening, lacks } of BROWSERS) {
  test(`${name}: loads Gorrión, streams, stores a model, and does it again with the server stopped`, async () => {
    test.skip(opening.type === 'missing', opening.type === 'missing' ? opening.what : '');
    if (opening.type === 'missing') return;
    test.setTimeout(600_000);
    const site = await OfflineSite.open(true);
    const page = await opening.open();
    const visit = new Visit(page, es);
    try {
      await page.goTo(`${site.url}#/comparar`);
      await visit.sees(offlineWords('es').ready);
      await visit.pressStarting(es.device.label);
      for (const limit of lacks) await visit.sees(limitText(limit, 'es').what);
      await visit.pressStarting(es.device.label);

      await visit.write(PROMPT);
      const first = await visit.run();
      expect(first.statuses).toEqual(['done', 'done']);
      expect(first.lengths.length).toBeGreaterThan(3);

      await visit.goTo('models');
      await visit.pickFile(`${MODEL}.zip`, await zipOf(await filesOf(fixture('llama')), 0));
      await visit.prepare(MODEL);

      site.stop();
      await page.reload();
      await visit.goTo('models');
      await visit.sees(MODEL);
      await visit.press(es.models.here.useOne(MODEL));
      await visit.write(PROMPT);
      const again = await visit.run();
      expect(again.statuses).toEqual(['done', 'done']);
      // Beside the model that was stored, the first voice writes again what it wrote with this seed.
      expect(again.texts[1]).toBe(first.texts[0]);

      await visit.goTo('history');
      await visit.press(es.history.open(PROMPT), 'last');
      await expect.poll(() => visit.texts()).toEqual(first.texts);
    } finally {
      await page.close();
      site.remove();
    }
  });
}
