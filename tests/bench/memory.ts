import { readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

const EVERY_MS = 40;

export interface MemorySample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Resident bytes of the heaviest renderer: JavaScript, wasm, buffers and what it shares. */
  readonly resident: number;
  /** Of those, the ones that are its alone. */
  readonly own: number;
}

/** Watches the browser's renderers from outside until it is told to stop. Linux only. */
export async function watchMemory(browser: Browser): Promise<() => readonly MemorySample[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  await session.detach();
  const samples: MemorySample[] = [];
  const look = () => {
    const found = renderers.map(statusOf).sort((a, b) => b.resident - a.resident);
    if (found[0]) samples.push({ at: Date.now(), ...found[0] });
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    return samples;
  };
}

function statusOf(pid: number): { resident: number; own: number } {
  const text = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'mu').exec(text)?.[1] ?? 0) * 1024;
  return { resident: bytes('VmRSS'), own: bytes('RssAnon') };
}
