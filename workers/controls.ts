/** What a task may ask of the engine while it works. */
import type { CellId } from '../src/run/cell.ts';

export interface Controls {
  /** Whether somebody asked this cell to end. */
  isStopped(cell: CellId): boolean;
  /** Lets messages in; called between runs of the graph. */
  readonly breathe: () => Promise<void>;
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
}
