import { expect, type Locator, type Page } from '@playwright/test';
import type { TaskId } from '../../../src/domain/model.ts';
import type { Patio } from './patio.ts';

/** What the browser keeps of brought models: folders of files, finished or not, and entries of the list. */
export interface Kept {
  readonly folders: readonly string[];
  readonly entries: readonly string[];
}

/** The Modelos screen as a person meets it. */
export class Models {
  readonly patio: Patio;
  readonly page: Page;

  constructor(patio: Patio) {
    this.patio = patio;
    this.page = patio.page;
  }

  get t() {
    return this.patio.t.models;
  }

  async open(): Promise<void> {
    await this.patio.goTo('models');
    await expect(this.page.getByRole('heading', { level: 1, name: this.t.title })).toBeVisible();
  }

  /** Through the folder picker. @param folder on disk */
  async bringFolder(folder: string): Promise<void> {
    await this.page.locator('input[webkitdirectory]').setInputFiles(folder);
  }

  /** Through the file picker. @param files on disk */
  async bringFiles(...files: readonly string[]): Promise<void> {
    await this.page.locator('input[type="file"]:not([webkitdirectory])').setInputFiles(files);
  }

  /** What the browser itself does when a file or folder of the desktop is let go over the page. */
  async drop(path: string): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
    }
    await session.detach();
  }

  async lookUp(repo: string, endpoint: string): Promise<void> {
    const { bring } = this.t;
    const address = this.page.getByLabel(bring.endpoint, { exact: true });
    if (!(await address.isVisible())) await this.page.getByText(bring.more).click();
    await address.fill(endpoint);
    await this.page.getByLabel(bring.repo, { exact: true }).fill(repo);
    await this.patio.button(bring.look).first().click();
  }

  /** What is on its way. */
  get arrival(): Locator {
    return this.page.getByRole('region', { name: this.t.arrival.region });
  }

  /** What preflight says of it, once it has been looked at. */
  fact(term: string): Locator {
    const row = this.arrival.locator('dl > div', {
      has: this.page.locator('dt', { hasText: new RegExp(`^${term}$`, 'u') }),
    });
    return row.locator('dd');
  }

  get start(): Locator {
    return this.arrival.locator('button[type="submit"]');
  }

  /** Prepares what was looked at, under another name where one is given. */
  async prepare(name?: string): Promise<void> {
    if (name !== undefined) {
      await this.arrival.getByLabel(this.t.arrival.name, { exact: true }).fill(name);
    }
    await this.start.click();
  }

  async ready(name: string): Promise<void> {
    const done = this.arrival.getByRole('heading', { name: this.t.arrival.ready(name) });
    const failed = this.arrival.locator('.refused');
    await expect(done.or(failed).first()).toBeVisible({ timeout: 120_000 });
    await expect(failed).toHaveCount(0);
    await expect(done).toBeVisible();
  }

  /** Brings a folder to the end. */
  async add(folder: string, name: string): Promise<void> {
    await this.bringFolder(folder);
    await expect(this.start).toBeEnabled();
    await this.prepare(name);
    await this.ready(name);
  }

  /** The line of a stored model. */
  stored(name: string): Locator {
    const title = this.page.getByRole('heading', { level: 3, name, exact: true });
    const list = this.page.getByRole('region', { name: this.t.here.title });
    return list.getByRole('listitem').filter({ has: title });
  }

  async expectChecked(name: string): Promise<void> {
    await expect(this.stored(name).getByText(this.t.here.passed, { exact: true })).toBeVisible();
  }

  async tryIt(name: string): Promise<void> {
    await this.stored(name)
      .getByRole('button', { name: this.t.here.useOne(name) })
      .click();
    await expect(this.page.locator('textarea.prompt-text').first()).toBeFocused();
  }

  /** One sentence in the interface's language, in the place of what was on its way. */
  get refusal(): Locator {
    return this.page
      .locator('.arrival .refused, .arrival li.stop, .bring .refused')
      .filter({ visible: true });
  }

  kept(): Promise<Kept> {
    return this.page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const home = await root.getDirectoryHandle('packages', { create: true });
      const folders: string[] = [];
      for await (const name of home.keys()) folders.push(name);
      const entries = await new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('patio-package-index');
        opening.onerror = () => reject(new Error('no index'));
        opening.onupgradeneeded = () => opening.result.createObjectStore('entries');
        opening.onsuccess = () => {
          const database = opening.result;
          const keys = database.transaction('entries').objectStore('entries').getAllKeys();
          keys.onsuccess = () => {
            database.close();
            resolve(keys.result.map(String));
          };
          keys.onerror = () => reject(new Error('no keys'));
        };
      });
      return { folders, entries };
    });
  }

  async expectNothingKept(): Promise<void> {
    await expect.poll(() => this.kept()).toEqual({ folders: [], entries: [] });
  }
}

/** The compare screen for any task. */
export class Asking {
  readonly patio: Patio;
  readonly task: TaskId;

  constructor(patio: Patio, task: TaskId) {
    this.patio = patio;
    this.task = task;
  }

  /** @param n of several, where there are several */
  prompt(n = 1, total = 1): Locator {
    const { t, page } = this.patio;
    const name = t.composer.label(t.tasks[this.task].label, n, total);
    return page.getByRole('textbox', { name, exact: true });
  }

  /** Writes the texts, runs them and waits for the end. */
  async ask(...texts: readonly string[]): Promise<void> {
    const { t, page } = this.patio;
    for (let n = 1; n < texts.length; n += 1) await this.patio.button(t.composer.add).click();
    for (const [index, text] of texts.entries()) {
      await this.prompt(index + 1, texts.length).fill(text);
    }
    const composer = page.getByRole('region', { name: t.composer.region });
    await composer
      .getByRole('button', { name: new RegExp(`^${t.tasks[this.task].run}`, 'u') })
      .click();
    await this.patio.allDone();
  }

  /** By the names on screen. */
  cell(voice: string, row = 1, rows = 1): Locator {
    const name = this.patio.t.cell.label(voice, row, rows);
    return this.patio.page.getByRole('article', { name, exact: true });
  }

  async answer(voice: string, row = 1, rows = 1): Promise<string> {
    return (await this.cell(voice, row, rows).getByRole('log').textContent()) ?? '';
  }
}
