/** Where the classes that were opened are kept, each as the text of its `clase.json`. No method throws. */
import type { Failure } from '../domain/failure.ts';

export interface ClassTexts {
  /** Empty where nothing can be read. */
  all(): Promise<readonly string[]>;
  /** The failure where it could not be kept, else null. */
  put(id: string, text: string): Promise<Failure | null>;
  remove(id: string): Promise<void>;
}

/** For as long as the page is open. */
export function memoryClasses(): ClassTexts {
  const kept = new Map<string, string>();
  return {
    all: () => Promise.resolve([...kept.values()]),
    put: (id, text) => {
      kept.set(id, text);
      return Promise.resolve(null);
    },
    remove: (id) => {
      kept.delete(id);
      return Promise.resolve();
    },
  };
}
