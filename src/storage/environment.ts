/** What the browser gives this page; asked when somebody wants to know. */
import type { Environment } from '../domain/limits.ts';

/** The shortest module that takes a vector instruction: one function with an `i8x16.splat`. */
const VECTORS = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
]);
const DATABASE = 'patio-probe';
/** A private window may neither open nor refuse. */
const ANSWER_MS = 3000;

export async function readEnvironment(): Promise<Environment> {
  const storage = navigator.storage as StorageManager | undefined;
  const [files, database, estimate] = await Promise.all([
    askForFiles(storage),
    opensDatabase(),
    storage?.estimate().catch(() => undefined),
  ]);
  return {
    origin: location.origin,
    secure: isSecureContext,
    crossOriginIsolated,
    webGpu: 'gpu' in navigator,
    simd: WebAssembly.validate(VECTORS),
    serviceWorker: 'serviceWorker' in navigator,
    files,
    database,
    quotaBytes: estimate?.quota ?? null,
  };
}

async function askForFiles(storage: StorageManager | undefined): Promise<Environment['files']> {
  const asked = storage as Partial<StorageManager> | undefined;
  if (storage === undefined || asked?.getDirectory === undefined) return 'missing';
  return storage.getDirectory().then(
    () => 'given',
    () => 'refused',
  );
}

function opensDatabase(): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ANSWER_MS);
    try {
      const opening = indexedDB.open(DATABASE);
      opening.onerror = () => resolve(false);
      opening.onsuccess = () => {
        opening.result.close();
        indexedDB.deleteDatabase(DATABASE);
        resolve(true);
      };
    } catch {
      resolve(false);
    }
  });
}
