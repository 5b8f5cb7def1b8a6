import { expect, test } from './support/test.ts';

test('a text is classified by two models of the house, and the threshold moves without asking again', async ({
  patio,
  page,
}) => {
  await patio.open();
  const { tasks, outputs } = patio.t;
  await page.locator('#task').press('Enter');
  await page.getByRole('option', { name: tasks['text-classification'].name }).click();
  await patio.button(/Un párrafo con estilo/u).click();
  await patio.allDone();
  await expect(patio.cells).toHaveCount(2);
  for (const cell of await patio.cells.all()) {
    await expect(cell.getByRole('listitem').first()).toHaveText(/%/u);
    await expect(cell.getByText(outputs.threshold(0.5), { exact: false })).toBeVisible();
  }
  await expect(patio.cells.first().getByRole('listitem').first()).toHaveText(/ley|legal/iu);
  await patio.button(/umbral 0,5/u).click();
  await page.getByLabel(patio.t.params.threshold.label, { exact: true }).fill('1');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(patio.cells.first().getByText(outputs.nothingPasses)).toBeVisible();
});

test('a hidden word is guessed, and pressing another one fills it in', async ({ patio, page }) => {
  await patio.open();
  await page.locator('#task').click();
  await page.getByRole('option', { name: patio.t.tasks['fill-mask'].name }).click();
  await patio.button(/Una capital/u).click();
  await patio.allDone();
  const cell = patio.cells.first();
  const other = cell.getByRole('button', { name: /^Completar con/u }).nth(2);
  const word = (await other.textContent())?.replace(/[<>]?\s*[\d,]+\s*%/u, '').trim() ?? '';
  await other.click();
  await expect(cell.getByRole('log')).toContainText(word);
  await expect(cell.locator('mark')).toHaveText(word);
});

test('a conversation goes on, and each voice remembers its own answer', async ({ patio, page }) => {
  await patio.open();
  await page.locator('#task').click();
  await page.getByRole('option', { name: patio.t.tasks.chat.name }).click();
  await patio.button(/Un saludo/u).click();
  await patio.allDone();
  await patio.button(patio.t.task.follow).click();
  await page.keyboard.type('¿Y qué más?');
  await page.keyboard.press('Control+Enter');
  await patio.allDone();
  for (const cell of await patio.cells.all()) {
    await expect(cell.getByRole('log')).toContainText('Hola, ¿cómo estás?');
    await expect(cell.getByRole('log')).toContainText('¿Y qué más?');
    await expect(cell.locator('.answer')).toHaveCount(2);
  }
});

test('a task that nobody does yet leads to Modelos; its draft waits for the reader', async ({
  patio,
  page,
}) => {
  await patio.open();
  await page.locator('#task').click();
  await page.getByRole('option', { name: patio.t.tasks['question-answering'].name }).click();
  await expect(page.getByText(patio.t.task.noVoices)).toBeVisible();
  await page.getByLabel(patio.t.fields.context.label).fill('Ana vive en Lima.');
  await page.getByRole('link', { name: patio.t.task.goModels }).click();
  await expect(page).toHaveURL(/#\/modelos$/u);
  await page.reload();
  await page.goto('#/');
  await expect(page.getByLabel(patio.t.fields.context.label)).toHaveValue('Ana vive en Lima.');
});
