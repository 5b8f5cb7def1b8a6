import type { Failure } from '../domain/failure.ts';

/**
 * Small texts that are needed before the first paint: theme, language, the draft being written.
 * No method throws.
 */
export interface SmallStorage {
  /** null where nothing was written, or nothing can be read. */
  read(key: string): string | null;
  /** The failure where it could not be kept, else null. */
  write(key: string, text: string): Failure | null;
}

const PREFIX = 'patio.';

/** @param open gives the page's `localStorage`; reading that property throws where it is forbidden */
export function browserSettings(open: () => Storage): SmallStorage {
  return {
    read(key) {
      try {
        return open().getItem(PREFIX + key);
      } catch {
        return null;
      }
    },
    write(key, text) {
      try {
        open().setItem(PREFIX + key, text);
        return null;
      } catch (error) {
        return storageFailure(error);
      }
    },
  };
}

export function memorySettings(): SmallStorage {
  const texts = new Map<string, string>();
  return {
    read: (key) => texts.get(key) ?? null,
    write(key, text) {
      texts.set(key, text);
      return null;
    },
  };
}

/** What a refusal of the browser's storage means. */
export function storageFailure(error: unknown): Failure {
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError' || name === 'NS_ERROR_DOM_QUOTA_REACHED') {
    return { code: 'storage-full' };
  }
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'storage-unavailable', detail };
}
