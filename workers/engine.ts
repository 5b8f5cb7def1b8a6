/** The engine inside the Worker: keeps or loads the model, runs the task, and catches what fails. */
import { toFailure } from '../src/domain/failure.ts';
import type { CellEvent, Provision } from '../src/engine/engine.ts';
import { Inbox } from '../src/engine/inbox.ts';
import { Ledger } from '../src/engine/ledger.ts';
import type { CellId } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';
import type { PackageStore } from '../src/storage/packages.ts';
import { isAbort } from './boundary.ts';
import { createBreath } from './breath.ts';
import { computeOn, probeDevice } from './device.ts';
import { Kept, type OnLoading } from './kept.ts';
import { loadModel, type LoadedModel, type Place } from './loaded-model.ts';
import type { Served } from './serve.ts';

type CellSignals = ReadonlyMap<CellId, AbortSignal>;

/** @param store of the packages that were built in this browser; opened when one is asked for */
export function createWorkerEngine(store: () => PackageStore): Served {
  const shelf = new Shelf(store);
  return {
    probe: probeDevice,
    tune: computeOn,
    warm: (provision) => warm(shelf, provision),
    run: (batch, signal, cellSignals = new Map()) => run(shelf, batch, signal, cellSignals),
  };
}

async function warm(shelf: Shelf, provision: Provision): Promise<boolean> {
  const never = new AbortController().signal;
  const quiet = () => undefined;
  try {
    const model = await shelf.get(provision, never, quiet);
    for (const adapter of provision.adapters) {
      const { model: base } = provision;
      await model.prepare?.({ model: base, adapter }, never).catch(quiet);
    }
    return true;
  } catch {
    // Nobody waits for this. A run that needs the model tries again, and tells what is wrong.
    return false;
  }
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
    const controls = { isStopped, breathe: createBreath(now), now };
    const onLoading: OnLoading = (...progress) => tellLoading(ledger, ...progress);
    const emit = (entry: CellEvent) => ledger.accept(entry);
    await model.run(batch, { signal, onLoading, controls, emit });
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

/** Holds the model of this Worker. */
class Shelf {
  readonly #models = new Kept<LoadedModel>();
  readonly #store: () => PackageStore;

  constructor(store: () => PackageStore) {
    this.#store = store;
  }

  get(wanted: Place, signal: AbortSignal, onLoading: OnLoading): Promise<LoadedModel> {
    const key = `${wanted.model.id} ${wanted.variant} ${wanted.backend}`;
    return this.#models.get(key, signal, onLoading, (...how) =>
      loadModel(wanted, this.#store, ...how),
    );
  }
}
