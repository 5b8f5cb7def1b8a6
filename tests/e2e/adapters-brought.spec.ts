import { fixture } from './support/folders.ts';
import { Asking, Models } from './support/models.ts';
import { BASE, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const NAME = 'Otra pluma';
const PROMPT = 'Había una vez un gorrión';

/** Another voice of the list for a column. */
async function choose({ page, t }: Patio, column: number, voice: string): Promise<void> {
  const label = t.columns.voice(column);
  await page.getByRole('combobox', { name: new RegExp(`^${label}`, 'u') }).click();
  await page.getByRole('option', { name: new RegExp(`^${voice}`, 'u') }).click();
}

test("PEFT's adapter over Gorrión is switched on and off in a column", async ({ patio, page }) => {
  await patio.open({
    prompts: [PROMPT],
    voices: [BASE],
    params: { temperature: 0, maxTokens: 10 },
  });
  const asking = new Asking(patio, 'text-generation');
  await patio.run();
  await patio.allDone();
  const alone = await asking.answer('Gorrión');

  const models = new Models(patio);
  await models.open();
  await models.drop(fixture('lora-gorrion'));
  await expect(models.fact(models.t.facts.kind)).toHaveText(models.t.kinds.adapter);
  await expect(models.fact(models.t.facts.rank)).toHaveText('4');
  // Its own files name the base.
  await expect(models.arrival.getByLabel(models.t.arrival.base)).toHaveValue('gorrion');
  await models.prepare(NAME);
  await models.ready(NAME);
  await models.expectChecked(NAME);
  await expect(models.stored(NAME)).toContainText(models.t.here.over('Gorrión'));

  await models.tryIt(NAME);
  await asking.ask(PROMPT);
  await expect(patio.cells).toHaveCount(2);
  const adapted = await asking.answer(NAME);
  expect(adapted).not.toBe(alone);
  expect(await asking.answer('Gorrión')).toBe(alone);

  await choose(patio, 1, 'Gorrión');
  await patio.run();
  await patio.allDone();
  expect(new Set(await patio.texts())).toEqual(new Set([alone]));

  await choose(patio, 1, NAME);
  await patio.run();
  await patio.allDone();
  expect(await asking.answer(NAME)).toBe(adapted);
  expect(await asking.answer('Gorrión')).toBe(alone);

  await page.reload();
  await patio.run();
  await patio.allDone();
  expect(await asking.answer(NAME)).toBe(adapted);
});
