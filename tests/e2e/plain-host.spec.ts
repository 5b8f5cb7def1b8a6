import { limitText } from '../../src/i18n/limits.ts';
import { PLAIN_PORT } from './ports.ts';
import { BASE, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';

// As in windows that keep nothing: what else gives such a page its threads is not to be had.
test.use({ serviceWorkers: 'block' });

test('a host without headers gives one thread, and the page says so', async ({ patio, page }) => {
  const address = `http://localhost:${String(PLAIN_PORT)}/patio/`;
  await patio.open({ voices: [BASE, tuned('quijote')], params: { maxTokens: 8 } }, address);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await patio.button(`${patio.t.device.label}: ${patio.t.device.cpu(1)}`).click();
  await expect(page.getByText(patio.t.device.oneThread)).toBeVisible();
  const { what } = limitText({ cause: 'no-headers' }, 'es');
  await expect(page.getByText(what)).toBeVisible();
  await page.keyboard.press('Escape');

  await patio.run();
  await patio.allDone();
  await patio.cells
    .first()
    .getByText(/palabras?\s·/u)
    .click();
  await expect(patio.cells.first().getByText('CPU, 1 hilo', { exact: true })).toBeVisible();
});
