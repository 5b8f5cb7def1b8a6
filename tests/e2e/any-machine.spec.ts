import { limitText } from '../../src/i18n/limits.ts';
import { PLAIN_PORT } from './ports.ts';
import { LAUNCH } from './support/browser.ts';
import { fixture } from './support/folders.ts';
import { Asking, Models } from './support/models.ts';
import { BASE } from './support/patio.ts';
import { expect, test } from './support/test.ts';

/** A name of this machine that no browser takes for safe, as the address of a room. */
const HOST = 'sala.example';
const ORIGIN = `http://${HOST}:${String(PLAIN_PORT)}`;
const NAME = 'Azar';
const PROMPT = 'Había una vez un gorrión';

test.use({
  launchOptions: {
    ...LAUNCH,
    args: [...LAUNCH.args, `--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
  },
});

test('an address without HTTPS: the cause and the way out are told, and what can work works', async ({
  patio,
  page,
  watch,
}) => {
  watch.allow(ORIGIN);
  watch.forgive(/Cross-Origin-Opener-Policy/u);
  await patio.open(
    { voices: [BASE], params: { temperature: 0, maxTokens: 10 } },
    `${ORIGIN}/patio/`,
  );
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await patio.button(new RegExp(`^${patio.t.device.label}: CPU`, 'u')).click();
  const { what, todo } = limitText({ cause: 'insecure', origin: ORIGIN }, 'es');
  await expect(page.getByText(what)).toBeVisible();
  await expect(page.getByText(todo)).toBeVisible();
  await expect(page.getByText(limitText({ cause: 'no-headers' }, 'es').what)).toHaveCount(0);
  await page.keyboard.press('Escape');

  const models = new Models(patio);
  await models.open();
  await models.add(fixture('llama'), NAME);
  await models.tryIt(NAME);
  const asking = new Asking(patio, 'text-generation');
  await asking.ask(PROMPT);
  const own = await asking.answer(NAME);

  // IndexedDB has kept it.
  await page.reload();
  await asking.ask(PROMPT);
  expect(await asking.answer(NAME)).toBe(own);
});
