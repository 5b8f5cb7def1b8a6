import type { Page } from '@playwright/test';
import { BASE, expectStatus, textOf, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const PROMPT = 'Había una vez un gorrión que';
const LONG = { prompts: [PROMPT], params: { maxTokens: 450 } };
const STOP_BAR_MS = 200;
const STOP_TRIES = 5;

test('one answer is stopped and its neighbour goes on', async ({ patio, page }) => {
  await patio.open({ ...LONG, voices: [BASE, tuned('quijote')] });
  await patio.run();
  await stopWhileWriting(page, patio.t.cell.stopOf('Gorrión'));
  const first = patio.cell(BASE);
  await expectStatus(first, 'cancelled');
  await expect(first.getByText(patio.t.cell.cancelled, { exact: true })).toBeVisible();
  expect((await textOf(first)).length).toBeGreaterThan(PROMPT.length);
  await expectStatus(patio.cell(tuned('quijote')), 'done');
});

test('all is stopped: what was written stays, what waited says so', async ({ patio, page }) => {
  await patio.open({ ...LONG, voices: [BASE, tuned('quijote')] });
  await patio.run();
  await stopWhileWriting(page, patio.t.composer.stop);
  await patio.settled();
  const first = patio.cell(BASE);
  const kept = await textOf(first);
  expect(kept.length).toBeGreaterThan(PROMPT.length);
  await expectStatus(first, 'cancelled');
  const second = patio.cell(tuned('quijote'));
  await expectStatus(second, 'cancelled');
  await expect(second.getByText(patio.t.cell.cancelledEmpty)).toBeVisible();

  await expect(patio.runButton).toBeVisible();
  expect(await textOf(first)).toBe(kept);
});

test('a button under a finger stops a long run', async ({ patio }) => {
  await patio.open({ ...LONG, voices: [BASE, BASE, BASE, BASE, BASE, BASE] });
  await patio.run();
  await patio.stopButton.click();
  await expectStatus(patio.cells.last(), 'cancelled');
  await patio.settled();
});

test('an answer that was stopped is repeated to its end', async ({ patio, page }) => {
  await patio.open({ ...LONG, voices: [BASE] });
  await patio.run();
  await stopWhileWriting(page, patio.t.composer.stop);
  const cell = patio.cell(BASE);
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
    answers.push(await stopWhileWriting(page, patio.t.composer.stop));
    await expectStatus(patio.cell(BASE), 'cancelled');
  }
  answers.sort((a, b) => a - b);
  test
    .info()
    .annotations.push({ type: 'stop, ms', description: answers.map(Math.round).join(', ') });
  // The median: one answer may be caught behind another program of this machine.
  expect(answers[Math.floor(STOP_TRIES / 2)]).toBeLessThanOrEqual(STOP_BAR_MS);
});

/**
 * Waits inside the page for the first words of an answer, presses the button at once, and gives the
 * milliseconds from there to the cell's new state.
 */
function stopWhileWriting(page: Page, button: string): Promise<number> {
  return page.evaluate(
    async ([name, promptLength]) => {
      const until = <T>(look: () => T | null | undefined) =>
        new Promise<T>((resolve) => {
          const check = () => {
            const found = look();
            if (found === null || found === undefined) return;
            observer.disconnect();
            resolve(found);
          };
          const observer = new MutationObserver(check);
          observer.observe(document.body, {
            subtree: true,
            childList: true,
            characterData: true,
            attributes: true,
          });
          check();
        });
      const cell = await until(() => {
        const running = document.querySelector('article[data-status="running"]');
        const text = running?.querySelector('[role="log"]')?.textContent.trim() ?? '';
        return text.length > promptLength + 3 ? running : null;
      });
      const target = [...document.querySelectorAll('button')].find(
        ({ ariaLabel, textContent }) => (ariaLabel ?? textContent.trim()) === name,
      );
      if (!target) throw new Error(`no button ${name}`);
      const from = performance.now();
      target.click();
      await until(() => (cell.getAttribute('data-status') === 'running' ? null : true));
      return performance.now() - from;
    },
    [button, PROMPT.length] as const,
  );
}
