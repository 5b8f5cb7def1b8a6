import { expect, test } from '@playwright/test';
import { classWords } from '../../src/i18n/class.ts';
import { es } from '../../src/i18n/es.ts';
import { findFirefox } from './support/other-browsers.ts';
import { OfflineSite } from './support/offline-site.ts';
import { Visit } from './support/visit.ts';

const opening = findFirefox();
const words = classWords('es').preparing;

// WebKit for Linux sends `only-if-cached` to the network, so there the cut is not proven, as the page says.
test('Firefox: a machine is prepared, cuts its own network, and is ready without one', async () => {
  test.skip(opening.type === 'missing', opening.type === 'missing' ? opening.what : '');
  if (opening.type === 'missing') return;
  test.setTimeout(600_000);
  const site = await OfflineSite.open(true);
  const page = await opening.open();
  const visit = new Visit(page, es);
  try {
    await page.goTo(`${site.url}#/clase/preparar`);
    await visit.press(words.begin);
    await visit.sees(words.code);
    expect(await page.evaluate('document.body.innerText')).toContain(words.ready);
  } finally {
    await page.close();
    site.remove();
  }
});
