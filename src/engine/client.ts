import type { Device } from '../domain/device.ts';
import { toFailure } from '../domain/failure.ts';
import type { CellId } from '../run/cell.ts';
import type { Batch } from '../run/plan.ts';
import { located, locatedProvision } from './channel.ts';
import type { CellEvent, Engine, Preparing, Provision, Tunable, Warming } from './engine.ts';
import { Exchange } from './exchange.ts';
import type { EngineWorker, Host } from './host.ts';
import { Hosts } from './hosts.ts';
import { Inbox } from './inbox.ts';
import { Ledger } from './ledger.ts';

export interface Clock {
  /** Runs `work` once after so many milliseconds; the answer takes it back. */
  after(ms: number, work: () => void): () => void;
}

export interface EngineOptions {
  readonly spawn: () => EngineWorker;
  /** Address that bundled paths of the catalogue are relative to; the page's own. */
  readonly baseUrl: string;
  readonly clock?: Clock;
  /** How long a Worker may owe an answer before it is terminated. */
  readonly graceMs?: number;
  readonly probeMs?: number;
  /** Told when a run lost its GPU and goes on with a fresh Worker. */
  readonly onRestart?: () => void;
}

/** A GPU that goes away twice in a batch will do it again. */
const RESTARTS = 1;

type CellSignals = ReadonlyMap<CellId, AbortSignal>;

/** What is assumed of a machine whose Worker did not answer the probe. */
const UNKNOWN_DEVICE: Device = {
  threads: 1,
  isolated: false,
  jspi: false,
  memoryBytes: null,
  gpu: null,
};

const systemClock: Clock = {
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

const DEFAULTS = {
  clock: systemClock,
  graceMs: 1500,
  probeMs: 10_000,
  onRestart: () => undefined,
};

/** The engine of the page: owns the Worker, runs one batch at a time. */
export function createEngine(options: EngineOptions): Engine & Warming & Preparing & Tunable {
  const client = new Client(options);
  return {
    probe: () => client.probe(),
    warm: (provision) => client.warm(provision),
    prepare: (provision, signal) => client.prepare(provision, signal),
    tune: (threads) => client.tune(threads),
    run: (batch, signal, cellSignals) => client.run(batch, signal, cellSignals),
    dispose: () => client.dispose(),
  };
}

class Client {
  readonly #options: Required<EngineOptions>;
  readonly #hosts: Hosts;
  #device: Promise<Device> | null = null;
  /** Settles when the run before has left the Worker; never rejects. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#hosts = new Hosts(options.spawn);
  }

  probe(): Promise<Device> {
    this.#device ??= this.#probe().catch(() => {
      this.#device = null;
      return UNKNOWN_DEVICE;
    });
    return this.#device;
  }

  tune(threads: number): void {
    this.#hosts.tune(threads);
  }

  /** A Worker that holds another model is left to it. */
  async warm(provision: Provision): Promise<boolean> {
    try {
      const host = this.#hosts.living();
      return host.claim(keyOf(provision)) && (await this.#load(host, provision));
    } catch {
      return false;
    }
  }

  /** What is loaded once stays until its turn, or until another model needs the place. */
  async prepare(provision: Provision, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(provision);
    if (signal.aborted || this.#hosts.isInUse(key)) return !signal.aborted;
    const over = new AbortController();
    try {
      const host = this.#hosts.beside(key);
      const drop = () => this.#hosts.drop(host);
      if (!host.settled) onAbort(signal, drop, over.signal);
      const isLoaded = await this.#load(host, provision);
      if (!isLoaded) drop();
      return isLoaded;
    } catch {
      return false;
    } finally {
      over.abort();
    }
  }

  async *run(
    batch: Batch,
    signal: AbortSignal,
    cellSignals: CellSignals = new Map(),
  ): AsyncGenerator<CellEvent, void> {
    const inbox = new Inbox<CellEvent>();
    const ledger = new Ledger(
      batch.jobs.map((job) => job.cell),
      (entry) => inbox.push(entry),
    );
    // A reader that walks away ends the run as a stop would.
    const left = new AbortController();
    const all = AbortSignal.any([signal, left.signal]);
    this.#last = this.#queue(this.#last, batch, ledger, all, cellSignals);
    try {
      if (ledger.settled) inbox.end();
      for await (const entry of inbox) {
        yield entry;
        if (ledger.settled) inbox.end();
      }
    } finally {
      left.abort();
    }
  }

  dispose(): void {
    this.#hosts.dispose();
    this.#device = null;
  }

  async #probe(): Promise<Device> {
    const host = this.#hosts.living();
    const loose: (() => void)[] = [];
    const silence = new Promise<never>((_, reject) => {
      const fail = () => reject(new Error('no answer to the probe'));
      loose.push(this.#options.clock.after(this.#options.probeMs, fail), host.onDeath(fail));
    });
    try {
      return await Promise.race([host.surface.probe(), silence]);
    } finally {
      for (const undo of loose) undo();
    }
  }

  async #queue(
    previous: Promise<void>,
    batch: Batch,
    ledger: Ledger,
    signal: AbortSignal,
    cellSignals: CellSignals,
  ): Promise<void> {
    try {
      await this.#drive(previous, batch, ledger, signal, cellSignals);
    } catch (error) {
      ledger.failRest(toFailure(error));
    }
  }

  async #drive(
    previous: Promise<void>,
    batch: Batch,
    ledger: Ledger,
    signal: AbortSignal,
    cellSignals: CellSignals,
  ): Promise<void> {
    let exchange: Exchange | null = null;
    const isDriven = () => exchange !== null && !exchange.over;
    const stop = (cell: CellId) => (isDriven() ? exchange?.stop(cell) : ledger.cancel(cell));
    const stopAll = () => (isDriven() ? exchange?.stopAll() : ledger.open.forEach(stop));
    const watched = new AbortController();
    onAbort(signal, stopAll, watched.signal);
    for (const [cell, cellSignal] of cellSignals) {
      onAbort(cellSignal, () => stop(cell), watched.signal);
    }
    try {
      await previous;
      for (let attempt = 0; ; attempt += 1) {
        const jobs = batch.jobs.filter((job) => ledger.isOpen(job.cell));
        if (jobs.length === 0) return;
        if (attempt > 0) this.#options.onRestart();
        exchange = this.#exchange({ ...batch, jobs }, ledger, attempt < RESTARTS);
        await exchange.finished;
        if (!exchange.lostGpu) return;
      }
    } finally {
      watched.abort();
    }
  }

  #exchange(batch: Batch, ledger: Ledger, mayRetry: boolean): Exchange {
    const { clock, graceMs, baseUrl } = this.#options;
    const host = this.#hosts.take(keyOf(batch));
    return new Exchange(host, located(batch, baseUrl), { ledger, clock, graceMs, mayRetry });
  }

  async #load(host: Host, provision: Provision): Promise<boolean> {
    const gone = new Promise<false>((resolve) => host.onDeath(() => resolve(false)));
    const request = locatedProvision(provision, this.#options.baseUrl);
    const isLoaded = await Promise.race([host.surface.warm(request), gone]);
    if (isLoaded) host.settled = true;
    return isLoaded;
  }
}

/** What one Worker is kept for. */
function keyOf({ model, variant, backend }: Pick<Batch, 'model' | 'variant' | 'backend'>): string {
  return `${model.id} ${variant} ${backend}`;
}

function onAbort(signal: AbortSignal, work: () => void, until: AbortSignal): void {
  if (signal.aborted) work();
  else signal.addEventListener('abort', work, { once: true, signal: until });
}
