import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import { PLAIN_PORT, SITE_PORT } from '../ports.ts';
import { Patio } from './patio.ts';

/** What the page asked for and complained about, from its opening to the end of the test. */
export class Watch {
  /** Addresses in the order they were asked for, by the page and by its Workers. */
  readonly requests: string[] = [];
  readonly faults: string[] = [];
  #open = 0;
  #forgiven: readonly RegExp[] = [];
  #allowed: readonly string[] = [];

  /** For tests that break something on purpose. */
  forgive(...faults: readonly RegExp[]): void {
    this.#forgiven = [...this.#forgiven, ...faults];
  }

  /** For tests in which a person points to another server. */
  allow(origin: string): void {
    this.#allowed = [...this.#allowed, `${origin}/`];
  }

  /** Requests that have no answer yet. */
  get open(): number {
    return this.#open;
  }

  requestsFor(part: string): string[] {
    return this.requests.filter((url) => url.includes(part));
  }

  get unforgiven(): string[] {
    return this.faults.filter((fault) => !this.#forgiven.some((known) => known.test(fault)));
  }

  get foreign(): string[] {
    const own = [SITE_PORT, PLAIN_PORT].map((port) => `http://localhost:${String(port)}/patio/`);
    const known = [...own, ...this.#allowed];
    const isOwn = (url: string) =>
      /^(data|blob):/u.test(url) || known.some((at) => url.startsWith(at));
    return this.requests.filter((url) => !isOwn(url));
  }

  attend(context: BrowserContext): void {
    context.on('request', (request) => {
      this.requests.push(request.url());
      this.#open += 1;
    });
    context.on('requestfinished', () => (this.#open -= 1));
    context.on('requestfailed', () => (this.#open -= 1));
    context.on('page', (page) => {
      this.#observe(page);
    });
  }

  #observe(page: Page): void {
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(message.text());
    });
  }
}

/** Every test fails that asks anything of another origin, or leaves an error on the console. */
export const test = base.extend<{ watch: Watch; patio: Patio }>({
  watch: [
    async ({ context }, use) => {
      const watch = new Watch();
      watch.attend(context);
      await use(watch);
      expect(watch.foreign, 'requests to another origin').toEqual([]);
      expect(watch.unforgiven, 'errors on the console').toEqual([]);
    },
    { auto: true },
  ],
  // The watch comes first, so that it sees the page being opened.
  patio: async ({ watch, page }, use) => {
    expect(watch.requests).toEqual([]);
    await use(new Patio(page));
  },
});

export { expect };
