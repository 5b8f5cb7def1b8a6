import { inspect } from './support/axe.ts';
import { BASE, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const PROMPT = 'En {{país}} vivía';

/** Opens what a button opens, looks at it, and closes it again. */
async function inspectOpened(patio: Patio, name: string | RegExp, what: string): Promise<void> {
  await patio.button(name).first().click();
  await inspectAndClose(patio, what);
}

async function inspectAndClose(patio: Patio, what: string): Promise<void> {
  const { page, t } = patio;
  const floating = page
    .getByRole('dialog')
    .or(page.getByRole('menu'))
    .or(page.getByRole('listbox'))
    .or(page.getByLabel(t.device.title, { exact: true }));
  await expect(floating.first()).toBeVisible();
  await inspect(patio, what);
  await page.keyboard.press('Escape');
  await expect(floating).toHaveCount(0);
}

async function compareScreen(patio: Patio): Promise<void> {
  const { page, t } = patio;
  const params = new RegExp(`^${t.params.open}:`, 'u');
  await patio.open();
  await inspect(patio, 'first visit');
  await inspectOpened(patio, params, 'settings');
  await inspectOpened(patio, t.settings.keys, 'keys');
  await inspectOpened(patio, new RegExp(`^${t.settings.language}`, 'u'), 'language');
  await inspectOpened(patio, new RegExp(`^${t.settings.theme}`, 'u'), 'theme');
  await inspectOpened(patio, new RegExp(`^${t.device.label}`, 'u'), 'device');
  await page.getByRole('combobox').first().click();
  await inspectAndClose(patio, 'voices');
}

/** A grid with everything in it: figures, a failure, chips, variables, several rows. */
async function busyScreen(patio: Patio): Promise<void> {
  const { page, t } = patio;
  await patio.prompt().fill(PROMPT);
  await page.getByRole('textbox', { name: t.variables.cell('país', 1) }).fill('Cuba');
  await patio.button(t.variables.add).click();
  await inspectOpened(patio, t.variables.paste, 'paste');
  await patio.button(t.columns.menu('Quijote')).click();
  await inspect(patio, 'column menu');
  await patio.pick(t.columns.settings);
  const length = patio.dialog.getByRole('textbox', { name: t.params.maxTokens.label, exact: true });
  await length.fill('4');
  await length.press('Tab');
  await inspectAndClose(patio, 'settings of a column');
  await patio.run();
  await expect(patio.cell(BASE, 1, 2)).toHaveAttribute('data-status', /running|done/u);
  await inspect(patio, 'while writing');
  await patio.settled();
  await patio.cells.first().locator('summary').click();
  await inspect(patio, 'answers');
  await inspectOpened(patio, t.run.export, 'export');
}

async function historyScreen(patio: Patio): Promise<void> {
  const { page, t } = patio;
  await patio.goTo('history');
  await page.locator('input[type="file"]').setInputFiles({
    name: 'otra.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{}'),
  });
  await expect(page.getByText(t.history.refused('otra.json'))).toBeVisible();
  await inspect(patio, 'history');
  const menu = page.getByRole('button', {
    name: new RegExp(`^${t.history.menu('').slice(0, 8)}`, 'u'),
  });
  await menu.click();
  await inspect(patio, 'menu of a run');
  await patio.pick(t.history.rename);
  await inspect(patio, 'rename');
  await page.keyboard.press('Escape');
  await menu.click();
  await patio.pick(t.history.remove);
  await inspect(patio, 'remove');
  await patio.dialog.getByRole('button', { name: t.history.removeConfirm }).click();
  await expect(page.getByText(t.history.empty)).toBeVisible();
  await inspect(patio, 'empty history');
}

for (const locale of ['es', 'en'] as const) {
  test(`axe finds nothing on any screen, in any dialog: ${locale}`, async ({ patio }) => {
    test.slow();
    const reader = await patio.speak(locale);
    await compareScreen(reader);
    await busyScreen(reader);
    await historyScreen(reader);
  });
}
