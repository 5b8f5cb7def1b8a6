import type { Page } from '@playwright/test';
import { BASE, expectStatus, textOf, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const PROMPT = 'Había una vez un gorrión que';
const LONG = { prompts: [PROMPT], params: { maxTokens: 450 } };
const STOP_BAR_MS = 200;
const STOP_TRIES = 5;

test('one answer is stopped and its neighbour goes on', async ({ patio }) => {
  await patio.open({ ...LONG, voices: [BASE, tuned('quijote')], params: { maxTokens: 300 } });
  await patio.run();
  const first = patio.cell(BASE);
  await expect(first.getByRole('log')).toContainText(/Había una vez un gorrión que\s+\S+\s+\S+\s/u);
  await patio.button(patio.t.cell.stopOf('Gorrión')).click();
  await expectStatus(first, 'cancelled');
  await expect(first.getByText(patio.t.cell.cancelled, { exact: true })).toBeVisible();
  expect((await textOf(first)).length).toBeGreaterThan(PROMPT.length + 3);
  await expectStatus(patio.cell(tuned('quijote')), 'done');
});

test('all is stopped: what was written stays, what waited says so', async ({ patio }) => {
  await patio.open({ ...LONG, voices: [BASE, tuned('quijote')] });
  await patio.run();
  const first = patio.cell(BASE);
  await expect(first.getByRole('log')).toContainText(/Había una vez un gorrión que\s+\S+\s+\S+\s/u);
  await patio.stopButton.click();
  await patio.settled();
  const kept = await textOf(first);
  expect(kept.length).toBeGreaterThan(PROMPT.length + 3);
  await expectStatus(first, 'cancelled');
  const second = patio.cell(tuned('quijote'));
  await expectStatus(second, 'cancelled');
  await expect(second.getByText(patio.t.cell.cancelledEmpty)).toBeVisible();

  await expect(patio.runButton).toBeVisible();
  expect(await textOf(first)).toBe(kept);
});

test('an answer that was stopped is repeated to its end', async ({ patio }) => {
  await patio.open({ prompts: [PROMPT], voices: [BASE], params: { maxTokens: 200 } });
  await patio.run();
  const cell = patio.cell(BASE);
  await expectStatus(cell, 'running');
  await patio.button(patio.t.cell.stopOf('Gorrión')).click();
  await expectStatus(cell, 'cancelled');
  const kept = await textOf(cell);
  await patio.button(patio.t.cell.rerunOf('Gorrión')).click();
  await patio.allDone();
  const whole = await textOf(cell);
  expect(whole.length).toBeGreaterThan(kept.length);
  expect(whole.startsWith(kept)).toBe(true);
});

test('an answer is copied, and its prompt edited and run again', async ({
  patio,
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await patio.open({ prompts: [PROMPT], voices: [BASE, tuned('charla-ingeniosa')] });
  await patio.run();
  await patio.allDone();

  await patio.button(patio.t.cell.copyOf('Gorrión')).click();
  await expect(page.getByText(patio.t.notices.messages.copied)).toBeVisible();
  const cell = patio.cell(BASE);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(await textOf(cell));
  expect(copied.startsWith(PROMPT)).toBe(true);

  // A conversation's answer stands without its question.
  await patio.button(patio.t.cell.copyOf('Charla ingeniosa')).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .not.toContain(PROMPT);

  await patio.button(patio.t.cell.editOf('Gorrión')).click();
  await expect(patio.prompt()).toBeFocused();
  await page.keyboard.type(' cantaba y');
  await expect(cell.getByText(patio.t.cell.stale)).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await patio.allDone();
  await expect(cell.getByText(patio.t.cell.stale)).toHaveCount(0);
  expect((await textOf(cell)).startsWith(`${PROMPT} cantaba y`)).toBe(true);
});

test('a stop is answered while a person still looks', async ({ patio, page }) => {
  await patio.open({ ...LONG, voices: [BASE] });
  await patio.run();
  const answers: number[] = [];
  for (let attempt = 0; attempt < STOP_TRIES; attempt += 1) {
    if (attempt > 0) await patio.button(patio.t.cell.rerunOf('Gorrión')).click();
    await expect(patio.cell(BASE)).toHaveAttribute('data-status', 'running');
    await expect(patio.cell(BASE).getByRole('log')).toContainText(/ que\s+\S+\s/u);
    answers.push(await millisecondsToStop(page, patio.t.composer.stop));
  }
  answers.sort((a, b) => a - b);
  test
    .info()
    .annotations.push({ type: 'stop, ms', description: answers.map(Math.round).join(', ') });
  // The median: one answer may be caught behind another program of this machine.
  expect(answers[Math.floor(STOP_TRIES / 2)]).toBeLessThanOrEqual(STOP_BAR_MS);
});

/** From the click to the cell's new state, on the page's own clock. */
function millisecondsToStop(page: Page, label: string): Promise<number> {
  return page.evaluate(async (name) => {
    const cell = document.querySelector('article[data-status="running"]');
    const button = [...document.querySelectorAll('button')].find(
      ({ textContent }) => textContent.trim() === name,
    );
    if (!cell || !button) throw new Error('nothing is being written');
    const stopped = new Promise((resolve) => {
      const observer = new MutationObserver(resolve);
      observer.observe(cell, { attributeFilter: ['data-status'] });
    });
    const from = performance.now();
    button.click();
    await stopped;
    return performance.now() - from;
  }, label);
}
