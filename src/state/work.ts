import type { CellId } from '../run/cell.ts';

/** One stretch of work: a whole run, or one cell run again. Holds no runes: nothing of it is shown. */
export class Work {
  readonly #all = new AbortController();
  readonly #cells: ReadonlyMap<CellId, AbortController>;
  readonly #held = new Set<CellId>();

  constructor(ids: readonly CellId[]) {
    this.#cells = new Map(ids.map((id) => [id, new AbortController()]));
  }

  get ids(): readonly CellId[] {
    return [...this.#cells.keys()];
  }

  /** Ends all of it. */
  get signal(): AbortSignal {
    return this.#all.signal;
  }

  /** End one cell each. */
  get cellSignals(): ReadonlyMap<CellId, AbortSignal> {
    return new Map([...this.#cells].map(([id, { signal }]) => [id, signal]));
  }

  /** Part of this work, and not called off. */
  wants(id: CellId): boolean {
    return !this.signal.aborted && this.#cells.get(id)?.signal.aborted === false;
  }

  has(id: CellId): boolean {
    return this.#cells.has(id);
  }

  abort(): void {
    this.#all.abort();
  }

  abortCell(id: CellId): void {
    this.#cells.get(id)?.abort();
  }

  /** The engine has these at this moment: they end by its word. */
  hold(ids: readonly CellId[]): void {
    for (const id of ids) this.#held.add(id);
  }

  release(ids: readonly CellId[]): void {
    for (const id of ids) this.#held.delete(id);
  }

  holds(id: CellId): boolean {
    return this.#held.has(id);
  }
}
