import { expect, type Locator, type Page } from '@playwright/test';
import { catalogue } from '../../../models.config.ts';
import type { BackendChoice } from '../../../src/domain/device.ts';
import { voiceName, type Voice } from '../../../src/domain/model.ts';
import { DEFAULT_PARAMS, type Params } from '../../../src/domain/params.ts';
import { en } from '../../../src/i18n/en.ts';
import { es, type Messages } from '../../../src/i18n/es.ts';
import type { Experiment } from '../../../src/run/experiment.ts';

export const BASE: Voice = { model: 'gorrion', adapter: null };

export function tuned(voice: string): Voice {
  return { model: 'gorrion', adapter: `gorrion/${voice}` };
}

export function nameOf(voice: Voice): string {
  return voiceName(catalogue, voice);
}

export interface Draft {
  readonly prompts?: readonly string[];
  readonly voices?: readonly Voice[];
  readonly params?: Partial<Params>;
  readonly backend?: BackendChoice;
}

const DEFAULT_PROMPT = 'Había una vez';

/** What a person would have typed and chosen, as the page keeps it between visits. */
function experimentOf({
  prompts = [DEFAULT_PROMPT],
  voices = [BASE],
  params = {},
  backend = 'auto',
}: Draft) {
  const experiment: Experiment = {
    task: 'text-generation',
    prompts: prompts.map((text, index) => ({
      id: `p${String(index)}`,
      text,
      table: [],
      fields: {},
      history: [],
    })),
    columns: voices.map((voice, index) => ({ id: `c${String(index)}`, voice, overrides: {} })),
    params: { ...DEFAULT_PARAMS, maxTokens: 16, ...params },
    backend,
  };
  return experiment;
}

/** The page as a person meets it: by roles and by the words of the interface. */
export class Patio {
  readonly page: Page;
  readonly t: Messages;

  constructor(page: Page, locale: 'es' | 'en' = 'es') {
    this.page = page;
    this.t = { es, en }[locale];
  }

  /** @param draft what is in the composer; without one the visit is a first one */
  async open(draft?: Draft, address = './'): Promise<void> {
    if (draft) await this.#remember('draft', JSON.stringify(experimentOf(draft)));
    await this.page.goto(address);
    await expect(this.prompt(1, draft?.prompts?.length)).toBeVisible();
  }

  async speak(locale: 'es' | 'en'): Promise<Patio> {
    await this.#remember('locale', locale);
    return new Patio(this.page, locale);
  }

  /** Written before the page reads it, and only once: a reload finds what the page wrote since. */
  async #remember(key: string, text: string): Promise<void> {
    await this.page.addInitScript(
      ([name, value]) => {
        if (localStorage.getItem(name) === null) localStorage.setItem(name, value);
      },
      [`patio.${key}`, text] as const,
    );
  }

  prompt(n = 1, total = 1): Locator {
    const name = this.t.composer.label(this.t.tasks['text-generation'].label, n, total);
    return this.page.getByRole('textbox', { name, exact: true });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  get runButton(): Locator {
    const composer = this.page.getByRole('region', { name: this.t.composer.region });
    return composer.getByRole('button', {
      name: new RegExp(`^${this.t.tasks['text-generation'].run}`, 'u'),
    });
  }

  get stopButton(): Locator {
    const composer = this.page.getByRole('region', { name: this.t.composer.region });
    return composer.getByRole('button', { name: this.t.composer.stop, exact: true });
  }

  async run(): Promise<void> {
    await this.runButton.click();
  }

  /** Cells in the order of the grid. */
  get cells(): Locator {
    return this.page.getByRole('article');
  }

  /** @param row of several, where there are several */
  cell(voice: Voice, row = 1, rows = 1): Locator {
    const name = this.t.cell.label(nameOf(voice), row, rows);
    return this.page.getByRole('article', { name, exact: true });
  }

  /** Waits until every cell on screen has come to its end. */
  async settled(timeout = 120_000): Promise<void> {
    await expect(this.cells.first()).toBeVisible();
    const open = ['queued', 'loading', 'running', 'waiting'];
    const selector = open.map((status) => `article[data-status="${status}"]`).join();
    await expect(this.page.locator(selector)).toHaveCount(0, { timeout });
  }

  /** Waits until every cell is done, and fails as soon as one ended otherwise. */
  async allDone(): Promise<void> {
    await this.settled();
    const statuses = await this.cells.evaluateAll((cells) =>
      cells.map((cell) => (cell as HTMLElement).dataset['status']),
    );
    expect(new Set(statuses)).toEqual(new Set(['done']));
  }

  async texts(): Promise<string[]> {
    return this.cells.getByRole('log').allTextContents();
  }

  async goTo(screen: 'compare' | 'models' | 'class' | 'history'): Promise<void> {
    const sections = this.page.getByRole('navigation', { name: this.t.nav.label });
    await sections.getByRole('link', { name: this.t.nav[screen] }).click();
  }

  /** Picks an entry of an open menu. */
  async pick(name: string): Promise<void> {
    await this.page.getByRole('menuitem', { name, exact: true }).click();
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }
}

export async function textOf(cell: Locator): Promise<string> {
  return (await cell.getByRole('log').textContent()) ?? '';
}

export async function expectStatus(cell: Locator, status: string, timeout = 60_000): Promise<void> {
  await expect(cell).toHaveAttribute('data-status', status, { timeout });
}
