import type { Page } from '@playwright/test';

/** One change of one cell, as the page painted it. */
export interface Moment {
  /** Milliseconds on the page's own clock. */
  readonly at: number;
  readonly cell: string;
  readonly status: string;
  /** Length of the text shown, prompt included. */
  readonly chars: number;
}

/** Writes down every change of every cell from here on. */
export async function watchCells(page: Page): Promise<void> {
  await page.evaluate(() => {
    const trace: Moment[] = [];
    const last = new WeakMap<Element, string>();
    const look = () => {
      for (const cell of document.querySelectorAll<HTMLElement>('article[data-status]')) {
        const status = cell.dataset['status'] ?? '';
        const chars = cell.querySelector('[role="log"]')?.textContent.length ?? 0;
        if (last.get(cell) === `${status} ${String(chars)}`) continue;
        last.set(cell, `${status} ${String(chars)}`);
        trace.push({ at: performance.now(), cell: cell.ariaLabel ?? '', status, chars });
      }
    };
    look();
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ['data-status'],
    });
    Object.assign(window, { cellTrace: trace });
  });
}

export function traceOf(page: Page): Promise<Moment[]> {
  return page.evaluate(() => (window as unknown as { cellTrace: Moment[] }).cellTrace);
}
