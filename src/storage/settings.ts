import type { Failure } from '../domain/failure.ts';
import { storageFailure } from './storage-failure.ts';

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
