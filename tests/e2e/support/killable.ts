/** A browser with a profile on disk that can die without a word, as when the power of its tab's owner ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chromium, type Browser, type Page } from '@playwright/test';
import { LAUNCH } from './browser.ts';

export class Killable {
  readonly #profile: string;
  #process: ChildProcess | null = null;
  #browser: Browser | null = null;

  /** @param profile folder on disk, the same for every life */
  constructor(profile: string) {
    this.#profile = profile;
  }

  /** Starts it, again where it died, and opens a page. */
  async start(): Promise<Page> {
    const own = ['--headless=new', '--remote-debugging-port=0', '--lang=es-ES', '--disable-gpu'];
    const args = [...LAUNCH.args, ...own, `--user-data-dir=${this.#profile}`, 'about:blank'];
    const child = spawn(LAUNCH.executablePath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    this.#browser = await chromium.connectOverCDP(await debuggingAddress(child));
    const [context] = this.#browser.contexts();
    if (context === undefined) throw new Error('a browser without a context');
    return context.newPage();
  }

  /** At once: nothing of it gets to say goodbye. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await this.#browser?.close().catch(() => undefined);
    // Its own children notice, and let go of the profile.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function debuggingAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /DevTools listening on (\S+)/u.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () => reject(new Error(`the browser did not start: ${said.slice(-500)}`)));
  });
}
