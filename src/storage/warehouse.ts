/** What the browser tells of its storage as a whole. */
import type { PackageStore } from './packages.ts';
import { verifyPackage, type OnVerified } from './verify.ts';

/** Chromium alone says what takes the room; the cache of the app is one line of it. */
type Estimate = StorageEstimate & { usageDetails?: { caches?: number } };

export function browserWarehouse(packages: PackageStore) {
  // Only secure contexts have one.
  const storage = navigator.storage as StorageManager | undefined;
  return {
    persisted: async () => (await storage?.persisted().catch(() => null)) ?? null,
    persist: async () => (await storage?.persist().catch(() => false)) ?? false,
    appBytes: async () => {
      const estimate: Estimate | undefined = await storage?.estimate().catch(() => undefined);
      return estimate?.usageDetails?.caches ?? null;
    },
    verify: (id: string, signal: AbortSignal, onBytes: OnVerified) =>
      verifyPackage(packages, id, signal, onBytes),
  };
}
