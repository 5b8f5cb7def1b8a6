import { tick } from 'svelte';

/** Once the page has followed the state: where the focus goes when what had it is gone. */
export async function focusAfter(selector: string): Promise<void> {
  await tick();
  document.querySelector<HTMLElement>(selector)?.focus();
}
