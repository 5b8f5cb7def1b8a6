/** The builder inside its Worker: one verb at a time, its outcome as data. */
import { toFailure } from '../src/domain/failure.ts';
import type { BuilderSurface, Outcome } from '../src/engine/build-channel.ts';
import { openSource } from '../src/sources/open.ts';
import { preflight } from '../src/sources/preflight.ts';
import type { DownloadStore } from '../src/storage/downloads.ts';
import type { PackageStore } from '../src/storage/packages.ts';
import { isAbort } from './boundary.ts';
import { build } from './build.ts';
import { checkPackage } from './self-check.ts';

export function createBuilderSurface(
  store: PackageStore,
  downloads: DownloadStore,
): BuilderSurface {
  const controller = new AbortController();
  const { signal } = controller;
  return {
    inspect: (origin, device) =>
      outcome(async () => {
        const { freeBytes } = await store.usage();
        return preflight(await openSource(origin, signal), device, signal, freeBytes);
      }),
    build: (order, tell) => outcome(() => build(order, store, tell, signal, downloads)),
    check: (order, tell) =>
      outcome(async () => {
        const check = await checkPackage(order, () => store, tell, signal);
        await store.update(order.stored, { check });
        return check;
      }),
    cancel: () => controller.abort(),
  };
}

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { status: 'done', value: await work() };
  } catch (error) {
    if (isAbort(error)) return { status: 'cancelled' };
    return { status: 'failed', failure: toFailure(error) };
  }
}
