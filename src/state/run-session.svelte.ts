import type { Failure } from '../domain/failure.ts';
import { isTerminal, QUEUED, type CellId, type CellState, type RunEvent } from '../run/cell.ts';
import type { Experiment } from '../run/experiment.ts';
import type { Batch, Grid, PlannedCell } from '../run/plan.ts';
import { toRecord, type RunHeader, type RunRecord } from '../run/record.ts';
import { Cell } from './cell.svelte.ts';
import { Painter, type Schedule } from './painter.ts';
import { Work } from './work.ts';

interface SessionOptions {
  readonly header: RunHeader;
  readonly experiment: Experiment;
  readonly voices: readonly string[];
  readonly grid: Grid;
  readonly states?: ReadonlyMap<CellId, CellState>;
  readonly clock: () => number;
  readonly schedule: Schedule;
  /** Called after each cell's last event. */
  readonly onEnd: (session: RunSession) => void;
}

/** One run on screen, in flight or at rest. A late word of an older run can only reach its own cells. */
export class RunSession {
  readonly experiment: Experiment;
  readonly voices: readonly string[];
  readonly grid: Grid;
  readonly cells: readonly Cell[];
  readonly #byId: Readonly<Record<CellId, Cell>>;
  readonly #clock: () => number;
  readonly #onEnd: (session: RunSession) => void;
  readonly #painter: Painter;
  #header = $state.raw<RunHeader>() as RunHeader;
  #works = $state.raw<readonly Work[]>([]);
  #finished: number = $derived.by(() => this.cells.filter((cell) => isTerminal(cell.state)).length);

  constructor(options: SessionOptions) {
    const { header, experiment, voices, grid, states, clock, schedule, onEnd } = options;
    this.#header = header;
    this.experiment = experiment;
    this.voices = voices;
    this.grid = grid;
    this.cells = grid.cells.map((planned) => new Cell(planned, states?.get(planned.id)));
    this.#byId = Object.fromEntries(this.cells.map((cell) => [cell.id, cell]));
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#painter = new Painter(schedule, (id, event) => this.#apply(id, event));
  }

  get header(): RunHeader {
    return this.#header;
  }

  get running(): boolean {
    return this.#works.length > 0;
  }

  get finished(): number {
    return this.#finished;
  }

  cell(id: CellId): Cell | undefined {
    return this.#byId[id];
  }

  rename(title: string): void {
    this.#header = { ...this.#header, title };
  }

  begin(ids: readonly CellId[]): Work {
    const work = new Work(ids);
    this.#works = [...this.#works, work];
    return work;
  }

  end(work: Work): void {
    this.#works = this.#works.filter((other) => other !== work);
  }

  tell(id: CellId, event: RunEvent): void {
    this.#painter.tell(id, event);
  }

  /** Misfits end before anything runs, each with its reason. */
  refuse(planned: readonly PlannedCell[]): void {
    for (const { id, failure } of planned) if (failure) this.tell(id, { type: 'failed', failure });
  }

  /** The jobs of a batch that this work still wants and nobody has stopped in the meantime. */
  hold(batch: Batch, work: Work): Batch {
    const jobs = batch.jobs.filter((job) => work.wants(job.cell) && !this.#hasEnded(job.cell));
    work.hold(jobs.map((job) => job.cell));
    return { ...batch, jobs };
  }

  /** Whether this work still wants a job of the batch, which nobody has stopped in the meantime. */
  awaits(batch: Batch, work: Work): boolean {
    return batch.jobs.some((job) => work.wants(job.cell) && !this.#hasEnded(job.cell));
  }

  /** After a batch: what the engine left without a last word, against its law, has failed. */
  release(batch: Batch, work: Work, failure: Failure): void {
    const ids = batch.jobs.map((job) => job.cell);
    work.release(ids);
    for (const id of ids) if (!this.#hasEnded(id)) this.tell(id, { type: 'failed', failure });
  }

  /** What an engine holds is asked to end and says so itself; what waits ends at once. */
  stop(): void {
    for (const work of this.#works) {
      work.abort();
      for (const id of work.ids) this.#cancelWaiting(work, id);
    }
  }

  stopCell(id: CellId): void {
    for (const work of this.#works.filter((other) => other.has(id))) {
      work.abortCell(id);
      this.#cancelWaiting(work, id);
    }
  }

  record(): RunRecord {
    const stateOf = (id: CellId) => this.cell(id)?.state ?? QUEUED;
    return toRecord(this.#header, this.experiment, this.voices, stateOf);
  }

  #cancelWaiting(work: Work, id: CellId): void {
    if (!work.holds(id) && !this.#hasEnded(id)) this.tell(id, { type: 'cancelled' });
  }

  #hasEnded(id: CellId): boolean {
    const cell = this.#byId[id];
    return cell === undefined || isTerminal(cell.state);
  }

  #apply(id: CellId, event: RunEvent): void {
    const cell = this.#byId[id];
    if (!cell || isTerminal(cell.state)) return;
    cell.tell(event, this.#clock());
    if (isTerminal(cell.state)) this.#onEnd(this);
  }
}
