import type { Failure } from '../domain/failure.ts';
import type { RunRecord } from '../run/record.ts';
import type { RunStorage } from '../storage/runs.ts';

/**
 * Writes a run's record after each change, one write at a time. Changes that come while a write is
 * under way share the next one, so a slow disk never builds a queue.
 */
export class Saver {
  readonly #storage: RunStorage;
  readonly #report: (failure: Failure | null) => void;
  #wanted: (() => RunRecord) | null = null;
  #writing: Promise<void> | null = null;
  #closed = false;

  /** @param report hears of every write: its failure, or null */
  constructor(storage: RunStorage, report: (failure: Failure | null) => void) {
    this.#storage = storage;
    this.#report = report;
  }

  /** @param snapshot taken when the write begins */
  save(snapshot: () => RunRecord): void {
    if (this.#closed) return;
    this.#wanted = snapshot;
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Nothing is written from here on: the run is being deleted. */
  close(): Promise<void> {
    this.#closed = true;
    this.#wanted = null;
    return this.settled();
  }

  async #write(): Promise<void> {
    while (this.#wanted) {
      const snapshot = this.#wanted;
      this.#wanted = null;
      const stored = await this.#storage.put(snapshot());
      this.#report(stored.ok ? null : stored.failure);
    }
  }
}
