import type { Failure } from '../domain/failure.ts';
import { isTerminalEvent, type CellId } from '../run/cell.ts';
import type { CellEvent } from './engine.ts';

/** Holds the law of `Engine.run`: every cell gets exactly one last event, and nothing after it. */
export class Ledger {
  readonly #open: Set<CellId>;
  readonly #emit: (event: CellEvent) => void;

  constructor(cells: Iterable<CellId>, emit: (event: CellEvent) => void) {
    this.#open = new Set(cells);
    this.#emit = emit;
  }

  /** Cells without a last event. */
  get open(): readonly CellId[] {
    return [...this.#open];
  }

  get settled(): boolean {
    return this.#open.size === 0;
  }

  isOpen(cell: CellId): boolean {
    return this.#open.has(cell);
  }

  /** Passes an event on, unless it speaks of a stranger or comes after the end. */
  accept(entry: CellEvent): void {
    if (!this.#open.has(entry.cell)) return;
    if (isTerminalEvent(entry.event)) this.#open.delete(entry.cell);
    this.#emit(entry);
  }

  cancel(cell: CellId): void {
    this.accept({ cell, event: { type: 'cancelled' } });
  }

  /** Fails whatever is still open. */
  failRest(failure: Failure): void {
    for (const cell of this.open) this.accept({ cell, event: { type: 'failed', failure } });
  }
}
