import { isTerminal, type CellId, type CellState } from './cell.ts';
import type { Experiment } from './experiment.ts';
import { grid, type Grid } from './plan.ts';

export const RECORD_FORMAT = 'patio.run';
export const RECORD_VERSION = 1;

type Terminal = Extract<CellState, { status: 'done' | 'failed' | 'cancelled' }>;

/** A run at rest, in storage or in a file. */
export interface RunRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly version: typeof RECORD_VERSION;
  readonly id: string;
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly experiment: Experiment;
  /** Names of the columns' voices, in their order: the catalogue may have changed since. */
  readonly voices: readonly string[];
  /** Every cell of the grid, row-major. */
  readonly cells: readonly RecordedCell[];
}

export interface RecordedCell {
  readonly id: CellId;
  readonly rowId: string;
  readonly columnId: string;
  /** With its variables filled in. */
  readonly prompt: string;
  /** `queued` where the record was written before the cell came to its end. */
  readonly state: Terminal | { readonly status: 'queued' };
}

export type RunHeader = Pick<RunRecord, 'id' | 'title' | 'createdAt'>;

/** What a list of runs shows; small enough to be read for all of them. */
export interface RunSummary extends RunHeader {
  readonly rows: number;
  readonly voices: readonly string[];
  /** Cells that came to an end, of all. */
  readonly finished: number;
  readonly total: number;
}

/** A run as it stands: what has no end yet is kept as `queued`, and its text so far is not. */
export function toRecord(
  header: RunHeader,
  experiment: Experiment,
  voices: readonly string[],
  stateOf: (id: CellId) => CellState,
): RunRecord {
  const cells = grid(experiment).cells.map(({ id, row, column, prompt }) => {
    const state = stateOf(id);
    const kept: RecordedCell['state'] = isTerminal(state) ? state : { status: 'queued' };
    return { id, rowId: row.id, columnId: column.id, prompt, state: kept };
  });
  const { id, title, createdAt } = header;
  const { format, version } = { format: RECORD_FORMAT, version: RECORD_VERSION } as const;
  return { format, version, id, title, createdAt, experiment, voices, cells };
}

/** The grid and its states, so that a run at rest is shown by what shows one in flight. */
export interface OpenedRun extends Grid {
  readonly states: ReadonlyMap<CellId, CellState>;
}

/** A cell that never came to its end, because the page went away, is shown as cancelled. */
export function openRecord(record: RunRecord): OpenedRun {
  const { rows, cells } = grid(record.experiment);
  const interrupted: CellState = { status: 'cancelled', partial: null, at: record.createdAt };
  const states = record.cells.map(
    ({ id, state }) => [id, isTerminal(state) ? state : interrupted] as const,
  );
  return { rows, cells, states: new Map(states) };
}

export function summaryOf(record: RunRecord): RunSummary {
  const { id, title, createdAt, voices, cells } = record;
  const rows = new Set(cells.map((cell) => cell.rowId)).size;
  const finished = cells.filter((cell) => cell.state.status !== 'queued').length;
  return { id, title, createdAt, rows, voices, finished, total: cells.length };
}

const TITLE_CHARS = 60;

/** The first prompt in one line, shortened at a word; empty for a blank prompt. */
export function titleOf(experiment: Experiment): string {
  const line = (grid(experiment).cells[0]?.prompt ?? '').trim().replace(/\s+/gu, ' ');
  if (line.length <= TITLE_CHARS) return line;
  const cut = line.slice(0, TITLE_CHARS + 1);
  const space = cut.lastIndexOf(' ');
  const whole =
    space > TITLE_CHARS / 2 ? cut.slice(0, space) : [...line].slice(0, TITLE_CHARS).join('');
  return `${whole.replace(/[\s.,;:¿¡(«—-]+$/u, '')}…`;
}
