import type { Locator, Page } from '@playwright/test';
import { expectFits } from './support/fits.ts';
import { BASE, tuned, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const PHONE = { width: 360, height: 740 };
const VOICES = [BASE, tuned('quijote'), tuned('charla-ingeniosa')];
const LONG_PROMPT =
  'Una palabra larguísima: supercalifragilisticoespialidosamente y {{animal de compañía}}';

async function everyScreen(patio: Patio): Promise<void> {
  const { page, t } = patio;
  await patio.open();
  await expectFits(patio, 'first visit');
  await patio.prompt().fill(LONG_PROMPT);
  await page.getByRole('textbox', { name: /fila 1$/u }).fill('un perro');
  await patio.button(new RegExp(`^${t.params.open}:`, 'u')).click();
  await expectFits(patio, 'settings');
  const length = patio.dialog.getByRole('textbox', { name: t.params.maxTokens.label, exact: true });
  await length.fill('4');
  await length.press('Tab');
  await page.keyboard.press('Escape');
  await patio.button(t.variables.paste).click();
  await expectFits(patio, 'paste');
  await page.keyboard.press('Escape');
  await patio.run();
  await patio.allDone();
  await patio.cells.first().locator('summary').click();
  await expectFits(patio, 'answers');
  await patio.goTo('history');
  await expect(patio.button(/^Abrir/u)).toBeVisible();
  await expectFits(patio, 'history');
}

test.describe('on a phone', () => {
  test.use({ viewport: PHONE, hasTouch: true, isMobile: true });

  test('every screen fits, and everything can be tapped', async ({ patio }) => {
    await everyScreen(patio);
  });

  test('one voice at a time; a swipe or a tap brings the next', async ({ patio, page }) => {
    await patio.open({ voices: VOICES, params: { maxTokens: 4 } });
    const tabs = page.getByRole('navigation', { name: patio.t.columns.tabs });
    const current = tabs.locator('[aria-current="true"]');
    await expect(current).toHaveText('Gorrión');
    for (const voice of VOICES) {
      const width = (await patio.cell(voice).boundingBox())?.width ?? 0;
      expect(width).toBeGreaterThan(PHONE.width * 0.8);
    }
    await patio.cell(BASE).scrollIntoViewIfNeeded();
    await swipe(page, patio.cell(BASE));
    await expect(current).toHaveText('Quijote');
    await expect(patio.cell(tuned('quijote'))).toBeInViewport({ ratio: 0.9 });
    await tabs.getByRole('button', { name: 'Charla ingeniosa' }).tap();
    await expect(current).toHaveText('Charla ingeniosa');
    await expect(patio.cell(tuned('charla-ingeniosa'))).toBeInViewport({ ratio: 0.9 });

    await tabs.getByRole('button', { name: patio.t.columns.add }).tap();
    await expect(patio.cells).toHaveCount(4);
    await patio.runButton.tap();
    await patio.allDone();
  });
});

/** One finger, from right to left. */
async function swipe(page: Page, on: Locator): Promise<void> {
  const box = await on.boundingBox();
  if (!box) throw new Error('nothing to swipe');
  const y = box.y + Math.min(box.height / 2, 100);
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove', x: number) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: [{ x, y }] });
  await touch('touchStart', PHONE.width * 0.8);
  for (let share = 0.75; share > 0.2; share -= 0.05) await touch('touchMove', PHONE.width * share);
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

test.describe('at 200 %', () => {
  // What a window of 1440 pixels has left.
  test.use({ viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 });

  test('nothing is lost', async ({ patio }) => {
    await everyScreen(patio);
  });
});

test('who wants no motion gets none', async ({ patio, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await patio.open({ voices: [BASE], params: { maxTokens: 200 } });
  await patio.run();
  await expect(patio.cell(BASE)).toHaveAttribute('data-status', 'running');
  await patio.button(new RegExp(`^${patio.t.params.open}:`, 'u')).click();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().duration ?? 0) > 1)
      .map(({ effect }) => (effect as KeyframeEffect).target?.className),
  );
  expect(moving).toEqual([]);
});
