import type { CellId, RunEvent } from '../run/cell.ts';
import type { Token } from '../domain/token.ts';

/** Calls `work` at the next good moment to paint: the next animation frame, or at once in a test. */
export type Schedule = (work: () => void) => void;

type Tokens = Extract<RunEvent, { type: 'tokens' }>;
type Apply = (cell: CellId, event: RunEvent) => void;

/** Joins what arrives between two frames, so that a cell's text is painted at most once in each. */
export class Painter {
  readonly #schedule: Schedule;
  readonly #apply: Apply;
  readonly #waiting = new Map<CellId, { text: string; tokens: Token[] }>();
  #scheduled = false;

  constructor(schedule: Schedule, apply: Apply) {
    this.#schedule = schedule;
    this.#apply = apply;
  }

  /** Keeps the order of one cell's events: any other event brings its waiting text along first. */
  tell(cell: CellId, event: RunEvent): void {
    if (event.type === 'tokens') {
      this.#keep(cell, event);
      return;
    }
    this.#flush(cell);
    this.#apply(cell, event);
  }

  #keep(cell: CellId, event: Tokens): void {
    const waiting = this.#waiting.get(cell) ?? { text: '', tokens: [] };
    waiting.text += event.text;
    waiting.tokens.push(...event.tokens);
    this.#waiting.set(cell, waiting);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => this.#flushAll());
  }

  #flushAll(): void {
    this.#scheduled = false;
    for (const cell of [...this.#waiting.keys()]) this.#flush(cell);
  }

  #flush(cell: CellId): void {
    const waiting = this.#waiting.get(cell);
    if (!waiting) return;
    this.#waiting.delete(cell);
    this.#apply(cell, { type: 'tokens', ...waiting });
  }
}
