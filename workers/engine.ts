/** The engine inside the Worker: keeps or loads the model, runs the task, and catches what fails. */
import { toFailure } from '../src/domain/failure.ts';
import type { CellEvent, Engine } from '../src/engine/engine.ts';
import { Inbox } from '../src/engine/inbox.ts';
import { Ledger } from '../src/engine/ledger.ts';
import type { CellId } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';
import { runTextGeneration } from '../src/tasks/text-generation/run.ts';
import { isAbort } from './boundary.ts';
import { createBreath } from './breath.ts';
import { probeDevice } from './device.ts';
import { loadModel, type LoadedModel, type OnLoading } from './loaded-model.ts';

type CellSignals = ReadonlyMap<CellId, AbortSignal>;

export function createWorkerEngine(): Pick<Engine, 'probe' | 'run'> {
  const shelf = new Shelf();
  return {
    probe: probeDevice,
    run: (batch, signal, cellSignals = new Map()) => run(shelf, batch, signal, cellSignals),
  };
}

function run(shelf: Shelf, batch: Batch, signal: AbortSignal, cellSignals: CellSignals) {
  const inbox = new Inbox<CellEvent>();
  const cells = batch.jobs.map((job) => job.cell);
  const ledger = new Ledger(cells, (entry) => inbox.push(entry));
  void work(shelf, batch, signal, cellSignals, ledger).then(() => inbox.end());
  return inbox;
}

async function work(
  shelf: Shelf,
  batch: Batch,
  signal: AbortSignal,
  cellSignals: CellSignals,
  ledger: Ledger,
): Promise<void> {
  const now = () => performance.now();
  const isStopped = (cell: CellId) => signal.aborted || cellSignals.get(cell)?.aborted === true;
  try {
    const model = await shelf.get(batch, whenAll(batch, signal, cellSignals), (...progress) =>
      tellLoading(ledger, ...progress),
    );
    const voice = await model.voice(batch, signal, (...progress) =>
      tellLoading(ledger, ...progress),
    );
    const controls = { isStopped, breathe: createBreath(now), now };
    await runTextGeneration(batch, voice, controls, (entry) => ledger.accept(entry));
  } catch (error) {
    if (isAbort(error)) ledger.open.forEach((cell) => ledger.cancel(cell));
    else ledger.failRest(toFailure(error));
  }
}

function tellLoading(ledger: Ledger, ...[phase, loadedBytes, totalBytes]: Parameters<OnLoading>) {
  const event = { type: 'loading', phase, loadedBytes, totalBytes } as const;
  for (const cell of ledger.open) ledger.accept({ cell, event });
}

/** Aborts when nobody waits any more: the batch was stopped, or each of its cells was. */
function whenAll(batch: Batch, signal: AbortSignal, cellSignals: CellSignals): AbortSignal {
  const controller = new AbortController();
  const each = batch.jobs.map((job) => cellSignals.get(job.cell));
  const check = () => {
    if (signal.aborted || each.every((cell) => cell?.aborted)) controller.abort();
  };
  for (const one of [signal, ...each]) one?.addEventListener('abort', check, { once: true });
  check();
  return controller.signal;
}

/** Holds one model. A load that failed is forgotten, so that the next batch may try again. */
class Shelf {
  #key = '';
  #model: Promise<LoadedModel> | null = null;

  get(batch: Batch, signal: AbortSignal, onLoading: OnLoading): Promise<LoadedModel> {
    const key = `${batch.model.id} ${batch.variant} ${batch.backend}`;
    if (this.#model !== null && this.#key === key) return this.#model;
    const model = loadModel(batch, signal, onLoading);
    this.#key = key;
    this.#model = model;
    void model.catch(() => {
      if (this.#model === model) this.#model = null;
    });
    return model;
  }
}
