/** Memory of a page's process, as Linux counts it; other systems do not say how high it rose. */
import { readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

export interface Resident {
  /** Bytes in memory now, without the browser's own files, which lie in memory for all its processes. */
  now(): number;
  /** The most bytes since the process began, those files included. */
  peak(): number;
}

export const CAN_READ_MEMORY = process.platform === 'linux';

/** The process of the only page that is open, once it has loaded a model: the largest of the renderers. */
export async function residentOf(browser: Browser): Promise<Resident> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const ids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const [largest] = ids.sort((a, b) => field(b, 'VmRSS') - field(a, 'VmRSS'));
  if (largest === undefined) throw new Error('the browser names no renderer');
  return {
    now: () => field(largest, 'RssAnon') + field(largest, 'RssShmem'),
    peak: () => field(largest, 'VmHWM'),
  };
}

function field(pid: number, name: 'VmRSS' | 'VmHWM' | 'RssAnon' | 'RssShmem'): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`the system does not say ${name}`);
  return Number(kilobytes) * 1024;
}
