import { describe, expect, it, vi } from 'vitest';
import { Kept, type OnLoading } from '../../../workers/kept.ts';

const never = new AbortController().signal;
const quiet = () => undefined;

/** A load that goes on until it is told how it ends. */
function slow() {
  let resolve: (text: string) => void = quiet;
  let reject: (error: Error) => void = quiet;
  const promise = new Promise<string>((...ends) => ([resolve, reject] = ends));
  let tell: OnLoading = quiet;
  const start = vi.fn((signal: AbortSignal, onLoading: OnLoading) => {
    tell = onLoading;
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    return promise;
  });
  return { start, resolve, reject, tell: (bytes: number) => tell('weights', bytes, 10) };
}

describe('Kept', () => {
  it('loads once for everybody, and keeps what it loaded', async () => {
    const kept = new Kept<string>();
    const { start, resolve } = slow();
    const both = [kept.get('a', never, quiet, start), kept.get('a', never, quiet, start)];
    resolve('A');
    expect(await Promise.all(both)).toEqual(['A', 'A']);
    expect(await kept.get('a', never, quiet, start)).toBe('A');
    expect(start).toHaveBeenCalledOnce();
    expect(await kept.get('b', never, quiet, () => Promise.resolve('B'))).toBe('B');
  });

  it('tells its progress to those who join, from where it is', async () => {
    const kept = new Kept<string>();
    const { start, resolve, tell } = slow();
    const first = vi.fn();
    const late = vi.fn();
    const loads = [kept.get('a', never, first, start)];
    tell(3);
    loads.push(kept.get('a', never, late, start));
    tell(7);
    resolve('A');
    await Promise.all(loads);
    expect(first.mock.calls.map(([, bytes]) => bytes as number)).toEqual([3, 7]);
    expect(late.mock.calls.map(([, bytes]) => bytes as number)).toEqual([3, 7]);
  });

  it('lets one go without ending the load of the other', async () => {
    const kept = new Kept<string>();
    const { start, resolve } = slow();
    const leaving = new AbortController();
    const stays = kept.get('a', never, quiet, start);
    const leaves = kept.get('a', leaving.signal, quiet, start);
    leaving.abort();
    await expect(leaves).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    resolve('A');
    expect(await stays).toBe('A');
  });

  it('ends a load that nobody waits for, and begins anew for the next', async () => {
    const kept = new Kept<string>();
    const { start } = slow();
    const leaving = new AbortController();
    const left = kept.get('a', leaving.signal, quiet, start);
    leaving.abort();
    await expect(left).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(start.mock.calls[0]?.[0].aborted).toBe(true);
    expect(await kept.get('a', never, quiet, () => Promise.resolve('again'))).toBe('again');
  });

  it('forgets what failed', async () => {
    const kept = new Kept<string>();
    const { start, reject } = slow();
    const failing = kept.get('a', never, quiet, start);
    reject(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    expect(await kept.get('a', never, quiet, () => Promise.resolve('A'))).toBe('A');
  });
});
