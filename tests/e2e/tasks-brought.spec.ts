import { fixture } from './support/folders.ts';
import { Asking, Models } from './support/models.ts';
import { BASE } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const TEXTS = ['Qué alegría verte en el patio.', 'Los libros duermen en la biblioteca.'] as const;

test('two classifiers read two texts side by side, with their own labels', async ({ patio }) => {
  await patio.open({ voices: [BASE] });
  const models = new Models(patio);
  await models.open();
  await models.bringFolder(fixture('bert-animo'));
  await expect(models.fact(models.t.facts.labels)).toHaveText('alegría, tristeza, enfado');
  await models.prepare('Ánimo');
  await models.ready('Ánimo');
  await models.add(fixture('bert-tono'), 'Tono');
  for (const name of ['Ánimo', 'Tono']) await models.expectChecked(name);
  await models.tryIt('Ánimo');
  await models.open();
  await models.tryIt('Tono');

  const asking = new Asking(patio, 'text-classification');
  await asking.ask(...TEXTS);
  const answers = new Set<string>();
  for (const row of [1, 2]) {
    for (const [voice, labels] of [
      ['Ánimo', ['alegría', 'tristeza', 'enfado']],
      ['Tono', ['formal', 'coloquial']],
    ] as const) {
      const cell = asking.cell(voice, row, 2);
      const text = (await cell.textContent()) ?? '';
      for (const label of labels) expect(text).toContain(label);
      // Scores of one softmax.
      const shares = [...text.matchAll(/([\d,]+)\s%/gu)].map(([, share]) => share ?? '');
      const sum = shares
        .slice(0, labels.length)
        .map(number)
        .reduce((a, b) => a + b, 0);
      expect(Math.abs(sum - 100)).toBeLessThan(1);
      answers.add(shares.join());
    }
  }
  expect(answers.size).toBe(4);
});

function number(text: string): number {
  return Number(text.replace(',', '.'));
}

test('a T5 rewrites two texts, greedily, the same alone as in company', async ({ patio }) => {
  await patio.open({ voices: [BASE], params: { temperature: 0, maxTokens: 12 } });
  const models = new Models(patio);
  await models.open();
  await models.add(fixture('t5'), 'Copista');
  await models.expectChecked('Copista');
  await models.tryIt('Copista');

  const asking = new Asking(patio, 'text2text-generation');
  await asking.ask(...TEXTS);
  const first = [await asking.answer('Copista', 1, 2), await asking.answer('Copista', 2, 2)];
  expect(first.every((text) => text.trim().length > 0)).toBe(true);
  expect(first[0]).not.toBe(first[1]);

  const { t } = patio;
  await patio.button(t.composer.remove(2)).click();
  await asking.ask(TEXTS[0]);
  expect(await asking.answer('Copista')).toBe(first[0]);
});
