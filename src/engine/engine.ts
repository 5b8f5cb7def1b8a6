import type { Device } from '../domain/device.ts';
import type { AdapterEntry } from '../domain/model.ts';
import type { CellId, RunEvent } from '../run/cell.ts';
import type { Batch } from '../run/plan.ts';

/** An event and the cell it speaks of. */
export interface CellEvent {
  readonly cell: CellId;
  readonly event: RunEvent;
}

/**
 * Anything that turns a Batch into RunEvents.
 *
 * Law of `run`: it never throws; each cell of the batch gets exactly one last event (`done`,
 * `failed` or `cancelled`), whatever happens to the Worker behind it.
 */
export interface Engine {
  /** What this machine offers; probed once, before anything is loaded. Never throws. */
  probe(): Promise<Device>;

  /**
   * @param signal ends the whole batch: it asks, and kills after 1.5 s without an answer
   * @param cellSignals ends single cells while the rest goes on; a cell without one goes on to its end
   */
  run(
    batch: Batch,
    signal: AbortSignal,
    cellSignals?: ReadonlyMap<CellId, AbortSignal>,
  ): AsyncIterable<CellEvent>;

  /** Terminates the Worker and gives its memory back. A later `run` starts a fresh one. */
  dispose(): void;
}

/** A model and the adapters that are to be ready with it. */
export interface Provision extends Pick<Batch, 'model' | 'backend' | 'variant'> {
  readonly adapters: readonly AdapterEntry[];
}

export interface Tunable {
  /** How many threads the next load computes on; a model that is loaded keeps its own. */
  tune(threads: number): void;
}

export interface Warming {
  /**
   * Loads what a later `run` will need, while nobody waits for it. A run that comes meanwhile joins
   * the load. Never throws, and what fails leaves nothing behind: the run tries again and tells why.
   * Answers whether the model is loaded.
   */
  warm(provision: Provision): Promise<boolean>;
}

export interface Preparing {
  /**
   * Loads a second model beside the one in use, which a later `run` takes over; the one before it then
   * waits for its next turn. Whoever asks has made sure that memory holds both. Never throws.
   *
   * @param signal ends a load that is under way; what is loaded stays
   */
  prepare(provision: Provision, signal: AbortSignal): Promise<boolean>;
}
