import type { Device } from '../domain/device.ts';
import { toFailure } from '../domain/failure.ts';
import type { CellId } from '../run/cell.ts';
import type { Batch } from '../run/plan.ts';
import { located, locatedProvision } from './channel.ts';
import type { CellEvent, Engine, Provision, Tunable, Warming } from './engine.ts';
import { Exchange } from './exchange.ts';
import { crash, Host, type EngineWorker } from './host.ts';
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
export function createEngine(options: EngineOptions): Engine & Warming & Tunable {
  const client = new Client(options);
  return {
    probe: () => client.probe(),
    warm: (provision) => client.warm(provision),
    tune: (threads) => client.tune(threads),
    run: (batch, signal, cellSignals) => client.run(batch, signal, cellSignals),
    dispose: () => client.dispose(),
  };
}

class Client {
  readonly #options: Required<EngineOptions>;
  #host: Host | null = null;
  #device: Promise<Device> | null = null;
  /** null where nobody measured: the Worker decides by itself. */
  #threads: number | null = null;
  /** Settles when the run before has left the Worker; never rejects. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    this.#options = { ...DEFAULTS, ...options };
  }

  probe(): Promise<Device> {
    this.#device ??= this.#probe().catch(() => {
      this.#device = null;
      return UNKNOWN_DEVICE;
    });
    return this.#device;
  }

  tune(threads: number): void {
    this.#threads = threads;
    if (this.#host !== null && !this.#host.dead) this.#tell(this.#host);
  }

  /** A Worker that holds another model is left to it. */
  async warm(provision: Provision): Promise<void> {
    const host = this.#living();
    if (!host.claim(keyOf(provision))) return;
    const gone = new Promise<void>((resolve) => host.onDeath(() => resolve()));
    const request = locatedProvision(provision, this.#options.baseUrl);
    await Promise.race([host.surface.warm(request), gone]).catch(() => undefined);
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
    this.#host?.kill(crash('the engine was disposed of'));
    this.#host = null;
    this.#device = null;
  }

  async #probe(): Promise<Device> {
    const host = this.#living();
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
    const host = this.#hostFor(batch);
    return new Exchange(host, located(batch, baseUrl), { ledger, clock, graceMs, mayRetry });
  }

  /** One model, one Worker: terminating it is the only way the browser gives memory back. */
  #hostFor(batch: Batch): Host {
    const key = keyOf(batch);
    const host = this.#living();
    if (host.claim(key)) return host;
    host.kill(crash('another model takes its place'));
    const next = this.#living();
    next.claim(key);
    return next;
  }

  #living(): Host {
    if (this.#host !== null && !this.#host.dead) return this.#host;
    this.#host = new Host(this.#options.spawn());
    this.#tell(this.#host);
    return this.#host;
  }

  /** Messages keep their order: whatever is asked of this Worker from here on comes after it. */
  #tell({ surface }: Host): void {
    if (this.#threads !== null) void surface.tune(this.#threads).catch(() => undefined);
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
