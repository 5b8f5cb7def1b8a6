import { expect, type Page } from '@playwright/test';
import type { Patio } from './patio.ts';

/** WCAG 2.2, 2.5.8: smallest side of what is tapped, in CSS pixels. */
const TARGET_PX = 24;

async function expectNoSidewaysScroll(page: Page, what: string): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect.soft(over, what).toBeLessThanOrEqual(0);
  await page.evaluate(() => {
    window.scrollTo(100, 0);
  });
  expect.soft(await page.evaluate(() => window.scrollX), what).toBe(0);
}

/** Controls that are seen and too small to be hit by a finger. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate((least) => {
    const controls = document.querySelectorAll<HTMLElement>(
      'button, a[href], input:not([type="hidden"], .visually-hidden), summary, [role="menuitem"]',
    );
    return (
      [...controls]
        .filter((control) => control.checkVisibility({ visibilityProperty: true }))
        .map((control) => ({ control, box: control.getBoundingClientRect() }))
        .filter(({ box }) => box.right > 0 && box.bottom > 0)
        .filter(({ box }) => Math.min(box.width, box.height) < least)
        // A radio button is hit through its label.
        .filter(({ control }) => (control.closest('label')?.offsetHeight ?? 0) < least)
        .map(({ control, box }) => {
          const name = control.ariaLabel ?? control.textContent.trim();
          return `${name} ${String(box.width)}×${String(box.height)}`;
        })
    );
  }, TARGET_PX);
}

/** Nothing sideways to scroll to, nothing too small to tap. */
export async function expectFits(patio: Patio, what: string): Promise<void> {
  await expectNoSidewaysScroll(patio.page, what);
  expect.soft(await smallTargets(patio.page), what).toEqual([]);
}
