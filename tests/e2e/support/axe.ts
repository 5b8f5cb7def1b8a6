import axe, { type AxeResults } from 'axe-core';
import { expect, type Page } from '@playwright/test';
import type { Patio } from './patio.ts';

/** What axe finds, one line per fault: the rule and where. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id} ${String(target)}`),
  );
}

/** A colour on its way to another is neither. */
async function atRest(page: Page): Promise<void> {
  const moving = () => page.evaluate(() => document.getAnimations().length);
  await expect.poll(moving).toBe(0);
}

/** Looks at the page in both lights. */
export async function inspect(patio: Patio, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await patio.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await atRest(patio.page);
    expect.soft(await faultsOf(patio.page), `${what}, ${colorScheme}`).toEqual([]);
  }
}
