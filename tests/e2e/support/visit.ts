/** The page as a person meets it, in a browser that only evaluates expressions. */
import { expect } from '@playwright/test';
import type { Messages } from '../../../src/i18n/es.ts';
import type { OtherPage } from './other-browsers.ts';

/** Slow machines, and one thread of them. */
const WAIT_MS = 180_000;

export interface Told {
  readonly statuses: readonly string[];
  readonly texts: readonly string[];
  /** How long the first answer was each time it was seen to have grown. */
  readonly lengths: readonly number[];
}

/** In the page: the controls of a name, and what is written into a field as if it were typed. */
const HELPERS = `
  const isNamed = (el, name) => (el.ariaLabel ?? el.getAttribute('aria-label') ?? el.textContent).trim() === name;
  const named = (selector, name) => [...document.querySelectorAll(selector)].filter((el) => isNamed(el, name));
  const type = (field, text) => {
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
`;

export class Visit {
  readonly #page: OtherPage;
  readonly #t: Messages;

  constructor(page: OtherPage, t: Messages) {
    this.#page = page;
    this.#t = t;
  }

  async sees(text: string | RegExp): Promise<void> {
    const body = () => this.#do<string>('return document.body.innerText');
    const seen = expect.poll(body, { timeout: WAIT_MS, intervals: [500] });
    await (typeof text === 'string' ? seen.toContain(text) : seen.toMatch(text));
  }

  /** @param which of several of the same name */
  async press(name: string, which: 'first' | 'last' = 'first'): Promise<void> {
    const at = which === 'first' ? 0 : -1;
    await this.#until(`
      const button = named('button, [role="menuitem"]', ${JSON.stringify(name)}).at(${String(at)});
      button?.click();
      return button !== undefined`);
  }

  /** A control whose name goes on with what the page found out. */
  async pressStarting(name: string): Promise<void> {
    await this.#until(`
      const button = document.querySelector('button[aria-label^="${name}:"]');
      button?.click();
      return button !== null`);
  }

  async goTo(screen: 'compare' | 'models' | 'history'): Promise<void> {
    await this.#until(`
      const link = named('nav a', ${JSON.stringify(this.#t.nav[screen])})[0];
      link?.click();
      return link !== undefined`);
  }

  async write(prompt: string): Promise<void> {
    await this.#until(`
      const field = document.querySelector('textarea.prompt-text');
      if (field) type(field, ${JSON.stringify(prompt)});
      return field !== null`);
  }

  /** Runs what is in the composer to its end, and looks on while it is written. */
  async run(): Promise<Told> {
    const verb = JSON.stringify(this.#t.tasks['text-generation'].run);
    await this.#until(`
      const button = [...document.querySelectorAll('main button')].find((el) => el.textContent.trim().startsWith(${verb}));
      if (!button || document.querySelector('article[data-status="running"]')) return false;
      window.seenLengths = [];
      const look = () => {
        const length = document.querySelector('article [role="log"]')?.textContent.length ?? 0;
        if (length > (window.seenLengths.at(-1) ?? 0)) window.seenLengths.push(length);
      };
      new MutationObserver(look).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true });
      button.click();
      return true`);
    await this.#until(`
      const open = ['queued', 'loading', 'running', 'waiting'];
      const cells = [...document.querySelectorAll('article[data-status]')];
      return cells.length > 0 && cells.every((cell) => !open.includes(cell.dataset.status))`);
    const statuses = await this.#do<string[]>(
      `return [...document.querySelectorAll('article[data-status]')].map((cell) => cell.dataset.status)`,
    );
    const lengths = await this.#do<number[]>('return window.seenLengths');
    return { statuses, lengths, texts: await this.texts() };
  }

  texts(): Promise<string[]> {
    return this.#do(
      `return [...document.querySelectorAll('article [role="log"]')].map((log) => log.textContent)`,
    );
  }

  /** Through the file picker's own field: no driver here reaches into its dialog. */
  async pickFile(name: string, bytes: Uint8Array): Promise<void> {
    const text = JSON.stringify(Buffer.from(bytes).toString('base64'));
    await this.#until(`
      const input = document.querySelector('input[type="file"]:not([webkitdirectory])');
      if (!input) return false;
      const bytes = Uint8Array.from(atob(${text}), (char) => char.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], ${JSON.stringify(name)}, { type: 'application/zip' }));
      input.files = transfer.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
      return true`);
  }

  /** Prepares what was looked at, under this name, and waits until it is stored. */
  async prepare(name: string): Promise<void> {
    const label = JSON.stringify(this.#t.models.arrival.name);
    await this.#until(`
      const start = document.querySelector('.arrival button[type="submit"]:not([disabled])');
      const field = named('.arrival label', ${label})[0]?.control;
      if (!start || !field) return false;
      type(field, ${JSON.stringify(name)});
      start.click();
      return true`);
    await this.sees(this.#t.models.arrival.ready(name));
  }

  async #do<T>(body: string): Promise<T> {
    return (await this.#page.evaluate(`(() => { ${HELPERS} ${body} })()`)) as T;
  }

  async #until(body: string): Promise<void> {
    const options = { timeout: WAIT_MS, intervals: [500] };
    await expect.poll(() => this.#do<boolean>(body), options).toBe(true);
  }
}
