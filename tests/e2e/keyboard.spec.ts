import type { Page } from '@playwright/test';
import { expectStatus, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

interface Focus {
  readonly what: string;
  readonly lost: boolean;
  readonly visible: boolean;
}

/** Where the keyboard is, and whether a person can see it. */
function focusOf(page: Page): Promise<Focus> {
  return page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const style = getComputedStyle(element);
    const { width, height, bottom, right } = element.getBoundingClientRect();
    const outlined = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
    const drawn = !/, 0\)$|transparent/u.test(style.outlineColor);
    const name = element.ariaLabel ?? element.textContent.trim().slice(0, 40);
    return {
      what: `${element.tagName.toLowerCase()} ${name}`,
      lost: element === document.body,
      visible:
        width > 0 &&
        height > 0 &&
        bottom > 0 &&
        right > 0 &&
        ((outlined && drawn) || style.boxShadow !== 'none'),
    };
  });
}

async function expectFocus(page: Page): Promise<void> {
  await expect.poll(async () => (await focusOf(page)).lost, { timeout: 5000 }).toBe(false);
  const focus = await focusOf(page);
  expect(focus, focus.what).toMatchObject({ visible: true });
}

/** Tab until the focus is on what is called so. */
async function tabTo(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press(key);
    await expectFocus(page);
    if (name.test((await focusOf(page)).what)) return;
  }
  throw new Error(`${String(name)} is out of the keyboard's reach`);
}

test('the whole way without a mouse', async ({ patio, page }) => {
  const { t } = patio;
  await patio.open();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: t.app.skip })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Alt+P');
  await expect(patio.prompt()).toBeFocused();
  await page.keyboard.type('El gorrión saltó al pozo y');

  // Another voice: the new column takes the focus, and its list opens and closes by keys.
  await tabTo(page, new RegExp(`^button ${t.columns.add}`, 'u'));
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('combobox', { name: new RegExp(t.columns.voice(3), 'u') }),
  ).toBeFocused();
  await expectFocus(page);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('option', { name: /^Sonetista/u })).toBeVisible();
  await page.keyboard.type('Sonet');
  await page.keyboard.press('Enter');
  const chosen = page.getByRole('combobox', { name: `${t.columns.voice(3)}: Sonetista` });
  await expect(chosen).toBeFocused();
  await expectFocus(page);

  await settings(patio);

  await page.keyboard.press('Control+Enter');
  await expect(patio.stopButton).toBeVisible();
  await expectFocus(page);
  await expectStatus(patio.cells.first(), 'running');
  await page.keyboard.press('Escape');
  await patio.settled();
  await expect(patio.runButton).toBeVisible();
  await expectFocus(page);

  await list(patio);
});

async function settings({ page, t, dialog }: Patio): Promise<void> {
  await page.keyboard.press('Alt+A');
  await expect(dialog).toBeVisible();
  await tabTo(page, new RegExp(t.params.slider(t.params.temperature.label), 'u'));
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expectFocus(page);
  await expect(page.getByRole('button', { name: /T 0,75/u })).toBeVisible();
}

async function list({ page, t, dialog }: Patio): Promise<void> {
  await page.keyboard.press('Alt+R');
  await page.keyboard.press('?');
  await expect(dialog).toContainText(t.keys.answer);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expectFocus(page);
}
