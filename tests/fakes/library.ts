import type { Preflight } from '../../src/domain/preflight.ts';
import type { BuildProgress } from '../../src/domain/build.ts';
import type { Builder, BuildOrder } from '../../src/engine/builder.ts';
import type { PackageStore, StoredPackage } from '../../src/storage/packages.ts';

/** A store that holds entries and no files. */
export function memoryPackages(entries: readonly StoredPackage[] = []): PackageStore {
  let kept = [...entries];
  return {
    list: () => Promise.resolve([...kept]),
    draft: () => Promise.reject(new Error('nothing is built here')),
    read: () => Promise.reject(new Error('no files here')),
    files: () => Promise.resolve([]),
    update: (id, change) => {
      kept = kept.map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
      return Promise.resolve();
    },
    remove: (id) => {
      kept = kept.filter((entry) => entry.id !== id);
      return Promise.resolve();
    },
    usage: () => Promise.resolve({ usedBytes: kept.length * 1_000_000, freeBytes: 5_000_000_000 }),
    sweep: () => Promise.resolve(0),
  };
}

export interface BuilderScript {
  readonly preflight?: () => Promise<Preflight>;
  readonly build?: (
    order: BuildOrder,
    signal: AbortSignal,
    tell: (progress: BuildProgress) => void,
  ) => Promise<StoredPackage>;
}

/** A builder that says what it is told to say. */
export function scriptedBuilder(script: BuilderScript = {}): Builder {
  const unasked = () => Promise.reject(new Error('not in the script'));
  return {
    inspect: () => (script.preflight ?? unasked)(),
    build: (order, _, signal, tell) => (script.build ?? unasked)(order, signal, tell),
  };
}
