import type { Failure } from '../domain/failure.ts';
import { voiceName, type Catalogue } from '../domain/model.ts';
import type { Device } from '../domain/device.ts';
import type { Engine, Preparing } from '../engine/engine.ts';
import { isTerminal, type CellId } from '../run/cell.ts';
import type { Experiment } from '../run/experiment.ts';
import { grid, plan, type Batch, type Grid } from '../run/plan.ts';
import { openRecord, titleOf, type RunHeader, type RunRecord } from '../run/record.ts';
import type { RunStorage } from '../storage/runs.ts';
import { nextProvision } from './ahead.ts';
import type { Cell } from './cell.svelte.ts';
import type { DeviceState } from './device.svelte.ts';
import type { Notices } from './notices.svelte.ts';
import type { Schedule } from './painter.ts';
import { RunSession } from './run-session.svelte.ts';
import { Saver } from './saver.ts';
import type { Work } from './work.ts';

export { Cell } from './cell.svelte.ts';

export type RunStatus = 'idle' | 'running' | 'finished';

export interface ActiveRunDeps {
  readonly engine: Engine;
  /** Loads the next model of a plan while the current one works; without it each waits for its turn. */
  readonly ahead?: Partial<Preparing>;
  readonly device: DeviceState;
  readonly storage: RunStorage;
  readonly catalogue: Catalogue;
  /** Resolves once the catalogue has what this browser keeps. Never rejects. */
  readonly stocked: () => Promise<void>;
  readonly notices: Notices;
  readonly clock: () => number;
  readonly ids: () => string;
  readonly schedule: Schedule;
  /** Called when a record was written. */
  readonly onSaved?: () => void;
}

const LAWLESS: Failure = { code: 'unexpected', detail: 'the engine ended without a last event' };

/** The run on screen: one being made, or one from history. */
export class ActiveRun {
  readonly #deps: ActiveRunDeps;
  #session = $state.raw<RunSession | null>(null);
  /** Runs with work under way; those no longer on screen are writing what they had. */
  #working: readonly RunSession[] = [];
  readonly #savers = new WeakMap<RunSession, Saver>();
  /** The end of everything that was asked of the engine so far: work waits for its turn. */
  #tail: Promise<void> = Promise.resolve();

  constructor(deps: ActiveRunDeps) {
    this.#deps = deps;
  }

  get header(): RunHeader | null {
    return this.#session?.header ?? null;
  }

  get experiment(): Experiment | null {
    return this.#session?.experiment ?? null;
  }

  get plan(): Grid | null {
    return this.#session?.grid ?? null;
  }

  get cells(): readonly Cell[] {
    return this.#session?.cells ?? [];
  }

  /** Names of the columns' voices, in their order, as they were when the run was made. */
  get voices(): readonly string[] {
    return this.#session?.voices ?? [];
  }

  get status(): RunStatus {
    if (!this.#session) return 'idle';
    return this.#session.running ? 'running' : 'finished';
  }

  get progress(): { finished: number; total: number } {
    return { finished: this.#session?.finished ?? 0, total: this.cells.length };
  }

  cell(id: CellId): Cell | undefined {
    return this.#session?.cell(id);
  }

  /** The run as it stands, for an export; null where there is none. */
  record(): RunRecord | null {
    return this.#session?.record() ?? null;
  }

  /** Stops what was running, shows the new grid at once, and resolves when its last cell has ended. */
  async start(experiment: Experiment): Promise<void> {
    const { clock, ids, catalogue } = this.#deps;
    const header = { id: ids(), title: titleOf(experiment), createdAt: clock() };
    const voices = experiment.columns.map((column) => voiceName(catalogue, column.voice));
    const layout = grid(experiment);
    const session = this.#show({ header, experiment, voices, grid: layout });
    await this.#work(
      session,
      layout.cells.map((cell) => cell.id),
    );
  }

  stop(): void {
    this.#session?.stop();
  }

  stopCell(id: CellId): void {
    this.#session?.stopCell(id);
  }

  /** Same prompt, parameters and seed, into the same run; a no-op for a cell that has not ended. */
  async rerunCell(id: CellId): Promise<void> {
    const cell = this.cell(id);
    if (!this.#session || !cell || !isTerminal(cell.state)) return;
    cell.reset();
    await this.#work(this.#session, [id]);
  }

  /** Shows a run at rest. The run on screen is stopped, unless it is the same one. */
  open(record: RunRecord): void {
    const live = this.#find(record.id);
    if (live && live === this.#session) return;
    if (live) {
      this.close();
      this.#session = live;
      return;
    }
    const { rows, cells, states } = openRecord(record);
    const { experiment, voices } = record;
    this.#show({ header: headerOf(record), experiment, voices, grid: { rows, cells }, states });
  }

  close(): void {
    this.#session?.stop();
    this.#session = null;
  }

  /** Gives a run that is on screen, or still being written, another title; false for any other. */
  async rename(id: string, title: string): Promise<boolean> {
    const session = this.#find(id);
    if (!session) return false;
    session.rename(title);
    await this.#save(session);
    return true;
  }

  /** Takes a run off the screen for good: nothing of it is written from here on. */
  async discard(id: string): Promise<void> {
    const session = this.#find(id);
    if (!session) return;
    const closed = this.#saverOf(session).close();
    session.stop();
    if (session === this.#session) this.#session = null;
    await closed;
  }

  #find(id: string): RunSession | null {
    const known = this.#session ? [this.#session, ...this.#working] : this.#working;
    return known.find((session) => session.header.id === id) ?? null;
  }

  #show(run: Pick<RunSession, 'header' | 'experiment' | 'voices' | 'grid'> & Opened): RunSession {
    this.#session?.stop();
    const { clock, schedule } = this.#deps;
    const onEnd = (session: RunSession) => void this.#save(session);
    this.#session = new RunSession({ ...run, clock, schedule, onEnd });
    return this.#session;
  }

  async #work(session: RunSession, ids: readonly CellId[]): Promise<void> {
    const work = session.begin(ids);
    this.#working = [...this.#working, session];
    const turn = this.#tail.then(() => this.#runCells(session, work));
    this.#tail = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      session.end(work);
      await this.#saverOf(session).settled();
      this.#working = without(this.#working, session);
    }
  }

  async #runCells(session: RunSession, work: Work): Promise<void> {
    const [device] = await Promise.all([this.#deps.device.load(), this.#deps.stocked()]);
    const { cells, batches } = plan(session.experiment, this.#deps.catalogue, device);
    session.refuse(cells.filter((cell) => work.has(cell.id)));
    const over = new AbortController();
    const signal = AbortSignal.any([work.signal, over.signal]);
    try {
      for (const [at, batch] of batches.entries()) {
        const coming = () => batches.slice(at + 1).filter((later) => session.awaits(later, work));
        const prepare = () => this.#prepare(batch, coming(), device, signal);
        await this.#runBatch(session, work, session.hold(batch, work), prepare);
      }
    } finally {
      over.abort();
    }
  }

  #prepare(running: Batch, coming: readonly Batch[], device: Device, signal: AbortSignal): void {
    const next = nextProvision(running, coming, device);
    if (next !== null) void this.#deps.ahead?.prepare?.(next, signal);
  }

  /** @param prepare called once the batch's own model is loaded: two loads at once delay the first */
  async #runBatch(
    session: RunSession,
    work: Work,
    batch: Batch,
    prepare: () => void,
  ): Promise<void> {
    if (batch.jobs.length === 0) return;
    let isLoaded = false;
    try {
      const events = this.#deps.engine.run(batch, work.signal, work.cellSignals);
      for await (const { cell, event } of events) {
        session.tell(cell, event);
        if (event.type === 'ready' && !isLoaded) prepare();
        isLoaded ||= event.type === 'ready';
      }
    } finally {
      session.release(batch, work, LAWLESS);
    }
  }

  #save(session: RunSession): Promise<void> {
    const saver = this.#saverOf(session);
    saver.save(() => session.record());
    return saver.settled();
  }

  #saverOf(session: RunSession): Saver {
    const known = this.#savers.get(session);
    if (known) return known;
    const saver = new Saver(this.#deps.storage, (failure) => {
      if (failure) this.#deps.notices.push(failure);
      else this.#deps.onSaved?.();
    });
    this.#savers.set(session, saver);
    return saver;
  }
}

interface Opened {
  readonly states?: ReturnType<typeof openRecord>['states'];
}

/** One fewer of it: a session has one place for each piece of its work. */
function without(sessions: readonly RunSession[], session: RunSession): readonly RunSession[] {
  const index = sessions.indexOf(session);
  return sessions.filter((_, at) => at !== index);
}

function headerOf({ id, title, createdAt }: RunRecord): RunHeader {
  return { id, title, createdAt };
}
