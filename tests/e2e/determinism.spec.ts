import { BASE, tuned, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

async function again(patio: Patio): Promise<string[]> {
  await patio.run();
  await patio.allDone();
  return patio.texts();
}

async function setParam(patio: Patio, label: string, value: string): Promise<void> {
  const field = patio.dialog.getByRole('textbox', { name: label, exact: true });
  await field.fill(value);
  await field.press('Tab');
}

async function openSettings(patio: Patio): Promise<void> {
  await patio.button(new RegExp(`^${patio.t.params.open}:`, 'u')).click();
  await expect(patio.dialog).toBeVisible();
}

test('the same seed writes the same text, another seed another', async ({ patio, page }) => {
  await patio.open({ voices: [BASE, BASE], params: { maxTokens: 24 } });
  const [first, twin] = await again(patio);
  expect(twin).toBe(first);
  expect(await again(patio)).toEqual([first, twin]);

  await openSettings(patio);
  await setParam(patio, patio.t.params.seed.label, '7');
  await page.keyboard.press('Escape');
  await expect(patio.button(/semilla 7/u)).toBeVisible();
  expect((await again(patio))[0]).not.toBe(first);
});

test('without chance the seed does not matter', async ({ patio, page }) => {
  await patio.open({ voices: [tuned('quijote')], params: { maxTokens: 24, temperature: 0 } });
  await expect(patio.button(new RegExp(patio.t.params.greedy, 'u'))).toBeVisible();
  const first = await again(patio);
  await openSettings(patio);
  await setParam(patio, patio.t.params.seed.label, '99');
  await page.keyboard.press('Escape');
  expect(await again(patio)).toEqual(first);
});

test('a column of its own mind shows it as a chip', async ({ patio, page }) => {
  await patio.open({ voices: [BASE, BASE], params: { maxTokens: 24 } });
  await patio.button(patio.t.columns.menu('Gorrión')).nth(1).click();
  await patio.pick(patio.t.columns.settings);
  await expect(patio.dialog).toContainText(patio.t.params.columnTitle('Gorrión'));
  await setParam(patio, patio.t.params.seed.label, '7');
  await setParam(patio, patio.t.params.maxTokens.label, '12');
  await page.keyboard.press('Escape');

  const answers = page.getByRole('region', { name: patio.t.columns.region });
  await expect(answers.getByRole('listitem').filter({ hasText: 'semilla 7' })).toHaveCount(1);
  await expect(answers.getByRole('listitem').filter({ hasText: '12 tokens' })).toHaveCount(1);
  const [plain, own] = await again(patio);
  expect(own).not.toBe(plain);
  expect(own?.length).toBeLessThan(plain?.length ?? 0);

  await patio.button(patio.t.columns.clearOverride(patio.t.params.seed.label)).click();
  await patio.button(patio.t.columns.clearOverride(patio.t.params.maxTokens.label)).click();
  await expect(answers.getByRole('listitem')).toHaveCount(0);
  const [left, right] = await again(patio);
  expect(left).toBe(plain);
  expect(right).toBe(plain);
});
