import type { LoadPhase } from '../src/run/cell.ts';

export type OnLoading = (phase: LoadPhase, loadedBytes: number, totalBytes: number) => void;

type Start<T> = (signal: AbortSignal, onLoading: OnLoading) => Promise<T>;

/**
 * What is loaded once and kept, by key. Whoever asks while a load is under way joins it and hears of
 * its progress. A load ends early when nobody waits for it any more; one that failed is forgotten, so
 * that the next to ask may try again.
 */
export class Kept<T> {
  readonly #loads = new Map<string, Load<T>>();

  /** @param signal ends the wait, and the load where nobody else waits; rejects with an AbortError */
  get(key: string, signal: AbortSignal, onLoading: OnLoading, start: Start<T>): Promise<T> {
    const known = this.#loads.get(key);
    const load = known === undefined || known.abandoned ? this.#begin(key, start) : known;
    return load.join(signal, onLoading);
  }

  #begin(key: string, start: Start<T>): Load<T> {
    const load = new Load(start);
    this.#loads.set(key, load);
    load.result.catch(() => {
      if (this.#loads.get(key) === load) this.#loads.delete(key);
    });
    return load;
  }
}

class Load<T> {
  readonly result: Promise<T>;
  readonly #controller = new AbortController();
  readonly #listeners = new Set<OnLoading>();
  #last: Parameters<OnLoading> | null = null;
  #ended = false;

  constructor(start: Start<T>) {
    this.result = start(this.#controller.signal, (...progress) => {
      this.#last = progress;
      for (const tell of this.#listeners) tell(...progress);
    }).finally(() => (this.#ended = true));
  }

  get abandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  async join(signal: AbortSignal, onLoading: OnLoading): Promise<T> {
    if (this.#ended) return this.result;
    // One entry per wait, even where two of them listen with the same function.
    const tell: OnLoading = (...progress) => onLoading(...progress);
    this.#listeners.add(tell);
    if (this.#last !== null) tell(...this.#last);
    const leaving = leave(signal);
    try {
      return await Promise.race([this.result, leaving.left]);
    } finally {
      leaving.undo();
      this.#listeners.delete(tell);
      if (!this.#ended && this.#listeners.size === 0) this.#controller.abort();
    }
  }
}

/** Rejects with the signal's reason once it aborts. */
function leave(signal: AbortSignal): { left: Promise<never>; undo: () => void } {
  let undo: () => void = () => undefined;
  const left = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    undo = () => signal.removeEventListener('abort', abort);
  });
  return { left, undo };
}
