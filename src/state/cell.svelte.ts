import { advance, QUEUED, type CellId, type CellState, type RunEvent } from '../run/cell.ts';
import type { Values } from '../domain/prompt.ts';
import type { Column, Row } from '../run/experiment.ts';
import type { PlannedCell } from '../run/plan.ts';

/** One place of the grid; an event that touches it repaints it alone. */
export class Cell {
  readonly id: CellId;
  readonly row: Row;
  readonly column: Column;
  /** With its variables filled in. */
  readonly prompt: string;
  readonly fields: Values;
  #state = $state.raw<CellState>(QUEUED);

  constructor(planned: PlannedCell, state: CellState = QUEUED) {
    this.id = planned.id;
    this.row = planned.row;
    this.column = planned.column;
    this.prompt = planned.prompt;
    this.fields = planned.fields;
    this.#state = state;
  }

  get state(): CellState {
    return this.#state;
  }

  tell(event: RunEvent, at: number): void {
    this.#state = advance(this.#state, event, at);
  }

  /** Back to the queue, for a second run. */
  reset(): void {
    this.#state = QUEUED;
  }
}
