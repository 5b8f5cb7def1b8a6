import { BASE } from './support/patio.ts';
import { expect, test } from './support/test.ts';

/** So long does the page wait before it measures, and some for the measuring. */
const MEASURED = { timeout: 60_000 };

test('an idle page measures its machine once, and says what it found', async ({ patio, page }) => {
  test.slow();
  await patio.open({ voices: [BASE], params: { maxTokens: 12 } });
  const read = () => page.evaluate(() => localStorage.getItem('patio.tuning'));
  await expect.poll(read, MEASURED).not.toBeNull();
  const kept = JSON.parse((await read()) ?? '') as {
    tuning: { threads: number; threadGain: number };
  };
  const { threads, threadGain } = kept.tuning;
  const says = async () => {
    await patio.button(new RegExp(`^${patio.t.device.label}:`, 'u')).click();
    await expect(page.getByText(patio.t.device.tuned(threads, threadGain))).toBeVisible();
    await page.keyboard.press('Escape');
  };
  await says();

  const before = await read();
  await page.reload();
  await says();
  expect(await read()).toBe(before);
  await patio.run();
  await patio.allDone();
});
