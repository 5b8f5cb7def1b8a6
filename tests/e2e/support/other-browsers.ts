/** Firefox and WebKit of the system, each driven by the protocol that it speaks itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { Builder, Capabilities } from 'selenium-webdriver';

/** A page in one of them. */
export interface OtherPage {
  goTo(url: string): Promise<void>;
  reload(): Promise<void>;
  /** What an expression of the page gives, awaited; plain data. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

export type Opening =
  | { readonly type: 'found'; readonly open: () => Promise<OtherPage> }
  | { readonly type: 'missing'; readonly what: string };

type Preferences = Readonly<Record<string, string | boolean>>;

const DRIVER_PORT = 4461;
const DISPLAY = ':77';
/** A command may wait for a model on a machine that is busy. */
const PATIENCE_MS = 180_000;

/** @param preferences of its `about:config` */
export function findFirefox(preferences: Preferences = {}): Opening {
  const path = process.env['PATIO_FIREFOX'] ?? findProgram('firefox-esr', 'firefox');
  if (path === null) return { type: 'missing', what: 'firefox-esr' };
  return { type: 'found', open: () => openFirefox(path, preferences) };
}

/** Debian's `webkit2gtk-driver`: it brings a small browser, which wants a screen. */
export function findWebKit(): Opening {
  const driver = findProgram('WebKitWebDriver');
  const browser = ['x86_64', 'aarch64']
    .flatMap((cpu) => ['4.1', '4.0'].map((version) => [cpu, version] as const))
    .map(([cpu, version]) => `/usr/lib/${cpu}-linux-gnu/webkit2gtk-${version}/MiniBrowser`)
    .find((path) => existsSync(path));
  const screen = findProgram('Xvfb');
  if (driver === null || browser === undefined) {
    return { type: 'missing', what: 'webkit2gtk-driver' };
  }
  if (screen === null) return { type: 'missing', what: 'xvfb' };
  return { type: 'found', open: () => openWebKit({ driver, browser, screen }) };
}

async function openFirefox(executablePath: string, own: Preferences): Promise<OtherPage> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    protocolTimeout: PATIENCE_MS,
    extraPrefsFirefox: { 'intl.accept_languages': 'es-ES', ...own },
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return {
    goTo: async (url) => {
      await page.goto(url);
    },
    reload: async () => {
      await page.reload();
    },
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}

interface WebKitPrograms {
  readonly driver: string;
  readonly browser: string;
  readonly screen: string;
}

async function openWebKit({ driver, browser, screen }: WebKitPrograms): Promise<OtherPage> {
  const display = start(screen, [DISPLAY, '-screen', '0', '1280x900x24', '-nolisten', 'tcp']);
  const server = start(driver, [`--port=${String(DRIVER_PORT)}`], { DISPLAY });
  const end = () => {
    server.kill();
    display.kill();
  };
  try {
    return await openSession(browser, end);
  } catch (error) {
    end();
    throw error;
  }
}

async function openSession(binary: string, end: () => void): Promise<OtherPage> {
  const capabilities = new Capabilities({
    browserName: 'MiniBrowser',
    'webkitgtk:browserOptions': { binary, args: ['--automation'] },
  });
  await untilItListens(`http://127.0.0.1:${String(DRIVER_PORT)}/status`);
  const session = await new Builder()
    .usingServer(`http://127.0.0.1:${String(DRIVER_PORT)}`)
    .withCapabilities(capabilities)
    .build();
  await session.manage().setTimeouts({ pageLoad: PATIENCE_MS, script: PATIENCE_MS });
  return {
    goTo: (url) => session.get(url),
    reload: () => session.navigate().refresh(),
    evaluate: (expression) => session.executeScript(`return (${expression})`),
    close: async () => {
      await session.quit().catch(() => undefined);
      end();
    },
  };
}

function start(
  path: string,
  args: readonly string[],
  own: Record<string, string> = {},
): ChildProcess {
  return spawn(path, args, { stdio: 'ignore', env: { ...process.env, ...own } });
}

async function untilItListens(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`nothing listens at ${url}`);
}

function findProgram(...names: readonly string[]): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
