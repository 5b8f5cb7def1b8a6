import { BASE, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const PROMPT = 'En {{país}} vivía {{animal de compañía}} que se llamaba';

test('variables with accents and spaces become a table, and every row is written', async ({
  patio,
}) => {
  await patio.open({ prompts: [''], voices: [BASE, tuned('quijote')], params: { maxTokens: 8 } });
  await patio.prompt().fill(PROMPT);
  const { variables } = patio.t;
  const value = (name: string, row: number) =>
    patio.page.getByRole('textbox', { name: variables.cell(name, row), exact: true });
  await value('país', 1).fill('España');
  await value('animal de compañía', 1).fill('un gato');
  await patio.button(variables.add).click();
  await value('país', 2).fill('el Perú');
  await value('animal de compañía', 2).fill('una llama');
  await expect(patio.page.getByText(patio.t.composer.cells(2, 2))).toBeVisible();

  await patio.run();
  await patio.allDone();
  await expect(patio.cells).toHaveCount(4);
  const texts = await patio.texts();
  const starts = ['En España vivía un gato', 'En el Perú vivía una llama'];
  for (const [index, text] of texts.entries()) {
    expect(text).toContain(`${starts[Math.floor(index / 2)] ?? ''} que se llamaba`);
  }
  await expect(patio.cell(tuned('quijote'), 2, 2)).toBeVisible();
});

test('a table is pasted from a spreadsheet, into the dialog and into a field', async ({
  patio,
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await patio.open({ prompts: [PROMPT], voices: [BASE], params: { maxTokens: 4 } });
  const { variables } = patio.t;
  await patio.button(variables.paste).click();
  const field = patio.dialog.getByRole('textbox', { name: variables.pasteLabel });
  await field.fill('animal de compañía\tpaís\tnota\nun loro\tCuba\tx\nun burro\tMéxico\ty\n');
  await expect(patio.dialog.getByRole('status')).toContainText(
    variables.found(2, ['país', 'animal de compañía']),
  );
  await expect(patio.dialog.getByRole('status')).toContainText(variables.ignored(['nota']));
  await patio.button(variables.pasteApply).click();
  const value = (name: string, row: number) =>
    page.getByRole('textbox', { name: variables.cell(name, row), exact: true });
  await expect(value('país', 1)).toHaveValue('Cuba');
  await expect(value('animal de compañía', 2)).toHaveValue('un burro');

  await page.evaluate(() =>
    navigator.clipboard.writeText('Chile\tun puma\nUruguay\tun carpincho\nItalia\tun lobo'),
  );
  await value('país', 1).focus();
  await page.keyboard.press('Control+V');
  await expect(value('país', 3)).toHaveValue('Italia');
  await expect(value('animal de compañía', 3)).toHaveValue('un lobo');

  await patio.run();
  await patio.allDone();
  await expect(patio.cells).toHaveCount(3);
  expect((await patio.texts())[1]).toContain('En Uruguay vivía un carpincho');
});

test('several prompts and a table are rows of one grid; a missing value is told', async ({
  patio,
}) => {
  await patio.open({ prompts: ['Era una vez'], voices: [BASE], params: { maxTokens: 4 } });
  await patio.button(patio.t.composer.add).click();
  await expect(patio.prompt(2, 2)).toBeFocused();
  await patio.prompt(2, 2).fill('Hola, {{nombre}}');
  await patio.run();
  await patio.settled();
  await expect(patio.cells).toHaveCount(2);
  await expect(patio.cell(BASE, 1, 2)).toHaveAttribute('data-status', 'done');
  const missing = patio.cell(BASE, 2, 2);
  await expect(missing).toHaveAttribute('data-status', 'failed');
  const failure = { code: 'variables-missing', names: ['nombre'] } as const;
  await expect(
    missing.getByText(patio.t.failures['variables-missing'](failure).what),
  ).toBeVisible();
});
