import { LAUNCH_WITH_GPU } from './support/browser.ts';
import { BASE, textOf, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';

test.use({ launchOptions: LAUNCH_WITH_GPU });

/** Few, since the arithmetic of CPU and GPU rounds differently and a near-tie may go either way. */
const GREEDY = { temperature: 0, maxTokens: 6 };

test('a person may ask for the GPU, even one made of software', async ({ patio, page, watch }) => {
  test.slow();
  // The runtime warns that it leaves shape arithmetic to the CPU, as it should.
  watch.forgive(/\[W:onnxruntime:/u);
  const voices = [BASE, tuned('charla-profesional')];
  await patio.open({ voices, params: GREEDY, backend: 'gpu' });
  await patio.run();
  await patio.allDone();
  const own = await textOf(patio.cell(BASE));
  expect(await textOf(patio.cell(tuned('charla-profesional')))).not.toBe(own);

  const cell = patio.cell(BASE);
  await expect(cell.getByText(patio.t.variants.gpu4, { exact: true })).toBeAttached();

  await patio.button(new RegExp(`^${patio.t.params.open}:`, 'u')).click();
  await patio.dialog.getByText(patio.t.backends.cpu, { exact: true }).click();
  await page.keyboard.press('Escape');
  await patio.run();
  await patio.allDone();
  await expect(cell.getByText(patio.t.variants.cpu8, { exact: true })).toBeAttached();
  expect(await textOf(cell)).toBe(own);
});

test('a GPU made of software is not chosen by itself', async ({ patio, page }) => {
  await patio.open({ params: GREEDY });
  await page
    .getByRole('button', { name: new RegExp(`^${patio.t.device.label}: CPU`, 'u') })
    .click();
  await expect(page.getByText(/^Hay una GPU simulada/u)).toBeVisible();
});
