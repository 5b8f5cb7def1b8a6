import type { Locator, Page } from '@playwright/test';
import { BASE, expectStatus, tuned, type Patio } from './support/patio.ts';
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
    // The ring may be the element's own, or that of what is drawn over it.
    const isRinged = [null, '::after'].some((part) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(
        element,
        part,
      );
      const drawn = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
      return (drawn && !/, 0\)$|transparent/u.test(outlineColor)) || boxShadow !== 'none';
    });
    const { width, height, bottom, right } = element.getBoundingClientRect();
    const name = element.ariaLabel ?? element.textContent.trim().slice(0, 40);
    return {
      what: `${element.tagName.toLowerCase()} ${name}`,
      lost: element === document.body,
      visible:
        width > 0 &&
        height > 0 &&
        bottom > 0 &&
        right > 0 &&
        // An entry of a menu wears another ground.
        (isRinged || element.hasAttribute('data-highlighted')),
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
  await expect(patio.cells.first()).toHaveAttribute('data-status', /running|done/u);
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

/** What is called so takes the focus and is pressed; the page must know where to go from there. */
async function press(patio: Patio, button: Locator, key = 'Enter'): Promise<void> {
  await button.focus();
  await patio.page.keyboard.press(key);
}

test('what goes away leaves the focus in a place', async ({ patio, page }) => {
  const { t } = patio;
  const late = tuned('sonetos');
  await patio.open({ voices: [BASE, late, late, late], params: { maxTokens: 400 } });

  await press(patio, patio.runButton);
  await expect(patio.stopButton).toBeVisible();
  await expectFocus(page);
  const stop = patio.button(t.cell.stopOf('Sonetista')).last();
  await press(patio, stop);
  await expectStatus(patio.cells.last(), 'cancelled');
  await expectFocus(page);
  await press(patio, patio.button(t.cell.rerunOf('Sonetista')).last());
  await expectFocus(page);
  await press(patio, patio.stopButton);
  await patio.settled();
  await expectFocus(page);

  await press(patio, patio.button(t.columns.menu('Sonetista')).last());
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(patio.cells).toHaveCount(3);
  await expectFocus(page);

  await press(patio, patio.button(t.composer.add));
  await expectFocus(page);
  await page.keyboard.type('{{cosa}}');
  await press(patio, patio.button(t.variables.add));
  await expect(page.getByRole('textbox', { name: t.variables.cell('cosa', 2) })).toBeFocused();
  await press(patio, patio.button(t.variables.remove(2)));
  await expectFocus(page);
  await press(patio, patio.button(t.composer.remove(2)));
  await expectFocus(page);
  await press(patio, patio.button(t.run.close));
  await expectFocus(page);
});

test('history by keys', async ({ patio, page }) => {
  const { t } = patio;
  await patio.open({ prompts: ['Un gorrión'], params: { maxTokens: 4 } });
  await page.keyboard.press('Control+Enter');
  await patio.allDone();
  await press(patio, page.getByRole('link', { name: t.nav.history }));
  await expect(page.getByRole('heading', { name: t.history.title })).toBeVisible();
  await expectFocus(page);

  await press(patio, patio.button(t.history.menu('Un gorrión')));
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  await expectFocus(page);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: t.history.renameLabel })).toBeFocused();
  await page.keyboard.type('Otro nombre');
  await page.keyboard.press('Enter');
  await expect(patio.button(t.history.open('Otro nombre'))).toBeVisible();
  await expectFocus(page);

  await press(patio, patio.button(t.history.open('Otro nombre')));
  await expect(patio.cells).toHaveCount(1);
  await expectFocus(page);
  await press(patio, page.getByRole('link', { name: t.nav.history }));
  await press(patio, patio.button(t.history.menu('Otro nombre')));
  // A menu takes the focus once it is open; keys pressed before would go elsewhere.
  const entries = page.getByRole('menuitem');
  await expect(entries.first()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(entries.last()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(patio.dialog).toBeVisible();
  await expectFocus(page);
  await press(patio, patio.dialog.getByRole('button', { name: t.history.removeConfirm }));
  await expect(page.getByText(t.history.empty)).toBeVisible();
  // Nothing is left to stand on but the page itself.
  await expect(page.getByRole('main')).toBeFocused();
});

test('Escape closes what is open before it stops a run', async ({ patio, page }) => {
  await patio.open({ params: { maxTokens: 450 } });
  await patio.run();
  await expectStatus(patio.cell(BASE), 'running');
  await page.getByRole('button', { name: new RegExp(`^${patio.t.device.label}:`, 'u') }).click();
  await expect(patio.dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(patio.dialog).toBeHidden();
  await expect(patio.cell(BASE)).not.toHaveAttribute('data-status', 'cancelled');
  await patio.settled();
  await expectStatus(patio.cell(BASE), 'done');
});
